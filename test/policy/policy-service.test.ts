import { rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { sha256 } from '#base/digest.ts';
import { LIMITS } from '#base/limits.ts';
import type { RecordDraft } from '#domain/record.ts';
import { agentName, NOW_MS, question } from './policies.ts';
import { codeOf, eachInItsHome, type PolicyHome, person, policy } from './service-world.ts';

let file: string;
let around: PolicyHome['around'];
eachInItsHome((home) => {
  ({ file, around } = home);
});

const write = (text: string, path = file) => writeFileSync(path, text, { mode: 0o600 });

describe('at start', () => {
  test('the file is applied as version 1, kept and recorded', async () => {
    write(policy('a__b'));
    const { open, versions, drafts } = around;
    const service = await open();
    const digest = sha256(policy('a__b'));
    expect(service.current()).toEqual({ version: 1, digest });
    const fileState = { kind: 'in-force' };
    expect(service.show()).toEqual({ text: policy('a__b'), policy: { version: 1, digest }, file, fileState });
    expect(service.agents()).toEqual(['athena']);
    const kept = { version: 1, digest, text: policy('a__b'), appliedMs: NOW_MS, by: 'first start', isRecorded: true };
    expect(versions).toEqual([kept]);
    expect(drafts).toEqual([
      { kind: 'policy', predicate: { version: 1, digest, time: '2026-11-22T10:00:00.000Z', by: 'first start' } },
    ]);
    expect(service.decide(question('a__b'))).toMatchObject({ kind: 'allow', policy: { version: 1, digest } });
    expect(service.mayCall(agentName('athena'), 'a__c', NOW_MS)).toBe(false);
  });

  test('an unchanged file keeps its version and is not recorded again; a changed one is the next', async () => {
    write(policy('a__b'));
    const { open, versions, drafts } = around;
    await open();
    expect((await open()).current().version).toBe(1);
    expect([versions.length, drafts.length]).toEqual([1, 1]);
    write(policy('a__c'));
    expect((await open()).current().version).toBe(2);
    expect([versions.length, drafts.length]).toEqual([2, 2]);
  });

  test('a missing file is an error', async () => {
    expect(await codeOf(around.open())).toBe('POLICY_INVALID');
  });

  test('an invalid file stops the start and nothing is kept or recorded', async () => {
    write('version: 1\nagent: {}\n');
    const { open, versions, drafts } = around;
    const error = await open().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'POLICY_INVALID',
      message: `${file}:2:1: unknown key "agent"`,
      details: {
        remedy: 'did you mean "agents"?',
        findings: [{ severity: 'error', line: 2, column: 1, pointer: '/agent' }],
      },
    });
    expect([versions.length, drafts.length]).toEqual([0, 0]);
  });

  test('what is probably not meant is logged, with its place', async () => {
    write(policy('x__y'));
    const { open, warnings } = around;
    await open();
    expect(warnings).toEqual([
      { message: 'policy: no tool of today is matched by "x__y"', fields: { file, line: 5, column: 24 } },
    ]);
  });
});

describe('when the server ends while a policy is applied', () => {
  const digestsByVersion = (drafts: readonly RecordDraft[]) => {
    const digests = new Map<number, Set<string>>();
    for (const draft of drafts) {
      if (draft.kind !== 'policy') continue;
      const { version, digest } = draft.predicate;
      digests.set(version, (digests.get(version) ?? new Set()).add(digest));
    }
    return [...digests].map(([version, texts]) => [version, texts.size]);
  };

  /** The record is in the log, and then nothing more happens: `append` never answers. */
  async function endAfterRecord() {
    const service = await around.open();
    write(policy('a__c'));
    around.hang();
    void service.reload(person('SIGHUP'));
    while (around.drafts.length < 2) await new Promise((resolve) => setImmediate(resolve));
    around.state.gate = Promise.resolve();
  }

  test('after the record, and the file is edited before the next start, no number has two digests', async () => {
    write(policy('a__b'));
    await endAfterRecord();
    write(policy('a__d'));
    expect((await around.open()).current()).toEqual({ version: 3, digest: sha256(policy('a__d')) });
    expect(digestsByVersion(around.drafts)).toEqual([
      [1, 1],
      [2, 1],
      [3, 1],
    ]);
  });

  test('after the record, the next start records the same number and digest again', async () => {
    write(policy('a__b'));
    await endAfterRecord();
    expect((await around.open()).current()).toEqual({ version: 2, digest: sha256(policy('a__c')) });
    expect(digestsByVersion(around.drafts)).toEqual([
      [1, 1],
      [2, 1],
    ]);
    expect(around.drafts).toHaveLength(3);
    await around.open();
    expect(around.drafts).toHaveLength(3);
  });

  test('before the record, the next start records what it decides by', async () => {
    write(policy('a__b'));
    await around.open();
    around.store.put({
      version: 2,
      digest: sha256(policy('a__c')),
      text: policy('a__c'),
      appliedMs: NOW_MS,
      by: 'admin',
    });
    write(policy('a__c'));
    expect((await around.open()).current().version).toBe(2);
    expect(around.drafts.at(-1)).toMatchObject({ predicate: { version: 2, digest: sha256(policy('a__c')) } });
  });

  test('before the record, and the file is put back, the number is not used again', async () => {
    write(policy('a__b'));
    await around.open();
    around.store.put({
      version: 2,
      digest: sha256(policy('a__c')),
      text: policy('a__c'),
      appliedMs: NOW_MS,
      by: 'admin',
    });
    expect((await around.open()).current()).toEqual({ version: 3, digest: sha256(policy('a__b')) });
  });
});

describe('a reload', () => {
  test('applies the file whole, and decisions name the version that made them', async () => {
    write(policy('a__b'));
    const { open, drafts } = around;
    const service = await open();
    write(policy('a__c'));
    expect(service.decide(question('a__b'))).toMatchObject({ kind: 'allow', policy: { version: 1 } });
    expect(await service.reload(person('SIGHUP'))).toEqual({ version: 2, digest: sha256(policy('a__c')) });
    expect(service.decide(question('a__b'))).toMatchObject({ kind: 'deny', policy: { version: 2 } });
    expect(drafts.at(-1)).toMatchObject({ predicate: { version: 2, by: 'SIGHUP' } });
  });

  test('of an unchanged file changes nothing', async () => {
    write(policy('a__b'));
    const { open, drafts } = around;
    const service = await open();
    expect((await service.reload(person('SIGHUP'))).version).toBe(1);
    expect(drafts).toHaveLength(1);
  });

  test('of an invalid, missing or unsafe file changes nothing', async () => {
    write(policy('a__b'));
    const { open, versions, drafts } = around;
    const service = await open();
    for (const spoil of [() => write('version: 2\n'), () => rmSync(file), () => symlinkSync('/dev/null', file)]) {
      spoil();
      expect(['POLICY_INVALID', 'HOME_UNSAFE']).toContain(await codeOf(service.reload(person('SIGHUP'))));
      expect(service.decide(question('a__b'))).toMatchObject({ kind: 'allow', policy: { version: 1 } });
    }
    expect([versions.length, drafts.length]).toEqual([1, 1]);
  });

  test('swaps and appends in one turn: no decision under the new policy is recorded before it', async () => {
    write(policy('a__b'));
    const { open, drafts, versions } = around;
    const service = await open();
    write(policy('a__c'));
    const release = around.hang();
    const reloading = service.reload(person('SIGHUP'));
    // Looked at as often as anything else could be, and the loop turned, since the text is checked on another thread.
    for (let step = 1; service.current().version === 1; step += 1) {
      expect(drafts).toHaveLength(1);
      await (step % 64 === 0 ? new Promise((resolve) => setImmediate(resolve)) : Promise.resolve());
    }
    expect(drafts).toHaveLength(2);
    expect(versions.map(({ isRecorded }) => isRecorded)).toEqual([true, false]);
    release();
    await reloading;
    expect(versions.map(({ isRecorded }) => isRecorded)).toEqual([true, true]);
  });

  test('that can’t be recorded is undone', async () => {
    write(policy('a__b'));
    const { open, state, versions, drafts } = around;
    const service = await open();
    write(policy('a__c'));
    state.fails = true;
    expect(await codeOf(service.reload(person('SIGHUP')))).toBe('LOG_UNAVAILABLE');
    expect(service.current().version).toBe(1);
    expect(service.decide(question('a__b')).kind).toBe('allow');
    expect(service.show().text).toBe(policy('a__b'));
    expect(versions.map(({ isRecorded }) => isRecorded)).toEqual([true, false]);
    state.fails = false;
    expect((await service.reload(person('SIGHUP'))).version).toBe(2);
    expect(drafts.map((draft) => draft.kind === 'policy' && draft.predicate.version)).toEqual([1, 2, 2]);
  });

  test('waits for the one before; too many are refused', async () => {
    write(policy('a__b'));
    const { open, drafts } = around;
    const service = await open();
    write(policy('a__c'));
    const all = Array.from({ length: LIMITS.policyChangesWaitingMax + 1 }, (_, n) =>
      codeOf(service.reload(person(`${n}`))),
    );
    const codes = await Promise.all(all);
    expect(codes.filter((code) => code === 'QUEUE_FULL')).toHaveLength(1);
    expect(drafts).toHaveLength(2);
    expect(service.current().version).toBe(2);
  });
});
