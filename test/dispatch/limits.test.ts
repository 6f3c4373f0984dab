import { describe, expect, test } from 'vitest';
import { silentLogger } from '#base/log.ts';
import { createBroker } from '#broker/broker.ts';
import type { CallOutcome, RunOutcome } from '#domain/invocation.ts';
import { NOW_MS } from '#test/policy/policies.ts';
import { createLimited } from './limited.ts';
import { type createWorld, returned, toolOf, usage } from './world.ts';

const grants = (...list: object[]) => ({ version: 1, agents: { a: { grants: list } } });
const codeOf = ({ answer }: CallOutcome) => (answer.kind === 'error' ? answer.error.code : 'value');
const codesOf = (outcomes: readonly CallOutcome[]) => outcomes.map(codeOf);

/** Runs that wait until they are told to end. */
function held() {
  const ends: (() => void)[] = [];
  const run = (): Promise<RunOutcome> =>
    new Promise((resolve) => {
      ends.push(() => resolve(returned({ ok: true })));
    });
  const until = async (count: number) => {
    while (ends.length < count) await new Promise((resolve) => setImmediate(resolve));
  };
  return { ends, run, until };
}

describe('a call over its limit', () => {
  const POLICY = grants({ id: 'few', tools: ['p__*'], limits: { calls: 1, per: '1h' } });

  test('is answered with the rule, how full it is and when it resets, and recorded so', async () => {
    const { call, records } = createLimited(POLICY);
    expect(codeOf(await call('p__write'))).toBe('value');
    const { answer } = await call('p__write');
    const limit = { unit: 'calls', limit: 1, used: 1, perMs: 3_600_000, resetsAt: '2026-11-22T11:00:00.000Z' };
    expect(answer).toEqual({
      kind: 'error',
      error: {
        code: 'RATE_LIMITED',
        message: 'the limit few is reached: 1 of 1 calls in 1h are used',
        details: { rule: 'few', ...limit, remedy: expect.stringContaining('/agents/a/grants/0/limits') },
      },
    });
    expect(records.at(-1)).toMatchObject({
      phase: 'denied',
      policy: { decision: 'deny', rule: 'few', limit },
      result: { isError: true, class: 'RATE_LIMITED' },
    });
  });

  test('and taken again when its window is over', async () => {
    const { call, wait } = createLimited(POLICY);
    expect(codesOf([await call('p__write'), await call('p__write')])).toEqual(['value', 'RATE_LIMITED']);
    wait(3_600_000);
    expect(codeOf(await call('p__write'))).toBe('value');
  });

  test('is refused at its turn, where another took the last place while it waited', async () => {
    const { call, state, runs } = createLimited(POLICY);
    const { ends, run, until } = held();
    state.run = run;
    const outcomes = [call('p__write'), call('p__write'), call('p__write')];
    await until(1);
    ends[0]?.();
    expect(codesOf(await Promise.all(outcomes))).toEqual(['value', 'RATE_LIMITED', 'RATE_LIMITED']);
    expect(runs.length).toBe(1);
  });

  test('a hundred that come at once get one place', async () => {
    const { call, runs } = createLimited(POLICY);
    const codes = codesOf(await Promise.all(Array.from({ length: 100 }, () => call('p__pure'))));
    expect(codes.filter((code) => code === 'value').length).toBe(1);
    expect(runs.length).toBe(1);
  });
});

describe('a call counts', () => {
  const POLICY = grants({ tools: ['p__*'], limits: { calls: 1, per: '1h' } });

  test('when it fails, or is cancelled while it runs', async () => {
    for (const kind of ['failed', 'cancelled'] as const) {
      const { call, state } = createLimited(POLICY);
      state.run = async () =>
        kind === 'failed'
          ? { kind, error: { code: 'TOOL_FAILED', message: 'no' }, effect: 'known', usage }
          : { kind, effect: 'known', usage };
      await call('p__pure');
      expect(codeOf(await call('p__pure'))).toBe('RATE_LIMITED');
    }
  });

  test('not when it never began: the sandbox lacks a layer', async () => {
    const { call, state } = createLimited(POLICY);
    state.missingLayer = true;
    expect(codeOf(await call('p__write'))).toBe('SANDBOX_UNAVAILABLE');
    state.missingLayer = false;
    expect(codesOf([await call('p__write'), await call('p__write')])).toEqual(['value', 'RATE_LIMITED']);
  });

  test('not when its intent could not be recorded', async () => {
    const { call, state } = createLimited(POLICY);
    state.isDiskFull = true;
    await expect(call('p__write')).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE' });
    state.isDiskFull = false;
    expect(codeOf(await call('p__write'))).toBe('value');
  });

  test('not when its arguments are refused, or it is cancelled while it waits', async () => {
    const { call, state } = createLimited(grants({ tools: ['p__*'], limits: { calls: 2, per: '1h' } }));
    expect(codeOf(await call('p__write', { args: { n: 'x' } }))).toBe('ARGUMENTS_INVALID');
    const { ends, run, until } = held();
    state.run = run;
    const first = call('p__write');
    await until(1);
    const controller = new AbortController();
    const second = call('p__write', { signal: controller.signal });
    controller.abort();
    expect(codeOf(await second)).toBe('CANCELLED');
    ends[0]?.();
    await first;
    state.run = async () => returned({ ok: true });
    expect(codesOf([await call('p__write'), await call('p__write')])).toEqual(['value', 'RATE_LIMITED']);
  });

  test('once under an idempotency key, however often its answer is given again', async () => {
    const { call } = createLimited(grants({ tools: ['p__*'], limits: { calls: 2, per: '1h' } }));
    const again = () => call('p__write', { idempotencyKey: 'k' });
    expect(codesOf([await again(), await again(), await again()])).toEqual(['value', 'value', 'value']);
    expect(codesOf([await call('p__write'), await call('p__write')])).toEqual(['value', 'RATE_LIMITED']);
    // What was answered before is given again, whatever is used up by now.
    expect(codeOf(await again())).toBe('value');
  });
});

test('a budget of cost counts what the tool of the call declares', async () => {
  const policy = { ...grants({ tools: ['p__*'] }), budgets: [{ id: 'money', cost: 0.5, per: '1d' }] };
  const { call, tools } = createLimited(policy);
  const dear = toolOf('dear', {});
  tools.set(dear.name, { ...dear, costMicros: 300_000 });
  expect(codesOf([await call('p__dear'), await call('p__dear')])).toEqual(['value', 'RATE_LIMITED']);
  expect(codeOf(await call('p__pure'))).toBe('value');
});

test('bytes of the answer count for the next call', async () => {
  const { call } = createLimited(grants({ tools: ['p__*'], limits: { bytes: 12, per: '1h' } }));
  // `{}` and `{"ok":true}`.
  expect(codesOf([await call('p__pure'), await call('p__pure')])).toEqual(['value', 'RATE_LIMITED']);
});

describe('calls that run at the same time', () => {
  test('are refused one too many, and that is no reason to end those that run', async () => {
    const { call, state, dispatcher } = createLimited(grants({ tools: ['p__*'], limits: { concurrent: 2 } }));
    const { ends, run, until } = held();
    state.run = run;
    const two = [call('p__pure'), call('p__pure')];
    await until(2);
    const { answer } = await call('p__pure');
    expect(answer).toMatchObject({
      error: { code: 'RATE_LIMITED', details: { unit: 'concurrent', limit: 2, used: 2 } },
    });
    await dispatcher.reconsider();
    for (const end of ends) end();
    expect(codesOf(await Promise.all(two))).toEqual(['value', 'value']);
    state.run = async () => returned({ ok: true });
    expect(codeOf(await call('p__pure'))).toBe('value');
  });

  test('wait for their turn first: writes, which run one by one, never are too many', async () => {
    const { call } = createLimited(grants({ tools: ['p__*'], limits: { concurrent: 1 } }));
    const codes = codesOf(await Promise.all(Array.from({ length: 10 }, () => call('p__write'))));
    expect(new Set(codes)).toEqual(new Set(['value']));
  });

  test('of a tool and of what it calls are one', async () => {
    const broker: NonNullable<Parameters<typeof createWorld>[0]>['broker'] = (tools) =>
      createBroker({ clock: { nowMs: () => NOW_MS, monotonicMs: () => 0 }, logger: silentLogger, effects: { tools } });
    const world = createLimited(grants({ tools: ['p__*'], limits: { concurrent: 1 } }), { broker });
    world.tools.set('p__root', { ...toolOf('root', { tools: ['p__pure'] }), checkOutput: () => [] });
    world.state.run = async (request) => {
      if (request.tool.localName !== 'root') return returned({ ok: true });
      await request.onHostCall({ name: 'tools.call', params: { tool: 'p__pure', args: {} } }, request.signal);
      return returned({ ok: true });
    };
    expect(codeOf(await world.call('p__root'))).toBe('value');
    expect(world.records.map(({ tool, phase }) => `${tool.name} ${phase}`)).toContain('p__pure outcome');
  });
});

test('a limit that is lowered while calls run ends none of them', async () => {
  const limited = (calls: number) => grants({ id: 'x', tools: ['p__*'], limits: { calls, per: '1h' } });
  const { call, state, apply, dispatcher } = createLimited(limited(5));
  const { ends, run, until } = held();
  state.run = run;
  const three = [call('p__pure'), call('p__pure'), call('p__pure')];
  await until(3);
  apply(limited(1));
  await dispatcher.reconsider();
  for (const end of ends) end();
  expect(codesOf(await Promise.all(three))).toEqual(['value', 'value', 'value']);
  expect(codeOf(await call('p__pure'))).toBe('RATE_LIMITED');
});

describe('a loop', () => {
  test('is answered with why and what to do, recorded, and over by itself', async () => {
    const loop = { repeats: 3, per: '1m' };
    const { call, records, wait } = createLimited({ ...grants({ tools: ['p__*'] }), defaults: { loop } });
    const same = () => call('p__write', { args: { n: 1 } });
    expect(codesOf([await same(), await same(), await same()])).toEqual(['value', 'value', 'value']);
    const { answer } = await same();
    expect(answer).toMatchObject({
      error: {
        code: 'LOOP_DETECTED',
        message: 'the same call, with the same arguments, was made 3 times in 1m: this looks like a loop',
        details: { limit: 3, used: 3, resetsAt: '2026-11-22T10:01:00.000Z', remedy: expect.stringContaining('change') },
      },
    });
    expect(records.at(-1)).toMatchObject({
      phase: 'denied',
      policy: { rule: '/defaults/loop', limit: { unit: 'repeats', used: 3 } },
      result: { class: 'LOOP_DETECTED' },
    });
    expect(codeOf(await call('p__write', { args: { n: 2 } }))).toBe('value');
    wait(60_000);
    expect(codeOf(await same())).toBe('value');
  });

  test('of a call that repeats nothing is none: the control', async () => {
    const { call } = createLimited({ ...grants({ tools: ['p__*'] }), defaults: { loop: { repeats: 3, per: '1m' } } });
    for (let n = 0; n < 20; n++) expect(codeOf(await call('p__write', { args: { n } }))).toBe('value');
  });
});
