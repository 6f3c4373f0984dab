// A record that is written but not yet on disk: nobody is told of it, whichever way they ask.

import { expect, test } from 'vitest';
import { formatProofBundle } from '#domain/proof-bundle.ts';
import { createBundleVerifier } from '#provenance/verify/verify-bundle.ts';
import { adminDraft, makeHome, openHome, predicateOf, removeHome } from './fixture.ts';

test('is not read, not listed, not served and not proven until it is on disk', async () => {
  const home = makeHome();
  let written: (() => void) | undefined;
  let isHeld = false;
  const { promise: onDisk, resolve: release } = Promise.withResolvers<void>();
  const { log, store, close } = await openHome(home, {
    around: (own) => ({
      ...own,
      commit: async (rows, checkpoint) => {
        await own.commit(rows, checkpoint);
        if (!isHeld) return;
        written?.();
        await onDisk;
      },
    }),
  });
  await log.append(adminDraft);
  const predicate = predicateOf('denied', { tool: { name: 'demo__write' } });
  const seen = () => [
    log.size(),
    log.findInvocation(predicate.invocation),
    log.record(2)?.index,
    log.prove(2)?.record.index,
    log.tile('tile/0/000.p/3')?.length,
    log.tile('tile/entries/000.p/3') !== undefined,
    log.checkpoint()?.split('\n')[1],
  ];
  const nothing = [2, [], undefined, undefined, undefined, false, '2'];
  expect(seen()).toEqual(nothing);
  isHeld = true;
  const isWritten = new Promise<void>((resolve) => {
    written = resolve;
  });
  const appended = log.append({ kind: 'invocation', predicate });
  await isWritten;
  // The negative control: the store has it.
  expect(store.log.size()).toBe(3);
  expect(seen()).toEqual(nothing);
  const before = log.prove(1);
  expect(before !== undefined && createBundleVerifier()(Buffer.from(formatProofBundle(before)))).toMatchObject({
    ok: true,
    proven: { index: 1, size: 2 },
  });
  release();
  await appended;
  expect(seen()).toEqual([3, [2], 2, 2, 96, true, '3']);
  await close();
  removeHome(home);
});
