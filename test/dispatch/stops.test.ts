import { describe, expect, test } from 'vitest';
import type { AgentName } from '#domain/agent.ts';
import type { RunOutcome } from '#domain/invocation.ts';
import type { RunRequest } from '#domain/sandbox-ports.ts';
import { createWorld, returned, settle, usage } from './world.ts';

/** Runs until it is stopped; then the effect is as the test says. */
const untilStopped =
  (effect: 'known' | 'unknown') =>
  ({ signal }: RunRequest): Promise<RunOutcome> =>
    new Promise((resolve) => {
      const stop = () => resolve({ kind: 'cancelled', effect, usage });
      if (signal.aborted) stop();
      else signal.addEventListener('abort', stop);
    });

describe('a freeze', () => {
  test('refuses calls before anything else is asked, and a record says so', async () => {
    const { call, freezes, records, state, runs } = createWorld();
    expect((await call('p__pure')).answer.kind).toBe('value');
    freezes.freeze({ kind: 'all' }, 'admin');
    state.denied.add('p__pure');
    const { answer } = await call('p__pure');
    expect(answer).toMatchObject({
      error: {
        code: 'FROZEN',
        details: { scope: 'everything', by: 'admin', remedy: 'a person lifts it with: smcp unfreeze' },
      },
    });
    expect(records.at(-1)).toMatchObject({ phase: 'denied', result: { class: 'FROZEN' }, tool: { name: 'p__pure' } });
    expect(records.at(-1)?.policy).toEqual({ version: 1, digest: expect.stringMatching(/^sha256:/) });
    expect(runs).toHaveLength(1);
  });

  test.each([
    [{ kind: 'agent', name: 'a' }, ['p__pure', 'p__read', 'p__write']],
    [{ kind: 'agent', name: 'b' }, []],
    [{ kind: 'plugin', name: 'p' }, ['p__pure', 'p__read', 'p__write']],
    [{ kind: 'plugin', name: 'q' }, []],
    [{ kind: 'writes' }, ['p__write', 'smcp__queue_flush']],
    [{ kind: 'all' }, ['p__pure', 'p__read', 'p__write', 'smcp__queue_flush']],
  ] as const)('of %j stops %j of one agent and nothing else', async (scope, stopped) => {
    const { call, freezes, tools } = createWorld();
    freezes.freeze(scope, 'admin');
    const frozen: string[] = [];
    for (const name of [...tools.keys()].sort()) {
      const { answer } = await call(name);
      if (answer.kind === 'error' && answer.error.code === 'FROZEN') frozen.push(name);
    }
    const ofAgent = scope.kind === 'agent' && scope.name === 'a' ? [...stopped, 'smcp__queue_flush'] : stopped;
    expect(frozen).toEqual(ofAgent);
  });

  test('is lifted by a person, and calls go on', async () => {
    const { call, freezes } = createWorld();
    freezes.freeze({ kind: 'all' }, 'admin');
    expect(freezes.unfreeze({ kind: 'all' }, 'admin')).toBe(true);
    expect(freezes.unfreeze({ kind: 'all' }, 'admin')).toBe(false);
    expect((await call('p__pure')).answer.kind).toBe('value');
  });

  test('ends what waits and what runs; a write in the middle of it ends as unknown', async () => {
    const { call, dispatcher, freezes, records, state, runs } = createWorld();
    state.run = untilStopped('unknown');
    const running = call('p__write');
    const waiting = call('p__write');
    await settle();
    expect(dispatcher.calls().map(({ state }) => state)).toEqual(['running', 'waiting']);
    freezes.freeze({ kind: 'writes' }, 'hermes');
    await dispatcher.reconsider();
    expect((await running).answer).toMatchObject({
      error: { code: 'FROZEN', details: { effect: 'unknown', by: 'hermes' } },
    });
    expect((await waiting).answer).toMatchObject({ error: { code: 'FROZEN' } });
    expect(records.map(({ phase }) => phase).sort()).toEqual(['cancelled', 'intent', 'unknown']);
    expect(runs).toHaveLength(1);
    expect(dispatcher.calls()).toEqual([]);
  });

  test('leaves alone what it does not stop', async () => {
    const { call, dispatcher, freezes, state } = createWorld();
    const { promise, resolve } = Promise.withResolvers<RunOutcome>();
    state.run = () => promise;
    const running = call('p__pure');
    await settle();
    freezes.freeze({ kind: 'writes' }, 'admin');
    freezes.freeze({ kind: 'agent', name: 'b' }, 'admin');
    await dispatcher.reconsider();
    resolve(returned({ ok: true }));
    expect((await running).answer.kind).toBe('value');
  });
});

describe('what runs is asked about again when something changed', () => {
  test('a removed grant ends the call with the rule that now decides', async () => {
    const { call, dispatcher, state, records } = createWorld();
    state.run = untilStopped('known');
    const running = call('p__pure');
    await settle();
    state.denied.add('p__pure');
    await dispatcher.reconsider();
    expect((await running).answer).toMatchObject({ error: { code: 'DENIED', details: { rule: 'default-deny' } } });
    expect(records.at(-1)).toMatchObject({ phase: 'outcome', result: { class: 'DENIED' } });
  });

  test('without a change it goes on', async () => {
    const { call, dispatcher, state } = createWorld();
    const { promise, resolve } = Promise.withResolvers<RunOutcome>();
    state.run = () => promise;
    const running = call('p__pure');
    await settle();
    await dispatcher.reconsider();
    resolve(returned({ ok: true }));
    expect((await running).answer.kind).toBe('value');
  });

  test('a revoked token ends it, waiting or running', async () => {
    const { call, dispatcher, state } = createWorld();
    let isValid = true;
    state.run = untilStopped('known');
    const mayStillAct = () => isValid;
    const calls = [call('p__write', { mayStillAct }), call('p__write', { mayStillAct })];
    await settle();
    isValid = false;
    await dispatcher.reconsider();
    for (const { answer } of await Promise.all(calls))
      expect(answer).toMatchObject({ error: { code: 'UNAUTHENTICATED' } });
  });

  test('a tool that is gone ends it', async () => {
    const { call, dispatcher, state, tools } = createWorld();
    state.run = untilStopped('known');
    const running = call('p__pure');
    await settle();
    tools.delete('p__pure');
    await dispatcher.reconsider();
    expect((await running).answer).toMatchObject({ error: { code: 'TOOL_UNKNOWN' } });
  });

  test('a thousand calls that wait while the policy changes are each decided at their turn, by the policy of then', async () => {
    const { call, dispatcher, state, runs, records } = createWorld();
    const { promise, resolve } = Promise.withResolvers<RunOutcome>();
    state.run = () => promise;
    const first = call('p__write');
    const waiting = Array.from({ length: 1000 }, () => call('p__write'));
    while (dispatcher.status().lanes[0]?.waiting !== 1000 || runs.length === 0) await settle();
    expect(dispatcher.status().lanes[0]).toMatchObject({ waiting: 1000, running: 1 });
    state.denied.add('p__write');
    const reconsidered = dispatcher.reconsider();
    resolve(returned({ ok: true }));
    await reconsidered;
    await first;
    const answers = await Promise.all(waiting);
    expect(new Set(answers.map(({ answer }) => (answer.kind === 'error' ? answer.error.code : 'value')))).toEqual(
      new Set(['DENIED']),
    );
    expect(runs).toHaveLength(1);
    expect(records.filter(({ phase }) => phase === 'denied')).toHaveLength(1000);
  });
});

describe('an operator', () => {
  test('sees what waits and runs, in the order it came', async () => {
    const { call, dispatcher, state } = createWorld();
    state.run = untilStopped('known');
    const calls = [call('p__write', { door: 'sse' }), call('p__read')];
    await settle();
    const shown = dispatcher.calls();
    expect(shown).toEqual([
      expect.objectContaining({
        tool: 'p__write',
        door: 'sse',
        lane: 'main',
        state: 'running',
        startedMs: expect.any(Number),
      }),
      expect.objectContaining({ tool: 'p__read', state: 'waiting' }),
    ]);
    expect(shown[1]).not.toHaveProperty('startedMs');
    for (const { invocation } of shown) dispatcher.cancel(invocation);
    await Promise.all(calls);
  });

  test('cancels one call, and is told when there is none', async () => {
    const { call, dispatcher, state } = createWorld();
    state.run = untilStopped('known');
    const running = call('p__pure');
    await settle();
    const [view] = dispatcher.calls();
    expect(dispatcher.cancel(view?.invocation ?? '')).toEqual(view);
    expect((await running).answer).toMatchObject({
      error: { code: 'CANCELLED', message: expect.stringContaining('operator') },
    });
    expect(() => dispatcher.cancel(view?.invocation ?? '')).toThrow(expect.objectContaining({ code: 'CALL_UNKNOWN' }));
  });

  test('flushes what waits, of one agent or of all, and leaves what runs', async () => {
    const { call, dispatcher, state } = createWorld();
    const { promise, resolve } = Promise.withResolvers<RunOutcome>();
    state.run = () => promise;
    const running = call('p__write');
    const a = call('p__write');
    const b = call('p__write', { agent: 'b' as AgentName });
    await settle();
    expect(dispatcher.flush('b' as AgentName)).toBe(1);
    expect((await b).answer).toMatchObject({ error: { code: 'CANCELLED' } });
    expect(dispatcher.flush()).toBe(1);
    expect((await a).answer).toMatchObject({ error: { code: 'CANCELLED' } });
    resolve(returned({ ok: true }));
    expect((await running).answer.kind).toBe('value');
  });

  test('pauses the lane: nothing starts until it is resumed, and the control lane goes on', async () => {
    const { call, dispatcher, runs } = createWorld();
    dispatcher.pause('main');
    const waiting = [call('p__pure'), call('p__write')];
    await settle();
    expect(dispatcher.status().lanes).toMatchObject([{ waiting: 2, isPaused: true }, { isPaused: false }]);
    expect((await call('smcp__queue_flush')).answer.kind).toBe('value');
    expect(runs).toHaveLength(0);
    dispatcher.resume('main');
    await Promise.all(waiting);
    expect(runs).toHaveLength(2);
  });
});

describe('an admin tool', () => {
  test('is announced and recorded like any tool, without a sandbox', async () => {
    const { call, records, state } = createWorld();
    state.runAdmin = async ({ tool, agent, args }) => ({ kind: 'value', value: [tool.operation, agent, args] });
    const { answer } = await call('smcp__queue_flush', { args: { agent: 'x' } });
    expect(answer).toEqual({ kind: 'value', value: ['queue_flush', 'a', { agent: 'x' }] });
    expect(records.map(({ phase }) => phase)).toEqual(['intent', 'outcome']);
    for (const record of records) {
      expect(record.tool).toEqual({ name: 'smcp__queue_flush', schema: expect.any(String), effect: 'write' });
      expect(record).not.toHaveProperty('sandbox');
    }
  });

  test('runs alone even where it only reads, so that a stop gets in between two of them', async () => {
    const { dispatcher, call, request, state, tools } = createWorld();
    const flush = tools.get('smcp__queue_flush');
    if (flush?.kind !== 'admin') throw new Error('there is an admin tool');
    tools.set('smcp__queue', { ...flush, name: 'smcp__queue', operation: 'queue', effect: 'read' });
    let running = 0;
    const seen: number[] = [];
    const oneMore = async () => {
      running += 1;
      seen.push(running);
      await settle();
      running -= 1;
    };
    state.runAdmin = async () => {
      await oneMore();
      return { kind: 'value', value: null };
    };
    state.run = async () => {
      await oneMore();
      return returned({ ok: true });
    };
    const agents = ['a', 'b', 'c'] as AgentName[];
    await Promise.all(agents.map((agent) => dispatcher.call({ ...request('smcp__queue'), agent })));
    expect(seen).toEqual([1, 1, 1]);
    // A plugin's tools that read run beside each other.
    seen.length = 0;
    await Promise.all([call('p__read'), call('p__read'), call('p__read')]);
    expect(seen).toEqual([1, 2, 3]);
  });

  test('that throws is a fault of ours, answered without its text', async () => {
    const { call, state } = createWorld();
    state.runAdmin = async () => {
      throw new Error('secret inside');
    };
    expect((await call('smcp__queue_flush')).answer).toEqual({
      kind: 'error',
      error: { code: 'INTERNAL', message: 'internal error' },
    });
  });

  test('that has begun is not cut short', async () => {
    const { call, dispatcher, state } = createWorld();
    const { promise, resolve } = Promise.withResolvers<{ kind: 'value'; value: null }>();
    state.runAdmin = () => promise;
    const running = call('smcp__queue_flush');
    await settle();
    state.denied.add('smcp__queue_flush');
    await dispatcher.reconsider();
    resolve({ kind: 'value', value: null });
    expect((await running).answer).toEqual({ kind: 'value', value: null });
  });
});
