// What stops something: it acts before its record, and answers when what it stops has ended.

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { roundedJson } from '#base/exact-json.ts';
import type { Json } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import { createOperationRunner } from '#operations/runner.ts';
import { OPERATIONS } from '#operations/table.ts';
import { ana, bea } from './fake-policy.ts';
import { createWorld, operation, person, prepare, type World } from './world.ts';

const turns = async (count = 20) => {
  for (let turn = 0; turn < count; turn += 1) await new Promise(setImmediate);
};

const stops = OPERATIONS.filter(({ isStop }) => isStop).map(({ name }) => [name] as const);
const stopsOfAgents = stops.filter(([name]) => operation(name).isForPeople !== true);

test('the operations that only stop something are these', () => {
  expect(stops.flat().toSorted()).toEqual([
    ...[
      'agent_revoke',
      'freeze',
      'person_revoke',
      'plugin_disable',
      'queue_cancel',
      'queue_flush',
      'queue_pause',
      'token_revoke',
    ],
  ]);
});

/** Ways to stop a call of `ana`, which runs with a token of hers. */
const WAYS: readonly (readonly [string, { readonly [name: string]: string | boolean }])[] = [
  ['freeze', {}],
  ['freeze', { agent: 'ana' }],
  ['freeze', { writes: true }],
  ['freeze', { plugin: 'paint' }],
  ['plugin_disable', { name: 'paint' }],
  ['agent_revoke', { id: 'id1' }],
];

/** A call of `ana` that runs until it is told to end, and then until the test lets it. */
async function withRunningCall() {
  const world = createWorld();
  const { id } = world.services.tokens.issue(ana, {});
  const mayStillAct = () => world.services.tokens.list().some((row) => row.id === id && row.revokedMs === undefined);
  const { promise, resolve: letEnd } = Promise.withResolvers<void>();
  world.runs.mayEnd = promise;
  const call = world.services.dispatcher.call({ agent: ana, door: 'mcp', tool: 'paint__wall', args: {}, mayStillAct });
  while (world.services.dispatcher.calls()[0]?.state !== 'running') await new Promise(setImmediate);
  const { invocation } = world.services.dispatcher.calls()[0] ?? {};
  return { ...world, world, call, letEnd, invocation };
}

/** The operation as a person does it, and as an agent that was granted it. */
const CALLERS: readonly (readonly [string, (world: World, name: string, input: object) => Promise<Json>])[] = [
  ['a person', (world, name, input) => createOperationRunner(world.services)(operation(name), input, person)],
  [
    'an agent',
    async ({ services }, name, input) => {
      const { answer } = await services.dispatcher.call({
        ...{ agent: bea, door: 'mcp', tool: `smcp__${name}`, args: { ...input } },
      });
      if (answer.kind === 'error') throw Object.assign(new Error(answer.error.message), answer.error);
      return roundedJson(answer.value);
    },
  ],
];

describe.each(CALLERS)('a stop by %s', (_who, act) => {
  test.each(WAYS)('%s %j answers once what it stops has ended', async (name, input) => {
    const { world, call, letEnd, services } = await withRunningCall();
    let isAnswered = false;
    const stopped = act(world, name, input).then((answer) => {
      isAnswered = true;
      return answer;
    });
    await turns();
    expect([isAnswered, services.dispatcher.calls().filter(({ agent }) => agent === 'ana').length]).toEqual([false, 1]);
    letEnd();
    expect(await stopped).toMatchObject({ ending: [] });
    expect(services.dispatcher.calls().filter(({ agent }) => agent === 'ana')).toEqual([]);
    expect((await call).answer.kind).toBe('error');
  });

  test.each(WAYS)('%s %j acts although the log takes forever', async (name, input) => {
    const { world, letEnd, runs, state, services } = await withRunningCall();
    const { promise, resolve } = Promise.withResolvers<void>();
    state.onDisk = promise;
    letEnd();
    const stopped = act(world, name, input);
    await turns();
    const { freezes, tokens, catalog } = services;
    const inForce = [
      ...freezes.list(),
      ...tokens.list().filter(({ revokedMs }) => revokedMs !== undefined),
      ...catalog.reports().filter(({ state }) => state === 'disabled'),
    ];
    expect([inForce.length, runs.ended]).toEqual([1, 1]);
    resolve();
    expect(await stopped).toMatchObject({ ending: [] });
  });

  test.each(WAYS)('%s %j acts although the log is broken, and says that it did', async (name, input) => {
    const { world, call, letEnd, state } = await withRunningCall();
    call.catch(() => {});
    letEnd();
    state.isDiskFull = true;
    await expect(act(world, name, input)).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE', details: { isDone: true } });
    // Its own end could not be recorded either.
    await expect(call).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE' });
  });

  test('that was not done says so where the log is broken', async () => {
    const { world, call, letEnd, state } = await withRunningCall();
    call.catch(() => {});
    state.isDiskFull = true;
    await expect(act(world, 'queue_cancel', { id: 'x' })).rejects.not.toMatchObject({ details: { isDone: true } });
    letEnd();
  });
});

describe('a call that does not end', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test.each(WAYS)('is named by %s %j after stopWaitMsMax', async (name, input) => {
    const { world, call, letEnd, invocation } = await withRunningCall();
    const stopped = createOperationRunner(world.services)(operation(name), input, person);
    await turns();
    await vi.advanceTimersByTimeAsync(LIMITS.stopWaitMsMax);
    expect(await stopped).toMatchObject({ ending: [{ invocation, agent: 'ana', state: 'running' }] });
    letEnd();
    await call;
  });
});

describe('under a freeze of writes, an agent', () => {
  test.each(stopsOfAgents)('can %s', async (name) => {
    const world = createWorld();
    const { input, ended } = await prepare(world, name);
    world.services.freezes.freeze({ kind: 'writes' }, 'admin');
    const can = { agent: 'bea', tool: `smcp__${name}` };
    expect(await createOperationRunner(world.services)(operation('can'), can, person)).toMatchObject({
      decision: 'allow',
    });
    const { answer } = await world.services.dispatcher.call({
      ...{ agent: bea, door: 'mcp', tool: `smcp__${name}`, args: input },
    });
    expect(answer).toMatchObject({ kind: 'value' });
    await world.services.dispatcher.reconsider();
    await ended;
  });

  test('can change nothing else, and under a freeze of everything not even stop', async () => {
    const { services } = createWorld();
    const call = async (tool: string) => {
      const { answer } = await services.dispatcher.call({ agent: bea, door: 'mcp', tool, args: { name: 'zoe' } });
      return answer.kind === 'error' ? answer.error.code : 'value';
    };
    services.freezes.freeze({ kind: 'writes' }, 'admin');
    expect(await call('smcp__agent_add')).toBe('FROZEN');
    services.freezes.freeze({ kind: 'agent', name: 'bea' }, 'admin');
    expect(await call('smcp__plugin_disable')).toBe('FROZEN');
  });
});

test('a stop passes other admin tools, also those whose record is slow in coming', async () => {
  const { services, state } = createWorld();
  const { promise, resolve } = Promise.withResolvers<void>();
  state.onDisk = promise;
  const slow = services.dispatcher.call({ agent: bea, door: 'mcp', tool: 'smcp__agent_add', args: { name: 'zoe' } });
  const behind = services.dispatcher.call({ agent: bea, door: 'mcp', tool: 'smcp__agent_add', args: { name: 'yan' } });
  await turns();
  const frozen = services.dispatcher.call({ agent: bea, door: 'mcp', tool: 'smcp__freeze', args: { agent: 'ana' } });
  await turns();
  expect(services.freezes.list()).toHaveLength(1);
  expect(services.dispatcher.status().lanes[1]).toMatchObject({ name: 'control', waiting: 1 });
  resolve();
  expect((await Promise.all([slow, behind, frozen])).map(({ answer }) => answer.kind)).toEqual(
    Array.from({ length: 3 }, () => 'value'),
  );
});
