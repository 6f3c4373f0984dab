import { describe, expect, test } from 'vitest';
import type { RunOutcome } from '#domain/invocation.ts';
import { createWorld, returned, settle, usage } from './world.ts';

/** A run that the test ends. */
function held() {
  const { promise, resolve } = Promise.withResolvers<RunOutcome>();
  return { run: () => promise, end: () => resolve(returned({ ok: true })) };
}

describe('a call that is allowed', () => {
  test('answers with the value and a receipt once its one record is written, if the tool is pure', async () => {
    const { call, records } = createWorld();
    const outcome = await call('p__pure', { args: { n: 1 } });
    expect(outcome.answer).toEqual({ kind: 'value', value: { ok: true } });
    expect(outcome.receipt).toEqual({ index: 0, leaf: 'leaf-0' });
    expect(records).toMatchObject([
      {
        phase: 'outcome',
        agent: 'a',
        tool: { name: 'p__pure', effect: 'pure' },
        policy: { decision: 'allow' },
        result: { isError: false, class: 'value' },
      },
    ]);
  });

  test('has its intent on disk before the tool runs, and the outcome names it, if the tool may change something', async () => {
    const { call, records, state } = createWorld();
    const seen: string[] = [];
    state.run = async () => {
      seen.push(...records.map(({ phase }) => phase));
      return returned({ ok: true });
    };
    await call('p__write');
    expect(seen).toEqual(['intent']);
    expect(records.map(({ phase }) => phase)).toEqual(['intent', 'outcome']);
    expect(records[1]?.intent).toEqual({ index: 0, leaf: 'leaf-0' });
  });

  test('runs with the capabilities that the grant leaves, and the shorter deadline', async () => {
    const { call, runs, state } = createWorld();
    await call('p__pure');
    state.allow = { capabilities: {}, timeoutMs: 10 };
    await call('p__pure');
    expect(runs.map(({ capabilities, limits }) => [capabilities, limits.timeoutMs])).toEqual([
      [{ random: true }, 1000],
      [{}, 10],
    ]);
  });

  test('passes what the tool failed with, and records its code', async () => {
    const { call, records, state } = createWorld();
    state.run = async () => ({
      kind: 'failed',
      error: { code: 'TIMEOUT', message: 'too slow' },
      effect: 'known',
      usage,
    });
    const { answer } = await call('p__pure');
    expect(answer).toEqual({ kind: 'error', error: { code: 'TIMEOUT', message: 'too slow' } });
    expect(records).toMatchObject([{ phase: 'outcome', result: { isError: true, class: 'TIMEOUT' } }]);
  });

  test.each([
    ['text that is not JSON', '{"ok":'],
    ['what does not fit the output schema', '{"ok":"yes"}'],
  ])('answers RESULT_INVALID to %s', async (_, resultJson) => {
    const { call, state } = createWorld();
    state.run = async () => ({ kind: 'returned', resultJson, usage });
    expect((await call('p__pure')).answer).toMatchObject({ kind: 'error', error: { code: 'RESULT_INVALID' } });
  });
});

describe('a call that is refused', () => {
  test('by the policy never runs, says the rule and the remedy, and is recorded', async () => {
    const { call, records, runs, state } = createWorld();
    state.denied.add('p__write');
    const { answer, receipt } = await call('p__write');
    expect(answer).toEqual({
      kind: 'error',
      error: { code: 'DENIED', message: 'no grant', details: { rule: 'default-deny', remedy: 'add one' } },
    });
    expect(receipt).toBeDefined();
    expect(runs).toEqual([]);
    expect(records).toMatchObject([{ phase: 'denied', policy: { decision: 'deny', rule: 'default-deny' } }]);
  });

  test('looks the same whether a tool of that name exists or not, in answer and record', async () => {
    const { call, records, state } = createWorld();
    state.denied.add('p__write').add('p__nothing');
    const existing = await call('p__write', { args: { wrong: 'arguments' } });
    const missing = await call('p__nothing', { args: { wrong: 'arguments' } });
    expect(existing.answer).toEqual(missing.answer);
    expect(records.map(({ tool }) => Object.keys(tool))).toEqual([['name'], ['name']]);
  });

  test('for a name that a grant covers but no tool has is an error of its own, and recorded', async () => {
    const { call, records } = createWorld();
    await expect(call('p__nothing')).rejects.toMatchObject({ code: 'TOOL_UNKNOWN' });
    expect(records).toMatchObject([
      { phase: 'denied', tool: { name: 'p__nothing' }, result: { class: 'TOOL_UNKNOWN' } },
    ]);
  });

  test('for arguments that do not fit names the place, and is recorded', async () => {
    const { call, records, runs } = createWorld();
    const { answer } = await call('p__pure', { args: { n: 'one' } });
    expect(answer).toMatchObject({
      kind: 'error',
      error: { code: 'ARGUMENTS_INVALID', details: { problems: [{ pointer: '/n', message: 'must be integer' }] } },
    });
    expect(runs).toEqual([]);
    expect(records).toMatchObject([{ phase: 'denied', result: { class: 'ARGUMENTS_INVALID' } }]);
  });

  test.each([[[1, 2]], ['text'], [7], [null]])(
    'for %j in place of arguments is recorded with what came',
    async (stray) => {
      const { call, drafts, runs } = createWorld();
      const { answer } = await call('p__pure', { strayArgs: stray });
      expect(answer).toMatchObject({
        error: { code: 'ARGUMENTS_INVALID', message: expect.stringContaining('object') },
      });
      expect(runs).toEqual([]);
      expect(drafts).toMatchObject([{ args: stray, predicate: { phase: 'denied' } }]);
    },
  );

  test('because a layer of the sandbox is missing never runs and says the remedy', async () => {
    const { call, records, runs, state } = createWorld();
    state.missingLayer = true;
    expect((await call('p__write')).answer).toMatchObject({
      error: { code: 'SANDBOX_UNAVAILABLE', details: { remedy: 'get it' } },
    });
    expect(runs).toEqual([]);
    expect(records.map(({ phase }) => phase)).toEqual(['cancelled']);
  });

  test('because the queue is full is recorded as never started', async () => {
    const { call, records, state } = createWorld({ queueLengthMax: 1 });
    const { run, end } = held();
    state.run = run;
    const calls = [call('p__write'), call('p__write')];
    await settle();
    expect((await call('p__write')).answer).toMatchObject({ error: { code: 'QUEUE_FULL' } });
    expect(records.at(-1)).toMatchObject({ phase: 'cancelled', result: { class: 'QUEUE_FULL' } });
    end();
    await Promise.all(calls);
  });
});

describe('a call that waits for its turn', () => {
  test('does not start when its grant was taken away meanwhile', async () => {
    const { call, records, runs, state } = createWorld();
    const { run, end } = held();
    state.run = run;
    const first = call('p__write');
    const second = call('p__read');
    await settle();
    state.denied.add('p__read');
    end();
    await first;
    expect((await second).answer).toMatchObject({ error: { code: 'DENIED' } });
    expect(runs).toHaveLength(1);
    expect(records.at(-1)).toMatchObject({ phase: 'denied', tool: { name: 'p__read' } });
  });

  test('does not start when its tool was removed or replaced meanwhile', async () => {
    const { call, runs, state, tools } = createWorld();
    const { run, end } = held();
    state.run = run;
    const first = call('p__write');
    const second = call('p__read');
    await settle();
    tools.delete('p__read');
    end();
    await first;
    expect((await second).answer).toMatchObject({ error: { code: 'TOOL_UNKNOWN' } });
    expect(runs).toHaveLength(1);
  });

  test('does not start when its token was revoked meanwhile', async () => {
    const { call, records, runs, state } = createWorld();
    const { run, end } = held();
    state.run = run;
    let isRevoked = false;
    const first = call('p__write');
    const second = call('p__write', { mayStillAct: () => !isRevoked });
    await settle();
    isRevoked = true;
    end();
    await first;
    expect((await second).answer).toMatchObject({ error: { code: 'UNAUTHENTICATED' } });
    expect(runs).toHaveLength(1);
    expect(records.at(-1)).toMatchObject({ phase: 'cancelled', result: { class: 'UNAUTHENTICATED' } });
  });

  test('ends as cancelled when its caller goes away', async () => {
    const { call, records, runs, state } = createWorld();
    const { run, end } = held();
    state.run = run;
    const first = call('p__write');
    const caller = new AbortController();
    const second = call('p__write', { signal: caller.signal });
    await settle();
    caller.abort();
    expect((await second).answer).toMatchObject({ error: { code: 'CANCELLED' } });
    end();
    await first;
    expect(runs).toHaveLength(1);
    expect(records.map(({ phase }) => phase)).toEqual(['intent', 'cancelled', 'outcome']);
  });
});

describe('a run that is lost for the fault of another call', () => {
  test('is tried once more if the tool is pure', async () => {
    const { call, records, runs, state } = createWorld();
    const outcomes: RunOutcome[] = [{ kind: 'lost', usage }, returned({ ok: true })];
    state.run = async () => outcomes.shift() ?? { kind: 'lost', usage };
    expect((await call('p__pure')).answer).toEqual({ kind: 'value', value: { ok: true } });
    expect(runs).toHaveLength(2);
    expect(records).toMatchObject([{ phase: 'outcome', attempt: 2 }]);
  });

  test('ends after the second loss', async () => {
    const { call, runs, state } = createWorld();
    state.run = async () => ({ kind: 'lost', usage });
    expect((await call('p__pure')).answer).toMatchObject({ error: { code: 'INTERRUPTED' } });
    expect(runs).toHaveLength(2);
  });

  test('is never repeated if it may have changed something: its record says unknown', async () => {
    const { call, records, runs, state } = createWorld();
    state.run = async () => ({ kind: 'lost', usage });
    expect((await call('p__write')).answer).toMatchObject({ error: { code: 'INTERRUPTED' } });
    expect(runs).toHaveLength(1);
    expect(records.map(({ phase }) => phase)).toEqual(['intent', 'unknown']);
  });
});

describe('when the log cannot be written', () => {
  test('no tool that may change something runs, and no answer leaves', async () => {
    const { call, runs, state } = createWorld();
    state.isDiskFull = true;
    await expect(call('p__write')).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE' });
    expect(runs).toEqual([]);
    await expect(call('p__pure')).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE' });
  });

  test('a write that was lost for it gives its place in the lane back', async () => {
    const { call, state } = createWorld();
    state.isDiskFull = true;
    await expect(call('p__write')).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE' });
    state.isDiskFull = false;
    expect((await call('p__write')).answer.kind).toBe('value');
  });
});
