// Bundles made by an attacker, each as well as its maker's keys allow: of other records, other logs, other keys, other
// sizes, and files that were made to hold the verifier up.

import { describe, expect, test } from 'vitest';
import { LIMITS } from '#base/limits.ts';
import { formatProofBundle, type ProofBundle, type ProvenRecord } from '#domain/proof-bundle.ts';
import type { LogKey } from '#provenance/log-key.ts';
import { formatVkey } from '#provenance/signed-note.ts';
import type { AnyDraft } from '#provenance/statement.ts';
import { createBundleVerifier } from '#provenance/verify/verify-bundle.ts';
import { adminDraft, pluginDraft, policyDraft, predicateOf } from './fixture.ts';
import { makePair, noteOf, type Pair, rangeOf, recordOf } from './forged-log.ts';
import { naiveLeaf, naivePath, naiveRoot } from './rfc6962.ts';

const verify = createBundleVerifier();
const ORIGIN = 'test.example/0011/1';
const [log, first, second, thief] = [makePair(), makePair(), makePair(), makePair()];
const ranges: readonly LogKey[] = [rangeOf(first, 0, 2), rangeOf(second, 2, null)];

const opened = (origin: string, keys: readonly LogKey[]): AnyDraft => ({
  kind: 'opened',
  predicate: { origin, keys, time: '2026-11-22T10:00:00.000Z' },
});

type Forged = {
  readonly log: Pair;
  readonly origin: string;
  readonly records: readonly Buffer[];
  readonly keys: readonly LogKey[];
};

const sound: Forged = {
  log,
  origin: ORIGIN,
  keys: ranges,
  records: [
    recordOf(opened(ORIGIN, ranges), first),
    recordOf(policyDraft, first),
    recordOf(adminDraft, second),
    recordOf(pluginDraft, second),
  ],
};

/** The bundle of a log that one person made, as a server would. */
function bundleOf({ log: logPair, origin, records, keys }: Forged, index: number): ProofBundle {
  const leaves = records.map((record) => naiveLeaf(record));
  const provenAt = (at: number): ProvenRecord => ({
    envelope: String(records[at]),
    inclusion: naivePath(at, leaves).map((hash) => Buffer.from(hash).toString('base64')),
    index: at,
    leaf: String(leaves[at]?.toString('base64')),
  });
  return {
    bundle: 1,
    checkpoint: noteOf(logPair, { origin, size: records.length, root: naiveRoot(leaves) }),
    keys,
    opening: provenAt(0),
    record: provenAt(index),
    vkey: formatVkey({ name: origin, key: logPair.key }),
  };
}

const bytesOf = (bundle: ProofBundle) => Buffer.from(formatProofBundle(bundle));
const withRecord = (index: number, record: Buffer): Forged => ({
  ...sound,
  records: sound.records.with(index, record),
});

/** The verdict on a bundle that was changed; its own code only. */
function codeOf(bundle: ProofBundle, options: { readonly vkey?: string } = {}) {
  const { ok, firstProblem } = verify(bytesOf(bundle), options);
  return ok ? 'sound' : firstProblem?.code;
}

describe('a bundle that was made by hand', () => {
  test('is sound when it follows the rules, so each of these can fail', () => {
    for (const index of [0, 1, 2, 3]) expect(codeOf(bundleOf(sound, index))).toBe('sound');
  });

  test('of a log of one record needs no hashes, and takes none', () => {
    const one = bundleOf({ ...sound, records: sound.records.slice(0, 1) }, 0);
    expect(one.record.inclusion).toEqual([]);
    expect(codeOf(one)).toBe('sound');
    const more = { ...one.record, inclusion: [one.record.leaf] };
    expect(codeOf({ ...one, record: more, opening: more })).toBe('PROOF_INVALID');
  });

  test('of a log without records proves nothing', () => {
    const empty = noteOf(log, { origin: ORIGIN, size: 0, root: naiveRoot([]) });
    expect(codeOf({ ...bundleOf(sound, 1), checkpoint: empty })).toBe('PROOF_INVALID');
    const one = bundleOf({ ...sound, records: sound.records.slice(0, 1) }, 0);
    expect(codeOf({ ...one, checkpoint: empty })).toBe('PROOF_INVALID');
  });
});

describe('a bundle whose parts are of different records is refused:', () => {
  const bundle = bundleOf(sound, 2);
  const other = bundleOf(sound, 3).record;
  const { record } = bundle;
  test.each<[string, Partial<ProofBundle>, string]>([
    ['the proof of another', { record: { ...record, inclusion: other.inclusion } }, 'PROOF_INVALID'],
    ['the index of another', { record: { ...record, index: 3 } }, 'PROOF_INVALID'],
    ['an index past the checkpoint', { record: { ...record, index: 4 } }, 'PROOF_INVALID'],
    ['an index far past it', { record: { ...record, index: Number.MAX_SAFE_INTEGER } }, 'PROOF_INVALID'],
    ['the leaf of another', { record: { ...record, leaf: other.leaf } }, 'LEAF_MISMATCH'],
    ['the text of another', { record: { ...record, envelope: other.envelope } }, 'LEAF_MISMATCH'],
    [
      'text and leaf of another',
      { record: { ...record, envelope: other.envelope, leaf: other.leaf } },
      'PROOF_INVALID',
    ],
    ['a hash less', { record: { ...record, inclusion: record.inclusion.slice(0, -1) } }, 'PROOF_INVALID'],
    ['no hash', { record: { ...record, inclusion: [] } }, 'PROOF_INVALID'],
    ['a hash more', { record: { ...record, inclusion: [...record.inclusion, record.leaf] } }, 'PROOF_INVALID'],
    ['hashes in another order', { record: { ...record, inclusion: record.inclusion.toReversed() } }, 'PROOF_INVALID'],
    ['another first record', { opening: { ...record, index: 0 } }, 'PROOF_INVALID'],
    ['a first record that is not the first', { opening: record }, 'BUNDLE_INVALID'],
  ])('%s', (_title, change, code) => {
    expect(codeOf({ ...bundle, ...change })).toBe(code);
  });
});

describe('a log that somebody else signed', () => {
  const stolen: LogKey[] = [rangeOf(thief, 0, null)];
  const forged: Forged = {
    log: thief,
    origin: ORIGIN,
    keys: stolen,
    records: [recordOf(opened(ORIGIN, stolen), thief), recordOf(adminDraft, thief)],
  };
  const vkey = formatVkey({ name: ORIGIN, key: log.key });

  test('passes for itself, and not against the key that was kept', () => {
    const bundle = bundleOf(forged, 1);
    // The negative control: without a key from elsewhere nobody can tell, and the trust says so.
    expect(verify(bytesOf(bundle))).toMatchObject({ ok: true, trust: 'self' });
    expect(verify(bytesOf(bundle), { vkey })).toEqual({
      ok: false,
      trust: 'pinned',
      entries: 0,
      checkpoints: 0,
      firstProblem: expect.objectContaining({ code: 'KEY_INVALID' }),
    });
    expect(verify(bytesOf(bundleOf(sound, 1)), { vkey })).toMatchObject({ ok: true, trust: 'pinned' });
  });

  test('does not pass under the name of the kept key', () => {
    expect(codeOf({ ...bundleOf(forged, 1), vkey }, { vkey })).toBe('CHECKPOINT_INVALID');
  });

  test('lends no record, key or first record to a sound one', () => {
    const [mine, theirs] = [bundleOf(sound, 1), bundleOf(forged, 1)];
    expect(codeOf({ ...mine, record: theirs.record })).toBe('PROOF_INVALID');
    expect(codeOf({ ...mine, opening: theirs.opening })).toBe('PROOF_INVALID');
    expect(codeOf({ ...mine, keys: theirs.keys })).toBe('KEY_INVALID');
    expect(codeOf({ ...mine, checkpoint: theirs.checkpoint })).toBe('CHECKPOINT_INVALID');
  });

  test('does not make one sound that has the same key and another name', () => {
    const name = 'other.example/0011/1';
    const renamed = { ...bundleOf({ ...sound, origin: name }, 1) };
    expect(codeOf(renamed)).toBe('HISTORY_INVALID');
    expect(codeOf({ ...bundleOf(sound, 1), checkpoint: renamed.checkpoint })).toBe('CHECKPOINT_INVALID');
  });

  test.each([['no key at all'], [`${vkey}x`], ['']])('a key that is none (%j) is wrong usage', (given) => {
    expect(() => verify(bytesOf(bundleOf(sound, 1)), { vkey: given })).toThrow(
      expect.objectContaining({ code: 'USAGE' }),
    );
  });
});

describe('a record key', () => {
  test.each([
    ['after it was retired', 2, recordOf(adminDraft, first)],
    ['before it was added', 1, recordOf(policyDraft, second)],
    ['that the log does not name', 2, recordOf(adminDraft, thief)],
  ])('does not count %s', (_title, index, record) => {
    expect(codeOf(bundleOf(withRecord(index, record), index))).toBe('SIGNATURE_INVALID');
  });

  test('does not count though the bundle gives it another range than the first record', () => {
    const wider = [rangeOf(first, 0, null), rangeOf(second, 2, null)];
    const bundle = bundleOf(withRecord(2, recordOf(adminDraft, first)), 2);
    expect(codeOf({ ...bundle, keys: wider })).toBe('KEY_INVALID');
  });

  test.each<[string, readonly LogKey[]]>([
    ['one less', ranges.slice(0, 1)],
    ['none', []],
    ['one more', [...ranges, rangeOf(thief, 0, null)]],
    ['another order', ranges.toReversed()],
    ['another algorithm', ranges.map((key) => ({ ...key, alg: 'rsa' }))],
  ])('is not told in another way than by the first record: %s', (_title, keys) => {
    expect(codeOf({ ...bundleOf(sound, 1), keys })).toBe('KEY_INVALID');
  });
});

describe('a record that the log key covers is refused all the same', () => {
  const invocation = (parts: Parameters<typeof predicateOf>[1]): AnyDraft => ({
    kind: 'invocation',
    predicate: predicateOf('denied', { tool: { name: 'demo__write' }, ...parts }),
  });
  test.each<[string, Buffer, string]>([
    ['when it opens the log again', recordOf(opened(ORIGIN, ranges), second), 'HISTORY_INVALID'],
    ['when it is no envelope', Buffer.from('{}'), 'ENVELOPE_INVALID'],
    ['when it does not fit the schema', recordOf(invocation({ attempt: 0 }), second), 'STATEMENT_INVALID'],
  ])('%s', (_title, record, code) => {
    expect(codeOf(bundleOf(withRecord(2, record), 2))).toBe(code);
    expect(codeOf(bundleOf(withRecord(2, recordOf(invocation({}), second)), 2))).toBe('sound');
  });

  test('when the first one does not open the log', () => {
    expect(codeOf(bundleOf(withRecord(0, recordOf(policyDraft, first)), 2))).toBe('HISTORY_INVALID');
  });
});

describe('a file is no bundle, and is refused at once, when it', () => {
  const good = formatProofBundle(bundleOf(sound, 1));
  const value = JSON.parse(good);
  const changed = (change: object) => `${JSON.stringify({ ...value, ...change })}\n`;
  test.each<[string, string | Uint8Array]>([
    ['is empty', ''],
    ['is no JSON', 'smcp'],
    ['is no UTF-8', Buffer.from([0xff, 0xfe])],
    ['begins with a mark', `\ufeff${good}`],
    ['is a list', '[]\n'],
    ['is nested deep', '['.repeat(200_000)],
    ['is nested deep inside', good.replace('"bundle":1', `"bundle":${'['.repeat(100)}${']'.repeat(100)}`)],
    ['holds too many values', changed({ keys: Array(LIMITS.jsonValuesMax + 1).fill(0) })],
    ['has another version', changed({ bundle: 2 })],
    ['has its version as text', changed({ bundle: '1' })],
    ['has a member more', changed({ zzz: 1 })],
    ['has a member of every object', good.replace('"bundle":1', '"__proto__":{},"bundle":1')],
    ['has a member twice', good.replace('"bundle":1', '"bundle":1,"bundle":1')],
    ['has a member less', changed({ keys: undefined })],
    ['is in another order', `${JSON.stringify({ vkey: value.vkey, ...value })}\n`],
    ['is indented', `${JSON.stringify(value, null, 2)}\n`],
    ['has no line break', good.trimEnd()],
    ['has two', `${good}\n`],
    ['has another spelling of a letter', good.replace('"bundle"', '"\\u0062undle"')],
    ['has another spelling of a number', good.replace('"bundle":1', '"bundle":1.0')],
    ['has a huge number', good.replace('"index":1', '"index":1e999')],
    ['has a number past what is safe', good.replace('"index":1', '"index":9007199254740993')],
    ['has minus nothing', good.replace('"index":0', '"index":-0')],
    ['has a fraction', good.replace('"index":1', '"index":1.5')],
    ['has half a surrogate pair', changed({ vkey: '\ud800' })],
    ['has too many hashes', changed({ record: { ...value.record, inclusion: Array(65).fill(value.record.leaf) } })],
    ['has a short hash', changed({ record: { ...value.record, inclusion: ['AAAA'] } })],
    ['has a hash that is none', changed({ record: { ...value.record, inclusion: [1] } })],
    [
      'has a record that is too long',
      changed({ record: { ...value.record, envelope: 'x'.repeat(LIMITS.recordBytesMax + 1) } }),
    ],
    ['has too many keys', changed({ keys: Array(17).fill(value.keys[0]) })],
    ['has a key with a member more', changed({ keys: [{ ...value.keys[0], zzz: 1 }] })],
  ])('%s', (_title, content) => {
    expect(verify(Buffer.from(content))).toEqual({
      ok: false,
      trust: 'self',
      entries: 0,
      checkpoints: 0,
      firstProblem: expect.objectContaining({ index: -1, code: 'BUNDLE_INVALID' }),
    });
    expect(verify(Buffer.from(good)).ok).toBe(true);
  });

  test('has no key in its place', () => {
    expect(verify(Buffer.from(changed({ vkey: 'x' }))).firstProblem?.code).toBe('KEY_INVALID');
  });
});

test('the largest bundle that a server can make has room', () => {
  const text = `{${'"'.repeat(11)}${'x'.repeat(LIMITS.recordBytesMax - 12)}`;
  const hashes = Array(LIMITS.proofHashesMax).fill(Buffer.alloc(32).toString('base64'));
  const record = { envelope: text, inclusion: hashes, index: Number.MAX_SAFE_INTEGER, leaf: String(hashes[0]) };
  const key: LogKey = { ...rangeOf(first, 0, null), spki: '\n'.repeat(1024) };
  const bundle: ProofBundle = {
    ...bundleOf(sound, 1),
    opening: record,
    record,
    keys: Array(16).fill(key),
    checkpoint: 'x'.repeat(LIMITS.noteBytesMax),
  };
  expect(bytesOf(bundle).length).toBeLessThan(LIMITS.bundleBytesMax);
});
