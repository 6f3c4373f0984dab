import { expect, test } from 'vitest';
import { intentDraft, makeHome, openHome, outcomeDraft, predicateOf, removeHome } from '#test/provenance/fixture.ts';

test('records that end a call are read newest first, with the arguments that are kept with their intent', async () => {
  const folder = makeHome();
  const { log, close } = await openHome(folder);
  const intent = intentDraft();
  const receipt = await log.append(intent);
  await log.append(outcomeDraft(intent, receipt));
  await log.append({ kind: 'invocation', predicate: predicateOf('denied'), args: { n: 1 } });
  await log.append({ kind: 'invocation', predicate: predicateOf('cancelled') });
  await log.append({
    kind: 'admin',
    predicate: { operation: 'freeze', subject: 'all', by: 'admin', time: '2026-11-22T10:00:00.000Z' },
  });
  await log.append(intentDraft());
  const read = (from: number, to: number, withArgs: boolean) =>
    log
      .closings({ from, to, withArgs })
      .map(({ index, args }) => [index, args === undefined ? undefined : JSON.parse(args).value]);
  expect(read(0, log.size(), true)).toEqual([
    [4, undefined],
    [3, { n: 1 }],
    [2, { text: 'hello' }],
  ]);
  expect(read(0, 3, false)).toEqual([[2, undefined]]);
  // What is not on disk yet is not there.
  expect(read(0, 1_000, false)).toHaveLength(3);
  await close();
  removeHome(folder);
});
