import { describe, expect, test } from 'vitest';
import type { RunOutcome } from '#domain/invocation.ts';
import { createWorld, returned, settle, usage } from './world.ts';

/** A run that the test ends. */
function held() {
  const { promise, resolve } = Promise.withResolvers<RunOutcome>();
  return { run: () => promise, end: () => resolve(returned({ ok: true })) };
}

describe('when the server stops', () => {
  test('starts no new call but records it, ends waiting ones, and lets running ones end', async () => {
    const { call, dispatcher, records, runs, state } = createWorld();
    const { run, end } = held();
    state.run = run;
    const running = call('p__write');
    const waiting = call('p__write');
    await settle();
    const drained = dispatcher.drain();
    const late = await call('p__pure');
    expect(late).toMatchObject({
      answer: { error: { code: 'SHUTTING_DOWN' } },
      receipt: { index: expect.any(Number) },
    });
    expect(records.find(({ tool }) => tool.name === 'p__pure')).toMatchObject({
      phase: 'cancelled',
      policy: { decision: 'allow' },
      result: { class: 'SHUTTING_DOWN' },
    });
    state.denied.add('p__read');
    expect((await call('p__read')).answer).toMatchObject({ error: { code: 'DENIED' } });
    expect(runs).toHaveLength(1);
    expect((await waiting).answer).toMatchObject({ error: { code: 'SHUTTING_DOWN' } });
    end();
    expect((await running).answer.kind).toBe('value');
    await drained;
    expect(dispatcher.status().lanes).toEqual([
      { name: 'main', waiting: 0, running: 0, isPaused: false },
      { name: 'control', waiting: 0, running: 0, isPaused: false },
    ]);
  });

  test.each([
    ['SHUTTING_DOWN', 'outcome', 'known'],
    ['SHUTTING_DOWN', 'unknown', 'unknown'],
  ] as const)('ends a running call that takes too long with %s, its record says %s', async (code, phase, effect) => {
    const { call, dispatcher, records, state } = createWorld({ drainMsMax: 10 });
    state.run = ({ signal }) =>
      new Promise((resolve) => signal.addEventListener('abort', () => resolve({ kind: 'cancelled', effect, usage })));
    const running = call('p__write');
    await settle();
    await dispatcher.drain();
    expect((await running).answer).toMatchObject({ error: { code } });
    expect(records.at(-1)).toMatchObject({ phase, result: { class: code } });
  });

  test('a caller that goes away while its call runs is told CANCELLED, whatever its reason', async () => {
    const { call, state } = createWorld();
    state.run = ({ signal }) =>
      new Promise((resolve) =>
        signal.addEventListener('abort', () => resolve({ kind: 'cancelled', effect: 'known', usage })),
      );
    const caller = new AbortController();
    const running = call('p__write', { signal: caller.signal });
    await settle();
    caller.abort('gone');
    expect((await running).answer).toMatchObject({ error: { code: 'CANCELLED' } });
  });
});

describe('a run that failed', () => {
  const failed = (effect: 'known' | 'unknown'): RunOutcome => ({
    kind: 'failed',
    error: { code: 'TIMEOUT', message: 'too slow', details: { remedy: 'do less' } },
    effect,
    usage,
  });

  test.each([
    ['p__write', 'known', 'outcome'],
    ['p__write', 'unknown', 'unknown'],
    ['p__read', 'unknown', 'unknown'],
    ['p__pure', 'unknown', 'outcome'],
  ] as const)('%s with its effect %s has a record that says %s', async (tool, effect, phase) => {
    const { call, records, runs, state } = createWorld();
    state.run = async () => failed(effect);
    const { answer } = await call(tool);
    expect(records.at(-1)).toMatchObject({ phase, result: { class: 'TIMEOUT' } });
    expect(runs).toHaveLength(1);
    const details =
      phase === 'unknown'
        ? { effect: 'unknown', remedy: 'look first whether the call took effect; then: do less' }
        : { remedy: 'do less' };
    expect(answer).toEqual({ kind: 'error', error: { code: 'TIMEOUT', message: 'too slow', details } });
  });
});
