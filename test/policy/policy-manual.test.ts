import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { rfc3339 } from '#base/clock.ts';
import { sha256 } from '#base/digest.ts';
import { LIMITS } from '#base/limits.ts';
import { agentName, NOW_MS, question } from './policies.ts';
import { codeOf, eachInItsHome, type PolicyHome, person, policy, until } from './service-world.ts';

let file: string;
let around: PolicyHome['around'];
eachInItsHome((home) => {
  ({ file, around } = home);
});

const write = (text: string | Uint8Array, path = file) => writeFileSync(path, text, { mode: 0o600 });
const start = async (apply: 'auto' | 'manual' = 'auto') => {
  write(policy('a__b'));
  return around.open(apply);
};
const digestOf = (tool: string) => sha256(policy(tool));

describe('where the configuration leaves edits to a person', () => {
  test('an edit is staged, and applied when somebody asks for it', async () => {
    const service = await start('manual');
    write(policy('a__c'));
    await until(() => service.show().fileState.kind === 'staged');
    expect(service.show()).toMatchObject({
      text: policy('a__b'),
      policy: { version: 1 },
      fileState: { kind: 'staged', digest: digestOf('a__c') },
    });
    expect(await service.reload(person('SIGHUP'))).toEqual({ version: 2, digest: digestOf('a__c') });
    expect(service.show().fileState).toEqual({ kind: 'in-force' });
    expect(around.drafts).toHaveLength(2);
  });

  test('a text that is wrong or unsafe is refused, not staged, and one taken back is in force', async () => {
    const service = await start('manual');
    write('version: 2\n');
    await until(() => service.show().fileState.kind === 'refused');
    write(policy('a__c'));
    await until(() => service.show().fileState.kind === 'staged');
    chmodSync(file, 0o666);
    await until(() => service.show().fileState.kind === 'refused');
    chmodSync(file, 0o600);
    write(policy('a__b'));
    await until(() => service.show().fileState.kind === 'in-force');
    expect(around.versions).toHaveLength(1);
  });

  test('a start applies nothing that waits; the first start does', async () => {
    const service = await start('manual');
    expect(service.current().version).toBe(1);
    await service.close();
    write(policy('a__c'));
    const again = await around.open('manual');
    expect(again.current()).toEqual({ version: 1, digest: digestOf('a__b') });
    expect(again.decide(question('a__b')).kind).toBe('allow');
    await until(() => again.show().fileState.kind === 'staged');
    expect(readFileSync(file, 'utf8')).toBe(policy('a__c'));
    expect(around.drafts).toHaveLength(1);
  });

  test('a start with a file that is gone or unsafe goes on with what was in force', async () => {
    await (await start('manual')).close();
    rmSync(file);
    const again = await around.open('manual');
    expect(again.decide(question('a__b'))).toMatchObject({ kind: 'allow', policy: { version: 1 } });
    await until(() => again.show().fileState.kind === 'refused');
    // Where edits are applied by themselves, the file is all there is.
    expect(await codeOf(around.open('auto'))).toBe('POLICY_INVALID');
  });

  test('a start where the kept text is damaged, or of no use to this release, stops and says so', async () => {
    await (await start('manual')).close();
    write(policy('a__c'));
    around.versions[0] = {
      version: 1,
      digest: sha256('version: 9\n'),
      text: 'version: 9\n',
      appliedMs: 0,
      by: '',
      isRecorded: true,
    };
    const error = await around.open('manual').catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'POLICY_INVALID',
      message: expect.stringContaining('it was in force, and is not valid for this release'),
      details: { remedy: expect.stringContaining('policy.apply: auto') },
    });
    around.versions[0] = {
      version: 1,
      digest: sha256('x'),
      text: policy('a__x'),
      appliedMs: 0,
      by: '',
      isRecorded: true,
    };
    expect(await codeOf(around.open('manual'))).toBe('POLICY_INVALID');
  });
});

describe('what ends with time', () => {
  const at = (ms: number) => rfc3339(NOW_MS + ms);
  const expiring = (grantMs: number, denyMs: number) =>
    JSON.stringify({
      version: 1,
      agents: {
        athena: {
          grants: [{ tools: ['a__b'], expires: at(grantMs) }, { tools: ['a__c'] }],
          deny: [{ tools: ['a__c'], expires: at(denyMs) }],
        },
      },
    });

  test('a grant and a deny that expire are told, each at its time', async () => {
    write(expiring(50, 400));
    const service = await around.open();
    const seen: [boolean, boolean][] = [];
    const may = (tool: string) => service.mayCall(agentName('athena'), tool, around.state.nowMs);
    service.onChange(() => seen.push([may('a__b'), may('a__c')]));
    around.state.nowMs += 60;
    await until(() => seen.length === 1);
    around.state.nowMs += 400;
    await until(() => seen.length === 2);
    expect(seen).toEqual([
      [false, false],
      [false, true],
    ]);
  });

  test('hours that open and close are told, and a clock that is set back opens nothing again', async () => {
    const hours = { from: '10:01', to: '10:02', timezone: 'UTC' };
    write(JSON.stringify({ version: 1, agents: { athena: { grants: [{ tools: ['a__b'], hours }] } } }));
    around.state.nowMs = NOW_MS + 59_950;
    const service = await around.open();
    const may = () => service.mayCall(agentName('athena'), 'a__b', around.state.nowMs);
    const decide = () => service.decide(question('a__b', {}, { nowMs: around.state.nowMs }));
    const seen: boolean[] = [];
    service.onChange(() => seen.push(may()));
    expect([may(), decide().kind]).toEqual([false, 'deny']);
    around.state.nowMs = NOW_MS + 119_950;
    await until(() => seen.length === 1);
    expect([may(), decide().kind]).toEqual([true, 'allow']);
    around.state.nowMs = NOW_MS + 120_000;
    await until(() => seen.length === 2);
    expect(seen).toEqual([true, false]);
    around.state.nowMs = NOW_MS + 90_000;
    expect([may(), decide().kind]).toEqual([false, 'deny']);
    expect(decide().reason).toContain('the clock was set back');
    expect(around.warnings.map(({ message }) => message)).toContainEqual(
      expect.stringContaining('the clock was set back'),
    );
  });

  test('nothing is told of a policy that is not in force any more, nor after close', async () => {
    write(expiring(300, 300));
    const service = await around.open();
    let told = 0;
    service.onChange(() => {
      told += 1;
    });
    write(policy('a__b'));
    await service.reload(person('admin'));
    expect(told).toBe(1);
    around.state.nowMs += 600;
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(told).toBe(1);
    write(expiring(700, 700));
    await service.reload(person('admin'));
    await service.close();
    around.state.nowMs += 600;
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(told).toBe(2);
  });
});

describe('closing', () => {
  test('follows the file no more, ends the change under way, takes no other, and still decides', async () => {
    const service = await start();
    const release = around.hang();
    const changing = service.apply(policy('a__c'), person('admin'));
    const closing = service.close();
    const refused = codeOf(service.apply(policy('a__d'), person('admin')));
    expect(await refused).toBe('SHUTTING_DOWN');
    release();
    expect((await changing).version).toBe(2);
    await closing;
    write(policy('a__e'));
    await new Promise((resolve) => setTimeout(resolve, 3 * LIMITS.policyFileSettleMs));
    expect(service.decide(question('a__c'))).toMatchObject({ kind: 'allow', policy: { version: 2 } });
  });
});
