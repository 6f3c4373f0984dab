// Proof bundles: what a server gives, what a verifier says of them, and every byte of one changed.

import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { formatProofBundle, type ProofBundle } from '#domain/proof-bundle.ts';
import type { LogStore } from '#domain/store-ports.ts';
import { createBundleVerifier } from '#provenance/verify/verify-bundle.ts';
import {
  adminDraft,
  fillSmallLog,
  fillTinyLog,
  makeHome,
  type OpenHome,
  openHome,
  removeHome,
  statementAt,
} from './fixture.ts';
import { naiveFollow, naiveLeaf } from './rfc6962.ts';

const verify = createBundleVerifier();
const bytesOf = (bundle: ProofBundle) => Buffer.from(formatProofBundle(bundle));

let home: string;
let open: OpenHome;
beforeAll(async () => {
  home = makeHome();
  open = await openHome(home);
  await fillSmallLog(open.log);
});
afterAll(async () => {
  await open.close();
  removeHome(home);
});

function prove(index: number, log: OpenHome['log'] = open.log): ProofBundle {
  const bundle = log.prove(index);
  if (bundle === undefined) throw new Error(`record ${index} can be proven`);
  return bundle;
}

describe('a proof of a record', () => {
  test('verifies for every record, and says which one it is', () => {
    const vkey = open.log.vkey();
    for (let index = 0; index < open.log.size(); index += 1) {
      const bytes = bytesOf(prove(index));
      const { predicateType, predicate } = statementAt(open.log, index);
      const proven = { origin: vkey.split('+')[0], index, size: 9, predicateType, predicate };
      expect(verify(bytes)).toEqual({ ok: true, trust: 'self', entries: 1, checkpoints: 1, proven });
      expect(verify(bytes, { vkey })).toEqual({ ok: true, trust: 'pinned', entries: 1, checkpoints: 1, proven });
    }
    expect(open.log.size()).toBe(9);
  });

  test('is the same bytes whichever way its members come', () => {
    const bundle = prove(3);
    const { bundle: version, checkpoint, keys, opening, record, vkey } = bundle;
    expect(formatProofBundle({ vkey, record, opening, keys, checkpoint, bundle: version })).toBe(
      `${JSON.stringify(bundle)}\n`,
    );
  });

  test.each([-1, 9, 0.5, Number.NaN, 2 ** 53, Number.POSITIVE_INFINITY])('is not there for record %d', (index) => {
    expect(open.log.prove(index)).toBeUndefined();
  });

  test('holds after each record that follows, with more hashes each time the tree is higher', async () => {
    const other = makeHome();
    const { log, close } = await openHome(other);
    const lengths: number[] = [];
    for (let size = 1; size <= 9; size += 1) {
      const bundle = prove(size - 1, log);
      lengths.push(prove(0, log).record.inclusion.length);
      expect(verify(bytesOf(bundle))).toMatchObject({ ok: true, proven: { index: size - 1, size } });
      expect(bundle.checkpoint).toBe(log.checkpoint());
      await log.append(adminDraft);
    }
    expect(lengths).toEqual([0, 1, 2, 2, 3, 3, 3, 3, 4]);
    await close();
    removeHome(other);
  });

  test('names hashes that lead to the root by RFC 6962 as written down elsewhere', () => {
    for (let index = 0; index < 9; index += 1) {
      const { opening, record, checkpoint } = prove(index);
      const [origin, size, root] = checkpoint.split('\n');
      for (const { envelope, inclusion, leaf, index: at } of [opening, record]) {
        const hash = naiveLeaf(Buffer.from(envelope));
        const path = inclusion.map((text) => Buffer.from(text, 'base64'));
        expect(hash.toString('base64')).toBe(leaf);
        expect(Buffer.from(naiveFollow(at, Number(size), hash, path) ?? []).toString('base64')).toBe(root);
      }
      expect(origin).toBe(open.log.vkey().split('+')[0]);
    }
  });
});

test('any byte changed, left out or put in is found', async () => {
  const other = makeHome();
  const { log, close } = await openHome(other);
  await fillTinyLog(log);
  const bytes = bytesOf(prove(2, log));
  await close();
  removeHome(other);
  const sound: string[] = [];
  const trySound = (what: string, changed: Uint8Array) => {
    if (verify(changed).ok) sound.push(what);
  };
  for (let at = 0; at < bytes.length; at += 1) {
    for (const flip of [0x01, 0x20, 0x80]) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ flip;
      trySound(`byte ${at} flipped by ${flip}`, changed);
    }
    trySound(`byte ${at} left out`, Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)]));
    trySound(`a space before byte ${at}`, Buffer.concat([bytes.subarray(0, at), Buffer.from(' '), bytes.subarray(at)]));
    trySound(`cut off at byte ${at}`, bytes.subarray(0, at));
  }
  trySound('a line break more', Buffer.concat([bytes, Buffer.from('\n')]));
  expect(sound).toEqual([]);
  expect(bytes.length).toBeGreaterThan(3_000);
  expect(verify(bytes).ok).toBe(true);
});

describe('a server whose database was changed', () => {
  /** Opens the log behind a store that lies from now on. */
  async function openLying(
    around: (log: LogStore) => Partial<LogStore>,
  ): Promise<OpenHome & { readonly lie: () => void }> {
    let isLying = false;
    const opened = await openHome(join(home, 'lying'), {
      around: (log) => {
        const lies = around(log);
        return {
          ...log,
          row: (index) => (isLying && lies.row !== undefined ? lies.row(index) : log.row(index)),
          leaves: (from, to) => (isLying && lies.leaves !== undefined ? lies.leaves(from, to) : log.leaves(from, to)),
        };
      },
    });
    return {
      ...opened,
      lie: () => {
        isLying = true;
      },
    };
  }

  test.each<[string, (log: LogStore) => Partial<LogStore>]>([
    ['a record', (log) => ({ row: (index) => log.row(index === 2 ? 1 : index) })],
    ['the first record', (log) => ({ row: (index) => log.row(index === 0 ? 1 : index) })],
    ['a record that is gone', (log) => ({ row: (index) => (index === 2 ? undefined : log.row(index)) })],
    [
      'a leaf hash',
      (log) => ({ leaves: (from, to) => log.leaves(from, to).map((leaf) => Buffer.from(leaf).reverse()) }),
    ],
    ['a leaf hash that is gone', (log) => ({ leaves: (from, to) => log.leaves(from, to).slice(1) })],
  ])('gives no proof, but says so: %s', async (_what, around) => {
    const { log, lie, close } = await openLying(around);
    if (log.size() === 1) await fillTinyLog(log);
    // The negative control: before, the same log gives a proof.
    expect(verify(bytesOf(prove(2, log))).ok).toBe(true);
    lie();
    expect(() => log.prove(2)).toThrow(expect.objectContaining({ code: 'LOG_TAMPERED' }));
    await close();
  });
});
