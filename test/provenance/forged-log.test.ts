// Logs that are signed well and still not sound: foreign origins, keys out of their range, bytes that nobody signed,
// files that the checkpoint doesn't name, and a policy that was not the newest.

import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sha256 } from '#base/digest.ts';
import type { AnyDraft } from '#provenance/statement.ts';
import { createFolderSource } from '#provenance/verify/folder-source.ts';
import { isProblem } from '#provenance/verify/source.ts';
import { createLogVerifier } from '#provenance/verify/verify-log.ts';
import { adminDraft, makeHome, pluginDraft, policyDraft, predicateOf, removeHome } from './fixture.ts';
import { type Forged, filesOf, makePair, rangeOf, recordOf, writeFiles } from './forged-log.ts';

const verifyLog = createLogVerifier();
const ORIGIN = 'test.example/0011/1';
const [log, first, second] = [makePair(), makePair(), makePair()];

let folder: string;
beforeEach(() => {
  folder = join(makeHome(), 'export');
});
afterEach(() => removeHome(join(folder, '..')));

const keys = [rangeOf(first, 0, 2), rangeOf(second, 2, null)];
const opened = (origin: string): AnyDraft => ({
  kind: 'opened',
  predicate: { origin, keys, time: '2026-11-22T10:00:00.000Z' },
});
const sound: Forged = {
  log,
  origin: ORIGIN,
  keys,
  records: [recordOf(opened(ORIGIN), first), recordOf(policyDraft, first), recordOf(adminDraft, second)],
};

function verify(forged: Forged, change: (files: Map<string, string | Uint8Array>) => void = () => {}) {
  const files = filesOf(forged);
  change(files);
  writeFiles(folder, files);
  return verifyLog(createFolderSource(folder));
}

function withRecord(index: number, record: Buffer): Forged {
  return { ...sound, records: sound.records.with(index, record) };
}

test('a forged log that follows the rules is sound, so each of these can fail', () => {
  expect(verify(sound)).toEqual({ ok: true, trust: 'self', entries: 3, checkpoints: 1, openIntents: 0 });
});

test('a log that was opened under another origin than its key has is refused', () => {
  const foreign = withRecord(0, recordOf(opened('other.example/0011/1'), first));
  expect(verify(foreign)).toMatchObject({
    ok: false,
    firstProblem: { index: 0, code: 'HISTORY_INVALID', message: expect.stringContaining('another origin') },
  });
});

test.each([
  ['after it was retired', 2, recordOf(adminDraft, first)],
  ['before it was added', 1, recordOf(policyDraft, second)],
])('a record that a key signed %s is refused', (_title, index, record) => {
  expect(verify(withRecord(index, record))).toMatchObject({
    ok: false,
    firstProblem: { index, code: 'SIGNATURE_INVALID', message: expect.stringContaining('does not count') },
  });
});

test('bytes after the last entry of a bundle are refused', () => {
  const path = 'tile/entries/000.p/3';
  const report = verify(sound, (files) => {
    files.set(path, Buffer.concat([Buffer.from(files.get(path) ?? ''), Buffer.from('unsigned')]));
  });
  expect(report).toMatchObject({
    ok: false,
    firstProblem: { index: 2, code: 'FILE_MISMATCH', message: expect.stringContaining('goes on') },
  });
});

describe('a file that the checkpoint does not name is refused', () => {
  test.each([
    'records/9999.dsse.json',
    'records/3.dsse.json',
    'records/02.dsse.json',
    'records/2.dsse.json.bak',
    'tile/0/x001/000',
    'tile/0/000',
    'tile/0/000.p/2',
    'tile/1/000.p/1',
    'tile/entries/001',
    'tile/6/000',
    'README',
    'keys/log.vkey',
    'tile/0/\u001b[31m',
  ])('%j', (path) => {
    const report = verify(sound, (files) => files.set(path, 'x'));
    expect(report).toMatchObject({
      ok: false,
      entries: 3,
      firstProblem: { index: -1, code: 'FILE_MISMATCH', message: expect.stringContaining('no part of this log') },
    });
    expect(report.firstProblem?.message).not.toContain('\u001b');
    rmSync(join(folder, path));
  });
});

test('a decision under a policy whose record is not the newest one is refused, though its text came back', () => {
  const policy = (version: number, text: string): AnyDraft => ({
    kind: 'policy',
    predicate: { version, digest: sha256(text), time: '2026-11-22T10:00:00.000Z', by: 'start' },
  });
  const denied: AnyDraft = {
    kind: 'invocation',
    predicate: predicateOf('denied', {
      tool: { name: 'demo__write' },
      policy: { version: 1, digest: sha256('one'), decision: 'deny', rule: 'default-deny' },
    }),
  };
  const start = [recordOf(opened(ORIGIN), first), recordOf(policy(1, 'one'), first)];
  const then = (...drafts: AnyDraft[]): Forged => ({
    ...sound,
    records: [...start, ...drafts.map((draft) => recordOf(draft, second))],
  });
  // Version 2 was recorded; the writer that goes on with version 1 has to record it again first.
  const problem = { index: 4, code: 'HISTORY_INVALID', message: expect.stringContaining('not the one in force') };
  expect(verify(then(pluginDraft, policy(2, 'two'), denied))).toMatchObject({
    ok: false,
    firstProblem: problem,
  });
  rmSync(folder, { recursive: true });
  expect(verify(then(policy(2, 'two'), policy(1, 'one'), denied))).toMatchObject({ ok: true, entries: 5 });
});

test.each([
  ['sound', '{"nonce":"n","value":{"n":1e-999}}', true],
  ['kept as its digest', '{"bytes":9,"digest":"sha256:00","nonce":"n"}', true],
  ['not JSON', '{"nonce":"n","value":{"n":1e-Infinity}}', false],
  ['of nothing', '{"nonce":"n"}', false],
])('a signed disclosure document that is %s: %s', (_title, document, isSound) => {
  const draft: AnyDraft = { kind: 'invocation', predicate: predicateOf('denied', { tool: { name: 'demo__write' } }) };
  const subjects = [{ name: 'args', digest: createHash('sha256').update(document).digest('hex') }];
  const forged = { ...sound, records: [...sound.records, recordOf(draft, second, subjects)] };
  writeFiles(folder, filesOf(forged));
  const source = createFolderSource(folder);
  const entry: typeof source.entry = (index) => {
    const found = source.entry(index);
    return index === 3 && found !== undefined && !isProblem(found)
      ? { ...found, disclosed: { args: document } }
      : found;
  };
  const report = verifyLog({ ...source, entry });
  expect(report.ok).toBe(isSound);
  if (!isSound) expect(report).toMatchObject({ firstProblem: { index: 3, code: 'DISCLOSURE_MISMATCH' } });
});
