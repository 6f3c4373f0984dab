import { describe, expect, test } from 'vitest';
import { SmcpError } from '#base/errors.ts';
import type { Json } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import { compileOwnSchema } from '#base/schema.ts';
import type { StoredRecord } from '#domain/record.ts';
import { leavesRecord } from '#operations/operation.ts';
import { createOperationRunner } from '#operations/runner.ts';
import { OPERATIONS } from '#operations/table.ts';
import { GOOD_INPUT } from './good-input.ts';
import { asBea, createWorld, operation, person, prepare } from './world.ts';

const allNames = OPERATIONS.map(({ name }) => [name] as const);

describe('the table of operations', () => {
  test('has names, commands and routes that are each there once', () => {
    for (const key of [
      OPERATIONS.map(({ name }) => name),
      OPERATIONS.flatMap(({ command }) => (command === undefined ? [] : [command.join(' ')])),
      OPERATIONS.map(({ method, path }) => `${method} ${path}`),
    ]) {
      expect(new Set(key).size).toBe(key.length);
    }
  });

  test('asks for every path parameter and position in its input', () => {
    for (const { input, path, positional } of OPERATIONS) {
      const names = Object.keys(input['properties'] as object);
      const inPath = [...path.matchAll(/:([a-z]+)/g)].map((match) => match[1]);
      expect(names).toEqual(expect.arrayContaining([...inPath, ...positional]));
      expect(input['required']).toEqual(expect.arrayContaining(inPath));
    }
  });

  test('has names that are those of its commands, and a subject for whatever leaves a record', () => {
    for (const one of OPERATIONS) {
      const { name, command, subject } = one;
      expect([name, command?.join('_').replaceAll('-', '_') ?? name]).toEqual([name, name]);
      expect([name, subject !== undefined]).toEqual([name, leavesRecord(one)]);
    }
  });

  test.each(allNames)('%s answers a person as its output schema says', async (name) => {
    const world = createWorld();
    const { input, ended } = await prepare(world, name);
    const answer = await createOperationRunner(world.services)(operation(name), input, person);
    expect(compileOwnSchema(operation(name).output)(answer)).toEqual([]);
    await ended;
  });
});

describe('carrying an operation out', () => {
  test('writes the record of a change before the change, with who and to what, and no secret', async () => {
    const { services, drafts, did } = createWorld();
    await createOperationRunner(services)(operation('agent_token'), { name: 'ana' }, person);
    expect(did).toEqual(['record', 'issue']);
    expect(drafts).toMatchObject([
      { kind: 'admin', predicate: { operation: 'agent_token', subject: 'ana', by: 'admin' } },
    ]);
    expect(JSON.stringify(drafts)).not.toContain('smcp_secret');
  });

  test.each(OPERATIONS.filter(({ effect, isStop }) => effect === 'write' && !isStop).map(({ name }) => [name]))(
    '%s changes nothing when that record can not be written',
    async (name) => {
      const world = createWorld();
      const { input } = await prepare(world, name);
      world.state.isDiskFull = true;
      world.did.length = 0;
      await expect(createOperationRunner(world.services)(operation(name), input, person)).rejects.toMatchObject({
        code: 'LOG_UNAVAILABLE',
      });
      expect(world.did).toEqual([]);
      expect(world.services.freezes.list()).toEqual([]);
      expect(world.versions).toHaveLength(1);
    },
  );

  test('records nothing for a change that can not be', async () => {
    const { services, drafts } = createWorld();
    const run = createOperationRunner(services);
    await expect(run(operation('agent_revoke'), { id: 'x' }, person)).rejects.toMatchObject({ code: 'TOKEN_UNKNOWN' });
    await expect(run(operation('agent_add'), { name: 'ana' }, person)).rejects.toMatchObject({ code: 'AGENT_EXISTS' });
    expect(drafts).toEqual([]);
  });

  test('records again, with the code, what could not be done after all', async () => {
    const { services, drafts } = createWorld();
    const run = createOperationRunner(services);
    await expect(run(operation('policy_apply'), { text: '!' }, person)).rejects.toMatchObject({
      code: 'POLICY_INVALID',
    });
    expect(drafts.map(({ predicate }) => ('failed' in predicate ? predicate.failed : undefined))).toEqual([
      undefined,
      'POLICY_INVALID',
    ]);
  });

  test('records a replay: it changes nothing, and it runs code', async () => {
    const { services, drafts, did } = createWorld();
    await createOperationRunner(services)(operation('log_replay'), GOOD_INPUT['log_replay'], person);
    expect(drafts).toMatchObject([
      { kind: 'admin', predicate: { operation: 'log_replay', subject: '1', by: 'admin' } },
    ]);
    expect(did).toEqual(['record', 'replay']);
  });

  test.each(OPERATIONS.filter((one) => !leavesRecord(one)).map(({ name }) => [name]))(
    'records nothing for a look: %s',
    async (name) => {
      const world = createWorld();
      const { input } = await prepare(world, name);
      await createOperationRunner(world.services)(operation(name), input, person);
      expect(world.drafts).toEqual([]);
    },
  );

  test.each([
    ['agent_token', { name: 'ana', expires: 'soon' }, 'USAGE'],
    ['agent_token', { name: 'ana', colour: 'red' }, 'USAGE'],
    ['agent_token', { name: 'nobody' }, 'AGENT_UNKNOWN'],
    ['agent_token', { name: 'Not A Name' }, 'USAGE'],
    ['agent_token', 'ana', 'USAGE'],
    ['agent_revoke', { id: 'x' }, 'TOKEN_UNKNOWN'],
    ['can', { agent: 'ana', tool: 'x', args: [] }, 'USAGE'],
    ['log_show', { id: '7' }, 'RECORD_UNKNOWN'],
    ['log_show', { id: '01' }, 'RECORD_UNKNOWN'],
    ['log_prove', { id: '7' }, 'RECORD_UNKNOWN'],
    ['log_disclose', { id: '7' }, 'RECORD_UNKNOWN'],
    ['config_set', {}, 'USAGE'],
    ['config_set', { key: 'logging.level', value: '' }, 'USAGE'],
    ['config_set', { key: 'logging.level', value: 'loud' }, 'CONFIG_INVALID'],
    ['config_set', { key: 'server.port', value: '1' }, 'CONFIG_KEY'],
    ['log_replay', { id: '7' }, 'RECORD_UNKNOWN'],
    ['log_replay', { id: '0' }, 'USAGE'],
    ['log_tail', { count: 0 }, 'USAGE'],
    ['freeze', { agent: 'ana', writes: true }, 'USAGE'],
    ['freeze', { agent: 'anna' }, 'AGENT_UNKNOWN'],
    ['freeze', { plugin: 'pant' }, 'PLUGIN_UNKNOWN'],
    ['freeze', { writes: 'yes' }, 'USAGE'],
    ['unfreeze', { agent: 'ana', plugin: 'paint' }, 'USAGE'],
    ['queue_cancel', { id: 'x' }, 'CALL_UNKNOWN'],
    ['queue_flush', { agent: 'anna' }, 'AGENT_UNKNOWN'],
    ['queue_pause', { lane: 'control' }, 'USAGE'],
    ['queue_resume', { lane: 'control' }, 'USAGE'],
    ['policy_show', { version: 9 }, 'POLICY_VERSION_UNKNOWN'],
    ['policy_rollback', { version: 9 }, 'POLICY_VERSION_UNKNOWN'],
    ['policy_rollback', { version: '1' }, 'USAGE'],
    ['policy_rollback', {}, 'USAGE'],
    ['policy_simulate', {}, 'USAGE'],
    ['policy_simulate', { text: 'a!' }, 'POLICY_INVALID'],
    ['policy_simulate', { text: 'a', last: 0 }, 'USAGE'],
    ['policy_simulate', { text: 'a', since: 'x' }, 'USAGE'],
    ['policy_suggest', {}, 'USAGE'],
    ['policy_suggest', { agent: 'anna' }, 'AGENT_UNKNOWN'],
    ['policy_who_can', {}, 'USAGE'],
    ['policy_who_can', { tool: 'x', args: [] }, 'USAGE'],
    ['policy_who_can', { tool: 'x', count: 0 }, 'USAGE'],
    ['policy_unused', { since: 'yesterday' }, 'USAGE'],
    ['policy_unused', { since: '2026-13-01T00:00:00Z' }, 'USAGE'],
    ['plugin_enable', { name: 'pant' }, 'PLUGIN_UNKNOWN'],
    ['plugin_approve', { name: 'paint' }, 'USAGE'],
    ['plugin_approve', { name: 'paint', digest: `sha256:${'0'.repeat(64)}` }, 'PLUGIN_CHANGED'],
    ['plugin_approve', { ...GOOD_INPUT['plugin_approve'], without: 'net,nothing' }, 'USAGE'],
    ['plugin_disable', { name: '__proto__' }, 'PLUGIN_UNKNOWN'],
  ])('%s with %j is refused as %s', async (name, input, code) => {
    const { services, drafts } = createWorld();
    await expect(createOperationRunner(services)(operation(name), input, person)).rejects.toMatchObject({ code });
    expect(drafts).toEqual([]);
  });

  test.each([
    ['freeze', { agent: 'anna' }, 'did you mean ana?'],
    ['freeze', { plugin: 'pant' }, 'did you mean paint?'],
    ['can', { agent: 'anna', tool: 'x' }, 'did you mean ana?'],
    ['queue_pause', { lane: 'control' }, 'never paused'],
  ])('%s with %j is told: %s', async (name, input, words) => {
    const { services } = createWorld();
    await expect(createOperationRunner(services)(operation(name), input, person)).rejects.toMatchObject({
      details: { remedy: expect.stringContaining(words) },
    });
  });

  test.each(OPERATIONS.filter(({ isForPeople }) => isForPeople).map(({ name }) => [name]))(
    'leaves %s to people, and says so',
    async (name) => {
      const world = createWorld();
      const { input } = await prepare(world, name);
      await expect(createOperationRunner(world.services)(operation(name), input, asBea)).rejects.toMatchObject({
        code: 'PERSON_NEEDED',
      });
      expect(world.did.filter((act) => act !== 'issue')).toEqual([]);
    },
  );
});

describe('what the operations show', () => {
  test('status: freezes, pauses, disabled plugins, calls under way, the state of the policy file', async () => {
    const world = createWorld();
    const run = createOperationRunner(world.services);
    const call = world.startCall();
    world.services.dispatcher.pause('main');
    expect(await run(operation('plugin_disable'), { name: 'paint' }, person)).toMatchObject({ ending: [] });
    await call;
    world.services.freezes.freeze({ kind: 'writes' }, 'bea');
    expect(await run(operation('status'), {}, person)).toMatchObject({
      policy: { fileState: { kind: 'in-force' } },
      plugins: { ready: 0, disabled: 1 },
      freezes: [{ scope: 'writes', by: 'bea' }],
      lanes: [
        { name: 'main', isPaused: true },
        { name: 'control', isPaused: false },
      ],
      callsUnderWay: 0,
      calls: 1,
    });
  });

  test('the queue: what runs and what waits behind it, in order, until it is flushed', async () => {
    const world = createWorld();
    const run = createOperationRunner(world.services);
    const { input, ended } = await prepare(world, 'queue_cancel');
    const waiting = world.startCall();
    while (world.services.dispatcher.calls().length < 2) await new Promise(setImmediate);
    expect(await run(operation('queue'), {}, person)).toMatchObject({
      calls: [
        { agent: 'ana', tool: 'paint__wall', state: 'running', startedAt: expect.any(String) },
        { state: 'waiting', startedAt: null },
      ],
    });
    expect(await run(operation('queue_flush'), { agent: 'bea' }, person)).toEqual({ ended: 0 });
    expect(await run(operation('queue_flush'), { agent: 'ana' }, person)).toEqual({ ended: 1 });
    expect((await waiting).answer).toMatchObject({ error: { code: 'CANCELLED' } });
    await run(operation('queue_cancel'), input, person);
    expect((await ended)?.answer).toMatchObject({ error: { code: 'CANCELLED' } });
  });

  test('the history of the policy: newest first, at most as many as asked for', async () => {
    const { services } = createWorld();
    const run = createOperationRunner(services);
    await run(operation('policy_apply'), { text: 'abc' }, person);
    await run(operation('policy_rollback'), { version: 1 }, person);
    const versions = await run(operation('policy_history'), {}, person);
    expect(versions).toMatchObject([
      { version: 3, isInForce: true, by: 'admin' },
      { version: 2, isInForce: false },
      { version: 1, isInForce: false, by: 'start' },
    ]);
    expect(await run(operation('policy_history'), { count: 1 }, person)).toHaveLength(1);
    expect(await run(operation('policy_show'), {}, person)).toMatchObject({ version: 3, text: 'a', isInForce: true });
    expect(await run(operation('policy_show'), { version: 2 }, person)).toMatchObject({
      text: 'abc',
      isInForce: false,
    });
    await expect(run(operation('policy_history'), { count: LIMITS.logPageLengthMax + 1 }, person)).rejects.toThrow(
      SmcpError,
    );
  });

  test.each(['policy_apply', 'policy_rollback', 'agent_revoke', 'plugin_disable', 'plugin_reload', 'freeze'])(
    '%s ends what may no longer run',
    async (name) => {
      const world = createWorld();
      const { input } = await prepare(world, name);
      await createOperationRunner(world.services)(operation(name), input, person);
      expect(world.did.at(-1) === 'enforce' || world.did.includes('enforce')).toBe(true);
    },
  );
});

describe('a record that is shown', () => {
  const shown = async (disclosed: StoredRecord['disclosed']): Promise<Json> => {
    const { services } = createWorld();
    const log = { ...services.log, record: (index: number) => ({ ...own(services.log.record(index)), disclosed }) };
    return createOperationRunner({ ...services, log })(operation('log_show'), { id: '0' }, person);
  };
  const own = (record: StoredRecord | undefined): StoredRecord => record as StoredRecord;

  test('has its values as deep as any door lets them in, with all their digits', async () => {
    const deep = `${'['.repeat(LIMITS.jsonDepthMax)}9007199254740993${']'.repeat(LIMITS.jsonDepthMax)}`;
    const view = await shown({ args: '{"nonce":"n","value":null}', result: `{"nonce":"n","value":${deep}}` });
    expect(JSON.stringify(view)).toContain(`"disclosed":{"args":null,"result":${deep}}`);
  });

  test('says of a value that was too large to be kept how large it was', async () => {
    const view = await shown({ result: '{"bytes":9,"digest":"sha256:00","nonce":"n"}' });
    expect(view).toMatchObject({ digested: { result: { bytes: 9, digest: 'sha256:00' } } });
    expect(view).not.toHaveProperty('disclosed');
  });

  test.each(['1e-Infinity', '1e-1e+24'])('shows a document with %s as text, and never as null', async (number) => {
    const view = await shown({ args: `{"nonce":"n","value":{"rm":"all","x":${number}}}` });
    expect(view).toMatchObject({ unreadable: { args: `{"value":{"rm":"all","x":${number}}}` } });
    expect(view).not.toHaveProperty('disclosed');
  });
});
