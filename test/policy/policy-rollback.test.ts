import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { sha256 } from '#base/digest.ts';
import { agentName, NOW_MS } from './policies.ts';
import { agent, codeOf, eachInItsHome, type PolicyHome, person, policy } from './service-world.ts';

let file: string;
let around: PolicyHome['around'];
eachInItsHome((home) => {
  ({ file, around } = home);
});

const write = (text: string) => writeFileSync(file, text, { mode: 0o600 });
const read = () => readFileSync(file, 'utf8');
const start = async (apply: 'auto' | 'manual' = 'auto', text = policy('a__b')) => {
  write(text);
  return around.open(apply);
};
const ADMIN = person('admin');
const ATHENA = agent('athena');

describe('what waits for a person is not applied by the way', () => {
  test('adding an agent and going back are refused while an edit is staged', async () => {
    const service = await start('manual');
    await service.apply(policy('a__c'), ADMIN);
    write(policy('a__x'));
    for (const change of [service.addAgent(agentName('new'), ADMIN), service.rollback(1, ADMIN)]) {
      expect(await codeOf(change)).toBe('POLICY_CONFLICT');
    }
    expect([read(), service.show().text]).toEqual([policy('a__x'), policy('a__c')]);
  });

  test('nor is an earlier version that somebody has put into the file', async () => {
    const service = await start('manual');
    await service.apply(policy('a__c'), ADMIN);
    write(policy('a__b'));
    expect(await codeOf(service.addAgent(agentName('new'), ADMIN))).toBe('POLICY_CONFLICT');
    expect(service.show().text).toBe(policy('a__c'));
  });

  test.each(['auto', 'manual'] as const)(
    'and an agent does not overwrite an earlier version that a person has put there to take rights back (policy.apply: %s)',
    async (apply) => {
      const service = await start(apply, policy('a__b'));
      await service.apply(policy('a__*'), ADMIN);
      // Not yet looked at, or staged.
      write(policy('a__b'));
      const same = `${policy('a__*')}# nothing less`;
      expect(await codeOf(service.apply(same, ATHENA))).toBe('POLICY_CONFLICT');
      await service.apply(undefined, ADMIN);
      expect(await codeOf(service.apply(same, ATHENA))).toBe('POLICY_WIDENS');
      expect([read(), service.show().text]).toEqual([policy('a__b'), policy('a__b')]);
      // A person’s command does, and an agent takes away where nobody else has edited.
      write(policy('a__*'));
      await service.apply(policy('a__c'), ADMIN);
      await service.apply(`${policy('a__c')}# less`, ATHENA);
      expect(read()).toBe(`${policy('a__c')}# less`);
    },
  );
});

describe('going back', () => {
  test('puts an earlier text in force and into the file, as a version of its own', async () => {
    const service = await start();
    await service.apply(policy('a__c'), ADMIN);
    around.state.nowMs += 1_000;
    expect(await service.rollback(1, ADMIN)).toEqual({ version: 3, digest: sha256(policy('a__b')) });
    expect([read(), service.show().text]).toEqual([policy('a__b'), policy('a__b')]);
    expect(around.drafts.at(-1)).toMatchObject({ predicate: { version: 3, by: 'admin' } });
    const [b, c] = [sha256(policy('a__b')), sha256(policy('a__c'))];
    expect(service.history()).toEqual([
      { version: 3, digest: b, appliedMs: NOW_MS + 1_000, by: 'admin', isInForce: true },
      { version: 2, digest: c, appliedMs: NOW_MS, by: 'admin', isInForce: false },
      { version: 1, digest: b, appliedMs: NOW_MS, by: 'first start', isInForce: false },
    ]);
    expect(service.version(2)).toMatchObject({ text: policy('a__c'), isInForce: false });
  });

  test('to the version in force changes nothing', async () => {
    const service = await start();
    expect((await service.rollback(1, ADMIN)).version).toBe(1);
    expect(around.drafts).toHaveLength(1);
  });

  test.each([0, 2, -1, 1.5, Number.NaN])('to version %d, which is none, is refused', async (version) => {
    const service = await start();
    around.store.put({ version: 2, digest: sha256('x'), text: 'x', appliedMs: 0, by: 'never recorded' });
    expect(await codeOf(service.rollback(version, ADMIN))).toBe('POLICY_VERSION_UNKNOWN');
    expect(() => service.version(version)).toThrow(expect.objectContaining({ code: 'POLICY_VERSION_UNKNOWN' }));
  });

  test('to a text that this release does not take is refused with what is wrong', async () => {
    const service = await start();
    const old = 'version: 1\npersons: {}\n';
    around.store.put({ version: 2, digest: sha256(old), text: old, appliedMs: 0, by: 'admin' });
    around.store.markRecorded(2);
    const error = await service.rollback(2, ADMIN).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'POLICY_INVALID', details: { findings: [{ pointer: '/persons' }] } });
    expect([read(), service.current().version]).toEqual([policy('a__b'), 1]);
  });

  test('to a text that is not the one that was applied is refused', async () => {
    const service = await start();
    around.store.put({ version: 2, digest: sha256(policy('a__c')), text: policy('a__x'), appliedMs: 0, by: 'admin' });
    around.store.markRecorded(2);
    expect(await codeOf(service.rollback(2, ADMIN))).toBe('POLICY_INVALID');
    expect(service.current().version).toBe(1);
  });
});

describe('a difference', () => {
  test('is told for a text, with what it widens, and nothing changes', async () => {
    const service = await start();
    expect(await service.diff(policy('a__c'))).toEqual({
      from: { version: 1, digest: sha256(policy('a__b')) },
      to: sha256(policy('a__c')),
      text: [
        '--- version 1',
        '+++ given',
        '@@ -2,4 +2,4 @@',
        ' version: 1',
        ' agents:',
        '   athena:',
        '-    grants: [{ tools: ["a__b"] }]',
        '+    grants: [{ tools: ["a__c"] }]',
        '',
      ].join('\n'),
      widenings: ['agent athena: the grant /agents/athena/grants/0 gives "a__c" which no grant surely gave before'],
    });
    expect([read(), around.drafts.length]).toEqual([policy('a__b'), 1]);
  });

  test('is told for the file as it is now', async () => {
    const service = await start('manual');
    expect(await service.diff(undefined)).toMatchObject({ text: '', widenings: [] });
    write('version: 1\n');
    expect(await service.diff(undefined)).toMatchObject({ to: sha256('version: 1\n'), widenings: [] });
    expect((await service.diff(undefined)).text).toContain('-agents:');
    write('version: 2\n');
    expect(await codeOf(service.diff(undefined))).toBe('POLICY_INVALID');
    rmSync(file);
    expect(await codeOf(service.diff(undefined))).toBe('POLICY_INVALID');
  });
});
