import { beforeEach, describe, expect, test } from 'vitest';
import { LIMITS } from '#base/limits.ts';
import type { AgentName } from '#domain/agent.ts';
import { createCounters } from '#policy/counters.ts';
import { createLimitedWorld, kinds, memoryCounterStore } from './limited-world.ts';
import { NOW_MS } from './policies.ts';

const HOUR_MS = 3_600_000;

const grants = (...list: object[]) => ({ version: 1, agents: { athena: { grants: list } } });
const LIMITED = { tools: ['a__*'], limits: { calls: 3, per: '1h' } };

let world: ReturnType<typeof createLimitedWorld>;
const calls = (count: number) => kinds(Array.from({ length: count }, () => world.call('a__b')));

beforeEach(() => {
  world = createLimitedWorld(grants(LIMITED));
});

describe('what was counted', () => {
  test('is there after a restart', () => {
    expect(calls(2)).toBe('aa');
    world.restart();
    expect(calls(2)).toBe('ad');
  });

  test('and would not be, were it not kept: the control', () => {
    expect(calls(2)).toBe('aa');
    world.store.crash();
    world = createLimitedWorld(grants(LIMITED), memoryCounterStore());
    expect(calls(3)).toBe('aaa');
  });

  test('is lost with the record of the call, where the server ends before both are on disk', () => {
    world.begin('a__b');
    world.store.crash();
    world.restart();
    expect(calls(4)).toBe('aaad');
  });

  test('is over when its window is, also one that ended while nothing ran', () => {
    calls(3);
    world.state.nowMs += HOUR_MS;
    world.restart();
    expect(calls(4)).toBe('aaad');
  });

  test('of calls that run is none after a restart', () => {
    world = createLimitedWorld(grants({ tools: ['a__*'], limits: { concurrent: 1 } }));
    world.begin('a__b');
    expect(world.begin('a__b').decision.kind).toBe('deny');
    world.restart();
    expect(world.begin('a__b').decision.kind).toBe('allow');
  });
});

describe('a call that did not run', () => {
  test('gives back what it took, once', () => {
    const { taken } = world.begin('a__b');
    expect(calls(2)).toBe('aa');
    expect(calls(1)).toBe('d');
    taken?.giveBack();
    taken?.giveBack();
    taken?.end();
    expect(calls(2)).toBe('ad');
  });

  test('and one that ended without a word about it, too', () => {
    world.begin('a__b').taken?.end();
    expect(calls(4)).toBe('aaad');
  });

  test('but not one that ran', () => {
    const { taken } = world.begin('a__b');
    taken?.settle(() => 0);
    taken?.giveBack();
    taken?.end();
    expect(calls(3)).toBe('aad');
  });

  test('gives nothing back to a later window', () => {
    const { taken } = world.begin('a__b');
    world.state.nowMs += HOUR_MS;
    expect(calls(3)).toBe('aaa');
    taken?.giveBack();
    expect(calls(1)).toBe('d');
  });

  test('does not count for the loop breaker', () => {
    world = createLimitedWorld({ ...grants({ tools: ['*'] }), defaults: { loop: { repeats: 2, per: '1m' } } });
    world.begin('a__b').taken?.giveBack();
    expect(calls(3)).toBe('aad');
  });
});

describe('a clock that is set back', () => {
  test('gives no window again while the server runs', () => {
    world.state.nowMs += HOUR_MS;
    expect(calls(3)).toBe('aaa');
    world.state.nowMs -= 2 * HOUR_MS;
    expect(calls(1)).toBe('d');
    world.state.nowMs += HOUR_MS;
    expect(calls(1)).toBe('d');
  });

  test('nor while it does not: what was counted in a time to come counts for the present window', () => {
    world.state.nowMs += 50 * HOUR_MS;
    expect(calls(2)).toBe('aa');
    world.state.nowMs -= 50 * HOUR_MS;
    world.restart();
    expect(calls(2)).toBe('ad');
    // And does not for the next fifty hours.
    world.state.nowMs += HOUR_MS;
    expect(calls(4)).toBe('aaad');
  });
});

describe('another policy goes on with the counters of a rule', () => {
  const id = { ...LIMITED, id: 'few' };
  test.each<[string, object, object]>([
    ['that has an id, wherever it stands now', grants(id), grants({ tools: ['z__z'] }, id)],
    ['that has an id, whatever it says now', grants(id), grants({ ...id, tools: ['*'], when: 'true' })],
    ['that has none and says the same, wherever it stands now', grants(LIMITED), grants({ tools: ['z__z'] }, LIMITED)],
    ['whose limit alone is another', grants(LIMITED), grants({ ...LIMITED, limits: { calls: 2, per: '1h' } })],
    [
      'of an agent that had the default one',
      { ...grants({ tools: ['*'] }), defaults: { limits: { calls: 3, per: '1h' } } },
      { version: 1, agents: { athena: { grants: [{ tools: ['*'] }], limits: { calls: 2, per: '1h' } } } },
    ],
    [
      'that is a budget',
      { ...grants({ tools: ['*'] }), budgets: [{ id: 'b', calls: 3, per: '1h' }] },
      {
        ...grants({ tools: ['*'] }),
        budgets: [
          { calls: 9, per: '1d' },
          { id: 'b', calls: 2, per: '1h' },
        ],
      },
    ],
  ])('%s', (_what, before, after) => {
    world = createLimitedWorld(before);
    expect(calls(2)).toBe('aa');
    world.apply(after);
    const most = JSON.stringify(after).includes('"calls":2') ? 2 : 3;
    expect(calls(most - 1)).toBe(most === 2 ? 'd' : 'ad');
  });

  test('and begins anew with those of another rule, unit or window', () => {
    for (const other of [
      { ...LIMITED, tools: ['a__b'] },
      { ...LIMITED, limits: { calls: 3, per: '2h' } },
      { ...LIMITED, limits: { bytes: 1_000, per: '1h' } },
    ]) {
      world = createLimitedWorld(grants(LIMITED));
      calls(3);
      world.apply(grants(other));
      expect(calls(1)).toBe('a');
    }
  });
});

describe('room', () => {
  test('counters whose window is over are forgotten', () => {
    const store = memoryCounterStore();
    const state = { nowMs: NOW_MS };
    const counters = createCounters(store, { nowMs: () => state.nowMs });
    const take = (n: number) => {
      const key = `k${n}`;
      const counter = { key, unit: 'calls', max: 1, amount: 1, perMs: 1_000, rule: 'r', pointer: '/r' } as const;
      counters.take({ counters: [counter] });
      return counters.usage.of(counter).used;
    };
    for (let n = 0; n <= LIMITS.countersSweptMin; n++) {
      state.nowMs += 10;
      expect(take(n)).toBe(1);
    }
    // A counter of the present window is not among the forgotten.
    expect(take(LIMITS.countersSweptMin)).toBe(2);
  });

  test('of many different calls, the loop breaker remembers the last ones of each agent', () => {
    world = createLimitedWorld({ ...grants({ tools: ['*'] }), defaults: { loop: { repeats: 1, per: '1h' } } });
    const call = (n: number, agent = 'athena') => world.call('a__b', { args: { n }, agent: agent as AgentName }).kind;
    expect([call(0), call(0)]).toEqual(['allow', 'deny']);
    for (let n = 1; n < LIMITS.loopCallsMax; n++) call(n);
    expect(call(0)).toBe('deny');
    call(LIMITS.loopCallsMax);
    expect(call(0)).toBe('allow');
  });
});
