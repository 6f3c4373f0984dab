// Admin tools through the real dispatcher: who may call them, and that nobody gets more rights by one.

import { describe, expect, test } from 'vitest';
import type { JsonObject } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import { silentLogger } from '#base/log.ts';
import type { ToolAnswer } from '#domain/invocation.ts';
import { adminToolName, createAdminToolCatalog, createAdminTools } from '#operations/admin-tools.ts';
import { createOperationRunner } from '#operations/runner.ts';
import { OPERATIONS } from '#operations/table.ts';
import { ana, bea } from './fake-policy.ts';
import { createWorld, operation, person, prepare, type World } from './world.ts';

const call = async (
  world: World,
  agent: typeof ana,
  [name, args]: readonly [string, JsonObject],
): Promise<ToolAnswer> =>
  (await world.services.dispatcher.call({ agent, door: 'mcp', tool: `smcp__${name}`, args })).answer;

const forPeople = OPERATIONS.filter(({ isForPeople }) => isForPeople).map(({ name }) => [name] as const);
const forAgents = OPERATIONS.filter(({ isForPeople }) => !isForPeople).map(({ name }) => [name] as const);

describe('the tools of operations', () => {
  const catalog = createAdminToolCatalog();

  test('are one for each operation, and those left to people are not shown', () => {
    for (const { name, isForPeople, effect } of OPERATIONS) {
      const tool = catalog.tool(adminToolName({ name }));
      expect(tool).toMatchObject({ kind: 'admin', operation: name, effect, isForPeople: isForPeople === true });
    }
    expect(
      catalog
        .tools()
        .map(({ operation }) => operation)
        .toSorted(),
    ).toEqual(forAgents.map(([name]) => name).toSorted());
    expect(forPeople.map(([name]) => name).toSorted()).toEqual([
      ...[
        'agent_token',
        'labels_clear',
        'notify_test',
        'person_invite',
        'person_revoke',
        'plugin_approve',
        'plugin_enable',
        'queue_resume',
        'secret_rm',
      ],
      ...['secret_set', 'unfreeze'],
    ]);
    expect(catalog.tool('smcp__nothing')).toBeUndefined();
    expect(catalog.tool('status')).toBeUndefined();
  });

  test('have names that clients take, and a digest of their own over what an agent is shown', () => {
    const tools = catalog.tools();
    for (const { name, description } of tools) {
      expect(name).toMatch(/^smcp__[a-z_]{2,58}$/);
      expect(description.length).toBeGreaterThan(30);
    }
    expect(new Set(tools.map(({ schemaDigest }) => schemaDigest)).size).toBe(tools.length);
    expect(createAdminToolCatalog().tools()[0]?.schemaDigest).toBe(tools[0]?.schemaDigest);
  });

  test('check their arguments', () => {
    const rollback = catalog.tool('smcp__policy_rollback');
    expect(rollback?.checkInput({ version: 1 })).toEqual([]);
    expect(rollback?.checkInput({ version: 'x' })).not.toEqual([]);
    expect(rollback?.checkInput({ version: 1, by: 'admin' })).not.toEqual([]);
  });
});

describe('an agent with a grant for smcp__ tools', () => {
  test.each(forAgents)('can do %s, and the record is that of the call alone', async (name) => {
    const world = createWorld();
    const { input, ended } = await prepare(world, name);
    world.drafts.length = 0;
    expect(await call(world, bea, [name, input])).toMatchObject({ kind: 'value' });
    await ended;
    const own = world.drafts.filter((draft) => draft.kind !== 'invocation' || draft.predicate.agent === 'bea');
    // What somebody decides about a call is a record of its own.
    const decided = name === 'approvals_approve' || name === 'approvals_deny' ? own.splice(1, 1) : [];
    expect(decided.every(({ kind }) => kind === 'approval')).toBe(true);
    expect(own.map(({ kind }) => kind)).toEqual(['invocation', 'invocation']);
    expect(own.map(({ predicate }) => ('phase' in predicate ? predicate.phase : ''))).toEqual(['intent', 'outcome']);
  });

  test.each(forPeople)('is told that %s takes a person, and nothing is done', async (name) => {
    const world = createWorld();
    const { input } = await prepare(world, name);
    world.services.freezes.freeze({ kind: 'plugin', name: 'paint' }, 'admin');
    world.did.length = 0;
    expect(await call(world, bea, [name, input])).toMatchObject({ error: { code: 'PERSON_NEEDED' } });
    expect(world.did.filter((act) => act !== 'record')).toEqual([]);
    expect(world.services.freezes.list()).toHaveLength(1);
    expect(world.drafts.length).toBeGreaterThan(0);
  });

  test.each([
    ['a policy under which somebody could do more', 'policy_apply', { text: 'aaaa' }],
    ['a version under which somebody could do more', 'policy_rollback', { version: 2 }],
  ])('can not apply %s', async (_, name, input) => {
    const world = createWorld();
    await world.services.policy.apply('aaa', { by: 'admin', mayWiden: true });
    await world.services.policy.apply('aa', { by: 'admin', mayWiden: true });
    expect(await call(world, bea, [name, input])).toMatchObject({ error: { code: 'POLICY_WIDENS' } });
    expect(world.versions).toHaveLength(3);
    // What takes rights away is taken, and so is what an administrator does.
    expect(await call(world, bea, ['policy_apply', { text: 'a' }])).toMatchObject({ kind: 'value' });
    expect(world.versions.at(-1)).toEqual({ text: 'a', by: 'bea' });
  });

  test('can add an agent only as one without grants', async () => {
    const world = createWorld();
    expect(await call(world, bea, ['agent_add', { name: 'zoe' }])).toMatchObject({ kind: 'value' });
    expect(await call(world, bea, ['agent_add', { name: 'yan', grants: [] }])).toMatchObject({
      error: { code: 'ARGUMENTS_INVALID' },
    });
    expect(await call(world, bea, ['agent_add', { name: 'admin' }])).toMatchObject({ error: { code: 'USAGE' } });
  });

  test('can revoke the tokens of others', async () => {
    const world = createWorld();
    const { id } = world.services.tokens.issue(ana, {});
    expect(await call(world, bea, ['agent_revoke', { id }])).toMatchObject({ kind: 'value' });
    expect(world.services.tokens.list()).toMatchObject([{ revokedMs: 1 }]);
  });

  test('gets no secret by any of them', async () => {
    const world = createWorld();
    world.services.tokens.issue(ana, {});
    for (const [name] of forAgents) {
      const { input } = name === 'queue_cancel' ? { input: { id: 'x' } } : await prepare(world, name);
      expect(JSON.stringify(await call(world, bea, [name, input]))).not.toContain('smcp_secret');
      for (const freeze of world.services.freezes.list()) world.services.freezes.unfreeze(freeze.scope, 'admin');
    }
  });

  test('is told no place on this machine, in no answer and no error', async () => {
    const world = createWorld();
    const message = '/home/policy.yaml is a symbolic link';
    world.policyState.fileState = { kind: 'refused', message, findings: [] };
    const asked: ToolAnswer[] = [await call(world, bea, ['policy_apply', { text: '!' }])];
    for (const name of ['status', 'policy_show', 'plugin_list', 'plugin_reload', 'plugin_disable']) {
      asked.push(await call(world, bea, [name, (await prepare(world, name)).input]));
    }
    expect(asked.map(({ kind }) => kind)).toEqual(['error', 'value', 'value', 'value', 'value', 'value']);
    expect(JSON.stringify(asked)).not.toMatch(/\/home|\/plugins/);
    expect(JSON.stringify(asked)).toContain('policy.yaml is a symbolic link');
    const seen = await createOperationRunner(world.services)(operation('status'), {}, person);
    expect(JSON.stringify(seen)).toContain(message);
  });

  test('can freeze even itself, and is then stopped like any other', async () => {
    const world = createWorld();
    expect(await call(world, bea, ['freeze', {}])).toMatchObject({ kind: 'value', value: { scope: 'all', by: 'bea' } });
    expect(await call(world, bea, ['status', {}])).toMatchObject({ error: { code: 'FROZEN' } });
  });

  test.each(['policy_diff', 'policy_apply'])('can not hold the server up with a long text for %s', async (name) => {
    const world = createWorld();
    const text = 'a'.repeat(LIMITS.policyOfAgentBytesMax + 1);
    world.did.length = 0;
    const refused = await call(world, bea, [name, { text }]);
    expect(refused).toMatchObject({
      error: { code: 'POLICY_INVALID', message: expect.stringContaining('65536 bytes') },
    });
    // In bytes, not in characters.
    expect(await call(world, bea, [name, { text: '\u20ac'.repeat(30_000) }])).toMatchObject({
      error: { code: 'POLICY_INVALID' },
    });
    expect(world.did).not.toContain('apply');
    // A person's is looked at, and so is one that is not too long.
    expect(await createOperationRunner(world.services)(operation(name), { text }, person)).toBeTruthy();
    expect(await call(world, bea, [name, { text: text.slice(1) }])).toMatchObject({ kind: 'value' });
  });

  test('can not hold the server up with a policy that has grown long, one agent or version at a time', async () => {
    const world = createWorld();
    const long = 'a'.repeat(LIMITS.policyOfAgentBytesMax + 1);
    await world.services.policy.apply(long, { by: 'admin', mayWiden: true });
    world.did.length = 0;
    for (const asked of [
      ['agent_add', { name: 'zoe' }],
      ['policy_rollback', { version: 2 }],
    ] as const) {
      expect(await call(world, bea, asked)).toMatchObject({ error: { code: 'POLICY_INVALID' } });
    }
    expect(world.did.filter((act) => act !== 'record')).toEqual([]);
    // A person can, and an agent can go back to a short one.
    expect(await createOperationRunner(world.services)(operation('agent_add'), { name: 'zoe' }, person)).toBeTruthy();
    expect(await call(world, bea, ['policy_rollback', { version: 1 }])).toMatchObject({ kind: 'value' });
    expect(await call(world, bea, ['agent_add', { name: 'yan' }])).toMatchObject({ kind: 'value' });
  });

  test('is told of a refusal by the operation as an answer', async () => {
    const world = createWorld();
    expect(await call(world, bea, ['queue_cancel', { id: 'x' }])).toMatchObject({ error: { code: 'CALL_UNKNOWN' } });
    expect(await call(world, bea, ['freeze', { agent: 'anna' }])).toMatchObject({
      error: { code: 'AGENT_UNKNOWN', details: { remedy: 'did you mean ana?' } },
    });
  });
});

describe('an agent without such a grant', () => {
  test.each(OPERATIONS.map(({ name }) => [name]))(
    'is denied %s, which is recorded, and nothing is done',
    async (name) => {
      const world = createWorld();
      const { input, ended } = await prepare(world, name);
      world.did.length = 0;
      const before = world.drafts.length;
      expect(await call(world, ana, [name, input])).toMatchObject({ error: { code: 'DENIED' } });
      expect(world.drafts.slice(before)).toMatchObject([{ predicate: { phase: 'denied', agent: 'ana' } }]);
      expect(world.did).toEqual(['record']);
      expect(world.services.freezes.list()).toEqual([]);
      for (const { invocation } of world.services.dispatcher.calls()) world.services.dispatcher.cancel(invocation);
      await ended;
    },
  );
});

describe('carrying out', () => {
  const { services } = createWorld();
  const status = createAdminToolCatalog().tool('smcp__status');
  if (status === undefined) throw new Error('status');

  test('makes of a bug an answer without its text, and logs it', async () => {
    const errors: string[] = [];
    const log = {
      ...services.log,
      size: () => {
        throw new Error('secret place');
      },
    };
    const tools = createAdminTools({
      services: () => ({ ...services, log }),
      logger: { ...silentLogger, error: (_, fields) => void errors.push(String(fields?.['error'])) },
    });
    const answer = await tools.run({ tool: status, args: {}, agent: bea });
    expect(answer).toEqual({ kind: 'error', error: { code: 'INTERNAL', message: 'internal error' } });
    expect(errors).toEqual([expect.stringContaining('secret place')]);
  });

  test('checks the arguments and the operation by itself, whoever calls', async () => {
    const tools = createAdminTools({ services: () => services, logger: silentLogger });
    expect(await tools.run({ tool: status, args: { x: 1 }, agent: bea })).toMatchObject({
      error: { code: 'ARGUMENTS_INVALID' },
    });
    const unknown = { ...status, operation: 'toString' };
    expect(await tools.run({ tool: unknown, args: {}, agent: bea })).toMatchObject({ error: { code: 'TOOL_UNKNOWN' } });
  });
});
