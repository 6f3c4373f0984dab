import { chmodSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { sha256 } from '#base/digest.ts';
import { LIMITS } from '#base/limits.ts';
import { agentName, NOW_MS, question } from './policies.ts';
import { agent, codeOf, eachInItsHome, type PolicyHome, person, policy, until } from './service-world.ts';

let directory: string;
let file: string;
let around: PolicyHome['around'];
eachInItsHome((home) => {
  ({ directory, file, around } = home);
});

const write = (text: string) => writeFileSync(file, text, { mode: 0o600 });
const read = () => readFileSync(file, 'utf8');
const start = async (apply: 'auto' | 'manual' = 'auto', text = policy('a__b')) => {
  write(text);
  return around.open(apply);
};
const ADMIN = person('admin');
const ATHENA = agent('athena');

describe.each(['auto', 'manual'] as const)('a text that is applied (policy.apply: %s)', (apply) => {
  test('is in the file with its comments, in force, kept and recorded; the file keeps its mode', async () => {
    const service = await start(apply);
    chmodSync(file, 0o640);
    const text = `# why: see the minutes\n${policy('a__c')}# the end`;
    expect(await service.apply(text, ADMIN)).toEqual({ version: 2, digest: sha256(text) });
    expect([read(), statSync(file).mode & 0o777]).toEqual([text, 0o640]);
    expect(service.decide(question('a__c'))).toMatchObject({ kind: 'allow', policy: { version: 2 } });
    expect(around.versions.at(-1)).toEqual({
      version: 2,
      digest: sha256(text),
      text,
      appliedMs: NOW_MS,
      by: 'admin',
      isRecorded: true,
    });
    expect(around.drafts.at(-1)).toMatchObject({
      kind: 'policy',
      predicate: { version: 2, digest: sha256(text), by: 'admin' },
    });
    expect(service.show()).toMatchObject({ text, fileState: { kind: 'in-force' } });
    expect(readdirSync(directory)).toEqual(['policy.yaml']);
  });

  test('and is in force already makes no version', async () => {
    const service = await start(apply);
    expect((await service.apply(policy('a__b'), ADMIN)).version).toBe(1);
    expect(around.drafts).toHaveLength(1);
  });

  test('is put where the file has vanished, for its owner only', async () => {
    const service = await start(apply);
    rmSync(file);
    await service.apply(policy('a__c'), ADMIN);
    expect([read(), statSync(file).mode & 0o777]).toEqual([policy('a__c'), 0o600]);
  });

  test.each<[string, string, string]>([
    ['is no policy', 'version: 1\nagent: {}\n', 'the policy given:2:1: unknown key "agent"'],
    ['is too long', `version: 1\n#${'x'.repeat(LIMITS.policyBytesMax)}`, 'a policy has at most'],
    ['is no Unicode', `${policy('a__c')}# \ud800\n`, 'lone surrogate'],
  ])('and %s changes nothing', async (_what, text, message) => {
    const service = await start(apply);
    const error = await service.apply(text, ADMIN).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'POLICY_INVALID', message: expect.stringContaining(message) });
    expect([read(), service.current().version, around.versions.length]).toEqual([policy('a__b'), 1, 1]);
  });

  test('and begins with a byte-order mark is taken without it', async () => {
    const service = await start(apply);
    await service.apply(`\ufeff${policy('a__c')}`, ADMIN);
    expect([read(), service.show().text]).toEqual([policy('a__c'), policy('a__c')]);
  });

  test('does not overwrite edits that were never applied, whatever they are', async () => {
    const service = await start(apply);
    for (const edits of [policy('a__x'), 'not yet a policy', '']) {
      write(edits);
      // The answer comes before the file has settled.
      const error = await service.apply(policy('a__c'), ADMIN).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({
        code: 'POLICY_CONFLICT',
        details: { remedy: expect.stringContaining(`policy diff ${file}`) },
      });
      expect([read(), service.current().version]).toEqual([edits, 1]);
    }
  });

  test('overwrites a text that is kept as a version, or is the text itself', async () => {
    const service = await start(apply);
    await service.apply(policy('a__c'), ADMIN);
    write(policy('a__b'));
    await service.apply(policy('a__d'), ADMIN);
    write(policy('a__e'));
    expect((await service.apply(policy('a__e'), ADMIN)).version).toBe(4);
    expect(read()).toBe(policy('a__e'));
  });

  test.each<[string, () => void]>([
    [
      'a link',
      () => {
        rmSync(file);
        symlinkSync('/dev/null', file);
      },
    ],
    ['writable by others', () => chmodSync(file, 0o606)],
  ])('does not touch a file that is %s', async (_what, spoil) => {
    const service = await start(apply);
    spoil();
    expect(await codeOf(service.apply(policy('a__c'), ADMIN))).toBe('HOME_UNSAFE');
    expect(service.current().version).toBe(1);
  });

  test('and can’t be recorded leaves file and policy as they were', async () => {
    const service = await start(apply);
    around.state.fails = true;
    expect(await codeOf(service.apply(policy('a__c'), ADMIN))).toBe('LOG_UNAVAILABLE');
    expect([read(), service.show().text]).toEqual([policy('a__b'), policy('a__b')]);
    expect(service.decide(question('a__b')).kind).toBe('allow');
    expect(service.history().map(({ version }) => version)).toEqual([1]);
    around.state.fails = false;
    expect((await service.apply(policy('a__d'), ADMIN)).version).toBe(3);
  });

  test('when the server ends between file and policy, is what the next start applies', async () => {
    await (await start(apply)).close();
    // All that is on disk then: the new file, and perhaps its number, which no record has.
    write(policy('a__c'));
    around.store.put({
      version: 2,
      digest: sha256(policy('a__c')),
      text: policy('a__c'),
      appliedMs: NOW_MS,
      by: 'admin',
    });
    const again = await around.open(apply);
    expect(again.current()).toEqual({ version: 2, digest: sha256(policy('a__c')) });
    expect(around.drafts.at(-1)).toMatchObject({ predicate: { version: 2, by: 'server start' } });
  });
});

test('when the server ends before the number is taken, an edit is applied at the next start, or staged', async () => {
  await (await start()).close();
  write(policy('a__c'));
  const manual = await around.open('manual');
  expect(manual.current().version).toBe(1);
  await until(() => manual.show().fileState.kind === 'staged');
  await manual.close();
  expect((await around.open('auto')).current()).toEqual({ version: 2, digest: sha256(policy('a__c')) });
});

describe('a change that an agent makes', () => {
  const twoTools = 'version: 1\nagents:\n  athena: { grants: [{ id: both, tools: [a__b, a__c] }] }\n  boreas: {}\n';
  const oneTool = twoTools.replace(', a__c', '');
  const forBoreas = twoTools.replace('boreas: {}', 'boreas: { grants: [{ tools: [a__b] }] }');

  test('may take away', async () => {
    const service = await start('auto', twoTools);
    expect((await service.apply(oneTool, ATHENA)).version).toBe(2);
    expect(around.drafts.at(-1)).toMatchObject({ predicate: { by: 'athena' } });
    expect((await service.addAgent(agentName('new'), ATHENA)).version).toBe(3);
  });

  test('may not tie its rules to another agent’s, so that what a person gives that one is given to both', async () => {
    const service = await start('auto', twoTools);
    const tied = `${oneTool.replace('both, tools: [a__b]', 'both, tools: [&one a__b]').replace('boreas: {}', 'boreas: { deny: [{ tools: [*one] }] }')}`;
    expect(await codeOf(service.apply(tied, ATHENA))).toBe('PERSON_NEEDED');
    const written = tied.replace('*one', 'a__b');
    expect(await codeOf(service.apply(written, ATHENA))).toBeUndefined();
    // A person may: and that text may be added to by an agent, as it stands.
    await service.apply(tied, ADMIN);
    await service.addAgent(agentName('new'), ATHENA);
    expect(read()).toBe(`${tied}  new: {}\n`);
    expect(await codeOf(service.rollback(3, ATHENA))).toBe('PERSON_NEEDED');
  });

  test.each(['auto', 'manual'] as const)(
    'may not give anybody more: by a text, the file or an earlier version (%s)',
    async (apply) => {
      const service = await start(apply, twoTools);
      await service.apply(oneTool, ADMIN);
      const error = await service.apply(forBoreas, ATHENA).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({
        code: 'POLICY_WIDENS',
        details: {
          widenings: [
            'agent athena: the grant both gives "a__c" which no grant surely gave before',
            'agent boreas: the grant /agents/boreas/grants/0 gives "a__b" which no grant surely gave before',
          ],
        },
      });
      expect(await codeOf(service.rollback(1, ATHENA))).toBe('POLICY_WIDENS');
      expect([read(), service.current().version]).toEqual([oneTool, 2]);
      write(forBoreas);
      expect(await codeOf(service.apply(undefined, ATHENA))).toBe('POLICY_WIDENS');
      expect(await codeOf(service.reload(ATHENA))).toBe('POLICY_WIDENS');
      expect(service.current().version).toBe(2);
      expect([read(), around.versions.length]).toEqual([forBoreas, 2]);
      // A person may.
      expect((await service.reload(ADMIN)).version).toBe(3);
    },
  );

  test('tells other agents nothing in a rule’s why or id, but may leave or move what a person wrote there', async () => {
    const why = (text: string) => `${twoTools}deny:\n  - { tools: [x__y], why: ${text} }\n`;
    const service = await start('auto', why('done by hand'));
    expect(await codeOf(service.apply(why('ask admin for your token'), ATHENA))).toBe('PERSON_NEEDED');
    const named = why('done by hand').replace('tools: [x__y]', 'id: ask.the-admin, tools: [x__y]');
    expect(await codeOf(service.apply(named, ATHENA))).toBe('PERSON_NEEDED');
    const roles = 'roles: { ask.the-admin: { deny: [{ tools: [x__z] }] } }\n';
    const role = `${why('done by hand').replace('boreas: {}', 'boreas: { roles: [ask.the-admin] }')}${roles}`;
    expect(await codeOf(service.apply(role, ATHENA))).toBe('PERSON_NEEDED');
    expect([read(), service.current().version]).toEqual([why('done by hand'), 1]);
    const moved = why('done by hand').replace('x__y', 'x__*');
    expect((await service.apply(moved, ATHENA)).version).toBe(2);
    expect((await service.apply(why('ask admin'), ADMIN)).version).toBe(3);
  });

  test('does not bring a person’s edits into force in its own name', async () => {
    const service = await start('auto', twoTools);
    write(oneTool);
    expect(await codeOf(service.addAgent(agentName('new'), ATHENA))).toBe('POLICY_CONFLICT');
    expect(read()).toBe(oneTool);
    expect((await service.addAgent(agentName('new'), ADMIN)).version).toBe(2);
  });
});

describe('changes at the same time', () => {
  test('are made one after the other, and each sees what the one before has done', async () => {
    const service = await start();
    const changes = [
      service.apply(policy('a__c'), ADMIN),
      service.addAgent(agentName('new'), ADMIN),
      service.rollback(1, ADMIN),
      service.rollback(2, ADMIN),
    ];
    expect((await Promise.all(changes)).map(({ version }) => version)).toEqual([2, 3, 4, 5]);
    expect(service.show().text).toBe(policy('a__c'));
    expect(read()).toBe(policy('a__c'));
  });

  test('with an edit that is saved while a text is on its way into the file lose neither', async () => {
    const service = await start();
    const release = around.hang();
    const changing = service.apply(policy('a__c'), ADMIN);
    await until(() => around.drafts.length === 2);
    write(policy('a__x'));
    release();
    expect((await changing).version).toBe(2);
    // The edit is newer than the command: it is applied in its turn.
    await until(() => service.current().digest === sha256(policy('a__x')));
    expect(service.history()).toHaveLength(3);
  });

  test('that fail do not put back a text over an edit that was saved meanwhile', async () => {
    const service = await start('manual');
    const release = around.hang();
    const changing = codeOf(service.apply(policy('a__c'), ADMIN));
    await until(() => around.drafts.length === 2);
    write(policy('a__x'));
    around.state.fails = true;
    release();
    expect(await changing).toBe('LOG_UNAVAILABLE');
    expect([read(), service.show().text]).toEqual([policy('a__x'), policy('a__b')]);
  });
});

test('a policy of a mebibyte is applied, compared and taken back', async () => {
  const service = await start();
  const agents = Array.from(
    { length: 8_000 },
    (_, n) =>
      `  agent${n}: { grants: [{ tools: ["plugin${n}__*"], when: args.n == ${n % 7} }], deny: [{ tools: ["*__drop_*"] }] }`,
  );
  const text = `version: 1\nagents:\n${agents.join('\n')}\n`.slice(0, LIMITS.policyBytesMax);
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  expect(whole.length).toBeGreaterThan(0.7 * LIMITS.policyBytesMax);
  await service.apply(whole, ADMIN);
  expect((await service.diff(whole.replace('"plugin7__*"', '"plugin8__*"'))).widenings).toHaveLength(1);
  expect((await service.diff(whole)).widenings).toEqual([]);
  expect((await service.rollback(1, ADMIN)).version).toBe(3);
});
