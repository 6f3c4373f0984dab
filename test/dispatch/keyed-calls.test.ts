import { describe, expect, test } from 'vitest';
import { LIMITS } from '#base/limits.ts';
import type { AgentName } from '#domain/agent.ts';
import type { RunOutcome } from '#domain/invocation.ts';
import { createWorld, returned, settle, usage } from './world.ts';

const key = (idempotencyKey: string) => ({ idempotencyKey });

describe('a call under an idempotency key', () => {
  test('runs once; asked again it gives the same answer and receipt', async () => {
    const { call, runs, records } = createWorld();
    const first = await call('p__write', key('k'));
    const again = await call('p__write', key('k'));
    expect(again).toEqual({ ...first, isReplayed: true });
    expect(runs).toHaveLength(1);
    expect(records.map(({ phase }) => phase)).toEqual(['intent', 'outcome', 'replayed']);
  });

  test('runs again without a key, under another, of another agent and of another tool', async () => {
    const { call, runs } = createWorld();
    await call('p__write', key('k'));
    await call('p__write');
    await call('p__write', key('l'));
    await call('p__write', { ...key('k'), agent: 'b' as AgentName });
    await call('p__read', key('k'));
    expect(runs).toHaveLength(5);
  });

  test('with other arguments is a conflict, recorded, and nothing runs', async () => {
    const { call, runs, records } = createWorld();
    await call('p__write', { ...key('k'), args: { n: 1 } });
    const { answer } = await call('p__write', { ...key('k'), args: { n: 2 } });
    expect(answer).toMatchObject({ error: { code: 'IDEMPOTENCY_CONFLICT' } });
    expect(records.at(-1)).toMatchObject({ phase: 'denied', result: { class: 'IDEMPOTENCY_CONFLICT' } });
    expect(runs).toHaveLength(1);
  });

  test('whose arguments differ in the order of keys is the same call', async () => {
    const { call, runs, tools } = createWorld();
    const tool = tools.get('p__write');
    if (tool !== undefined) tools.set('p__write', { ...tool, checkInput: () => [] });
    await call('p__write', { ...key('k'), args: { a: 1, b: 2 } });
    await call('p__write', { ...key('k'), args: { b: 2, a: 1 } });
    expect(runs).toHaveLength(1);
  });

  test('keeps an error of the tool too, and one whose effect is unknown', async () => {
    const { call, runs, state } = createWorld();
    const error = { code: 'TOOL_FAILED', message: 'no' } as const;
    state.run = async () => ({ kind: 'failed', error, effect: 'known', usage });
    await call('p__write', key('k'));
    state.run = async () => ({ kind: 'lost', usage });
    await call('p__write', key('l'));
    state.run = async () => returned({ ok: true });
    expect((await call('p__write', key('k'))).answer).toMatchObject({ error });
    expect((await call('p__write', key('l'))).answer).toMatchObject({ error: { details: { effect: 'unknown' } } });
    expect(runs).toHaveLength(2);
  });

  test('that was denied, frozen, or cancelled before it could do anything may be tried again', async () => {
    const { call, runs, state, freezes } = createWorld();
    state.denied.add('p__write');
    await call('p__write', key('k'));
    state.denied.clear();
    freezes.freeze({ kind: 'all' }, 'admin');
    await call('p__write', key('k'));
    freezes.unfreeze({ kind: 'all' }, 'admin');
    const gone = new AbortController();
    gone.abort();
    await call('p__write', { ...key('k'), signal: gone.signal });
    expect(runs).toHaveLength(0);
    expect((await call('p__write', key('k'))).answer.kind).toBe('value');
  });

  test('is not given to an agent that may no longer call the tool', async () => {
    const { call, state } = createWorld();
    await call('p__write', key('k'));
    state.denied.add('p__write');
    expect((await call('p__write', key('k'))).answer).toMatchObject({ error: { code: 'DENIED' } });
  });

  test('is given again after a restart, and for a day', async () => {
    let nowMs = 1_000_000;
    const clock = { nowMs: () => nowMs, monotonicMs: () => performance.now() };
    const { call, restart, request, runs } = createWorld({ clock });
    const first = await call('p__write', key('k'));
    const later = restart();
    nowMs += LIMITS.idempotencyKeptMs;
    expect(await later.call(request('p__write', key('k')))).toEqual({ ...first, isReplayed: true });
    nowMs += 1;
    await later.call(request('p__write', key('k')));
    expect(runs).toHaveLength(2);
  });

  test('is refused when the agent keeps as many answers as it may, and other agents are not', async () => {
    const { call, keyedCalls, runs } = createWorld();
    const row = { agent: 'a', tool: 't', argsDigest: 'sha256:x', invocation: 'i', createdMs: Date.now() } as const;
    for (let index = 0; index < LIMITS.idempotencyKeysPerAgentMax; index += 1)
      await keyedCalls.put({ ...row, key: `${index}` });
    expect((await call('p__write', key('k'))).answer).toMatchObject({ error: { code: 'IDEMPOTENCY_FULL' } });
    expect((await call('p__write', { ...key('k'), agent: 'b' as AgentName })).answer.kind).toBe('value');
    expect((await call('p__write')).answer.kind).toBe('value');
    expect(runs).toHaveLength(2);
  });
});

describe('the same key while its call runs', () => {
  function heldWorld() {
    const world = createWorld();
    const { promise, resolve } = Promise.withResolvers<RunOutcome>();
    world.state.run = ({ signal }) =>
      new Promise((done) => {
        promise.then(done);
        signal.addEventListener('abort', () => done({ kind: 'cancelled', effect: 'unknown', usage }));
      });
    return { ...world, end: () => resolve(returned({ ok: true })) };
  }

  test('waits for it and gets its answer', async () => {
    const { call, end, records, runs } = heldWorld();
    const first = call('p__write', key('k'));
    await settle();
    const second = call('p__write', key('k'));
    await settle();
    end();
    const { receipt, ...outcome } = await first;
    expect(await second).toEqual({ ...outcome, receipt, isReplayed: true });
    expect(records.at(-1)).toMatchObject({ phase: 'replayed', replayOf: receipt });
    expect(runs).toHaveLength(1);
  });

  test('with other arguments is a conflict at once', async () => {
    const { call, end } = heldWorld();
    const first = call('p__write', { ...key('k'), args: { n: 1 } });
    await settle();
    expect((await call('p__write', key('k'))).answer).toMatchObject({ error: { code: 'IDEMPOTENCY_CONFLICT' } });
    end();
    await first;
  });

  test('the run goes on when its first caller leaves and another waits for it', async () => {
    const { call, end } = heldWorld();
    const client = new AbortController();
    const first = call('p__write', { ...key('k'), signal: client.signal });
    await settle();
    const second = call('p__write', key('k'));
    await settle();
    client.abort();
    end();
    expect((await second).answer.kind).toBe('value');
    expect((await first).answer.kind).toBe('value');
  });

  test('the run is ended once everybody has left who asked for it', async () => {
    const { call, dispatcher, runs } = heldWorld();
    const clients = [new AbortController(), new AbortController(), new AbortController()];
    const calls = clients.map(({ signal }) => call('p__write', { ...key('k'), signal }));
    await settle();
    clients[0]?.abort();
    clients[1]?.abort();
    await settle();
    expect(runs[0]?.signal.aborted).toBe(false);
    clients[2]?.abort();
    for (const { answer } of await Promise.all(calls)) expect(answer).toMatchObject({ error: { code: 'CANCELLED' } });
    expect([runs.length, runs[0]?.signal.aborted, dispatcher.calls()]).toEqual([1, true, []]);
  });

  test('one that only waited can leave, and the run goes on', async () => {
    const { call, end, records } = heldWorld();
    const client = new AbortController();
    const first = call('p__write', key('k'));
    await settle();
    const second = call('p__write', { ...key('k'), signal: client.signal });
    await settle();
    client.abort();
    expect((await second).answer).toMatchObject({ error: { code: 'CANCELLED' } });
    expect(records.at(-1)).toMatchObject({ phase: 'cancelled', result: { class: 'CANCELLED' } });
    end();
    expect((await first).answer.kind).toBe('value');
  });

  test.each([
    [
      'is revoked',
      { code: 'UNAUTHENTICATED' },
      async ({ dispatcher }: ReturnType<typeof heldWorld>) => dispatcher.reconsider(),
    ],
    [
      'is cancelled by an operator',
      { code: 'CANCELLED', message: expect.stringContaining('operator') },
      async ({ dispatcher }: ReturnType<typeof heldWorld>) => {
        dispatcher.cancel(dispatcher.calls().at(-1)?.invocation ?? '');
      },
    ],
  ])('one that only waited and %s gets no answer of the run, and the run goes on', async (_, error, stop) => {
    const world = heldWorld();
    const { call, end, records } = world;
    const mayAct = { second: true };
    const first = call('p__write', key('k'));
    await settle();
    // Its client is there and waits, as it does behind every door.
    const { signal } = new AbortController();
    const second = call('p__write', { ...key('k'), signal, mayStillAct: () => mayAct.second });
    const third = call('p__write', { ...key('k'), signal });
    await settle();
    if (error.code === 'UNAUTHENTICATED') mayAct.second = false;
    await stop(world);
    const [ended, other] = error.code === 'UNAUTHENTICATED' ? [second, third] : [third, second];
    expect((await ended).answer).toMatchObject({ kind: 'error', error });
    expect(records.at(-1)).toMatchObject({ phase: 'cancelled', result: { class: error.code } });
    // Who was not stopped is answered.
    end();
    expect((await other).answer.kind).toBe('value');
    expect((await first).answer.kind).toBe('value');
  });

  test('its only caller leaving ends it, and the answer says that its effect is unknown', async () => {
    const { call, runs } = heldWorld();
    const client = new AbortController();
    const first = call('p__write', { ...key('k'), signal: client.signal });
    await settle();
    client.abort();
    expect((await first).answer).toMatchObject({ error: { code: 'CANCELLED', details: { effect: 'unknown' } } });
    expect((await call('p__write', key('k'))).answer).toMatchObject({ error: { details: { effect: 'unknown' } } });
    expect(runs).toHaveLength(1);
  });
});

describe('a server that ended before the answer was kept', () => {
  /** The row as a crash leaves it: the key is taken, no answer is there. */
  async function afterCrash(world: ReturnType<typeof createWorld>) {
    const { invocation } = await world.call('p__write', key('k'));
    const row = world.keyedCalls.find('a', 'p__write', 'k');
    if (row === undefined) throw new Error('the key was not kept');
    const { outcomeJson: _lost, ...taken } = row;
    await world.keyedCalls.put(taken);
    return { invocation, call: () => world.restart().call(world.request('p__write', key('k'))) };
  }

  test('the answer is found in the log', async () => {
    const world = createWorld();
    const { invocation, call } = await afterCrash(world);
    expect(await call()).toMatchObject({
      invocation,
      isReplayed: true,
      answer: { kind: 'value', value: { ok: true } },
    });
    expect(world.runs).toHaveLength(1);
  });

  test('an error is found there too', async () => {
    const world = createWorld();
    world.state.run = async () => ({
      kind: 'failed',
      error: { code: 'TOOL_FAILED', message: 'no' },
      effect: 'known',
      usage,
    });
    const { call } = await afterCrash(world);
    expect(await call()).toMatchObject({ answer: { kind: 'error', error: { code: 'TOOL_FAILED', message: 'no' } } });
  });

  test('where the log has no result any more, the answer says that the call ran', async () => {
    const world = createWorld();
    const { call } = await afterCrash(world);
    const drafts: { result?: unknown }[] = world.drafts;
    for (const draft of drafts) delete draft.result;
    expect(await call()).toMatchObject({
      answer: { error: { code: 'INTERRUPTED', details: { remedy: expect.stringContaining('smcp log show') } } },
    });
    expect(world.runs).toHaveLength(1);
  });

  test('a call whose end nobody saw is not made again', async () => {
    const world = createWorld();
    world.state.run = async () => ({ kind: 'lost', usage });
    const { call } = await afterCrash(world);
    expect(await call()).toMatchObject({ answer: { error: { code: 'INTERRUPTED', details: { effect: 'unknown' } } } });
    expect(world.runs).toHaveLength(1);
  });

  test('a call without any record took no effect, and is made', async () => {
    const world = createWorld();
    await world.keyedCalls.put({
      agent: 'a',
      tool: 'p__write',
      key: 'k',
      argsDigest: 'sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a',
      invocation: 'never',
      createdMs: Date.now(),
    });
    expect((await world.call('p__write', key('k'))).answer.kind).toBe('value');
    expect(world.runs).toHaveLength(1);
  });
});
