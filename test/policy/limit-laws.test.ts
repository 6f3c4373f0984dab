import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AgentName } from '#domain/agent.ts';
import type { Taken } from '#domain/usage.ts';
import { createLimitedWorld, memoryCounterStore } from './limited-world.ts';
import { ask, policyOf } from './policies.ts';

const WINDOW_MS = 60_000;
const CALLS = 3;
const CONCURRENT = 2;
const AGENTS = ['athena', 'boreas'] as const;

/** Each agent `CALLS` in a window and `CONCURRENT` at a time; both together five calls in a window. */
const SHARED = 5;
const POLICY = {
  version: 1,
  defaults: { loop: 'off', limits: { calls: CALLS, per: '1m', concurrent: CONCURRENT } },
  budgets: [{ calls: SHARED, per: '1m' }],
  agents: Object.fromEntries(AGENTS.map((name) => [name, { grants: [{ tools: ['*'] }] }])),
};

/** What may come in any order: calls that begin, run, are given back or end; time; a commit; a restart. */
const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('begin' as const), agent: fc.constantFrom(...AGENTS) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('finish' as const), at: fc.nat(20) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('giveBack' as const), at: fc.nat(20) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.nat(WINDOW_MS / 4) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('setBack' as const), ms: fc.nat(3 * WINDOW_MS) }) },
  { weight: 2, arbitrary: fc.constant({ do: 'restart' as const }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

type Running = { readonly agent: string; readonly taken: Taken; readonly window: number };

/**
 * Carries the steps out; the first count that is over its limit. A call that begins is on disk with its intent; a restart ends what
 * runs, as having run.
 */
function play(steps: readonly Step[], options: { readonly isKept: boolean; readonly isAtomic: boolean }) {
  const world = createLimitedWorld(POLICY, memoryCounterStore());
  /** Windows as the counters see them: time never goes back. */
  let latestMs = world.state.nowMs;
  let running: Running[] = [];
  const ran = new Map<string, number>();
  const note = (agent: string, window: number, by: number) => {
    for (const key of [`${agent} ${window}`, `all ${window}`]) ran.set(key, (ran.get(key) ?? 0) + by);
  };
  const begin = (agent: (typeof AGENTS)[number]) => {
    const asked = { agent: agent as AgentName, stage: 'turn' } as const;
    const { decision, taken } = world.begin('a__b', asked);
    if (options.isKept) world.store.commit();
    if (decision.kind !== 'allow' || taken === undefined) return;
    const window = Math.floor(latestMs / WINDOW_MS);
    running.push({ agent, taken, window });
    note(agent, window, 1);
    // Two that are decided before either is counted: what a reservation at the turn rules out.
    if (!options.isAtomic) {
      running.push({ agent, taken, window });
      note(agent, window, 1);
    }
  };
  for (const each of steps) {
    latestMs = Math.max(latestMs, world.state.nowMs);
    if (each.do === 'begin') begin(each.agent);
    if (each.do === 'wait') world.state.nowMs += each.ms;
    if (each.do === 'setBack') world.state.nowMs -= each.ms;
    if (each.do === 'finish' || each.do === 'giveBack') {
      const [one] = running.splice(each.at % Math.max(running.length, 1), 1);
      if (one === undefined) continue;
      if (each.do === 'finish') one.taken.settle(() => 0);
      else {
        one.taken.giveBack();
        note(one.agent, one.window, -1);
      }
      one.taken.end();
      if (options.isKept) world.store.commit();
    }
    if (each.do === 'restart') {
      // A clock that was wrong is mended by a restart: it goes on from the time that it shows.
      world.state.nowMs = Math.max(world.state.nowMs, latestMs);
      world.store.crash();
      world.restart();
      running = [];
    }
    for (const agent of AGENTS) {
      const atOnce = running.filter((one) => one.agent === agent).length;
      if (atOnce > CONCURRENT) return `${agent}: ${atOnce} at a time`;
    }
    for (const [key, count] of ran) {
      const most = key.startsWith('all') ? SHARED : CALLS;
      if (count > most) return `${key}: ${count} calls`;
    }
  }
  return undefined;
}

describe('laws of limits', () => {
  test('no order of calls, ends, clocks and restarts lets more through than each limit says', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        expect(play(steps, { isKept: true, isAtomic: true })).toBeUndefined();
      }),
      { numRuns: 500 },
    );
  });

  test('the law finds out counters that a restart forgets', () => {
    const law = fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      return play(steps, { isKept: false, isAtomic: true }) === undefined;
    });
    expect(fc.check(law, { numRuns: 500, seed: 1 }).failed).toBe(true);
  });

  test('and calls that are decided before those before them are counted', () => {
    const law = fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      return play(steps, { isKept: true, isAtomic: false }) === undefined;
    });
    expect(fc.check(law, { numRuns: 500, seed: 1 }).failed).toBe(true);
  });

  test('a limit, a budget or a loop breaker more never allows anything', () => {
    const limits = fc.record({ calls: fc.integer({ min: 1, max: 3 }), per: fc.constantFrom('1m', '1h') });
    const place = fc.constantFrom('defaults', 'agent', 'grant', 'role', 'budget', 'loop');
    fc.assert(
      fc.property(limits, place, fc.array(fc.constantFrom('a__b', 'c__d'), { maxLength: 12 }), (more, where, tools) => {
        const plain = {
          version: 1,
          defaults: { loop: 'off' },
          roles: { r: { grants: [{ tools: ['c__*'], limits: { calls: 2, per: '1h' } }] } },
          agents: { athena: { roles: ['r'], grants: [{ tools: ['a__*'] }] } },
        };
        const limited = structuredClone(plain) as Record<string, unknown> & typeof plain;
        if (where === 'defaults') Object.assign(limited.defaults, { limits: more });
        if (where === 'loop') Object.assign(limited.defaults, { loop: { repeats: more.calls, per: more.per } });
        if (where === 'agent') Object.assign(limited.agents.athena, { limits: more });
        if (where === 'grant') Object.assign(limited.agents.athena.grants[0] ?? {}, { limits: more });
        if (where === 'role') Object.assign(limited.roles.r, { limits: more });
        if (where === 'budget') Object.assign(limited, { budgets: [more] });
        const [one, other] = [createLimitedWorld(plain), createLimitedWorld(limited)];
        for (const tool of tools) {
          const isAllowed = other.call(tool).kind === 'allow';
          if (isAllowed) expect(one.call(tool).kind).toBe('allow');
        }
        // The rules alone decide the same.
        for (const tool of ['a__b', 'c__d', 'e__f']) {
          expect(ask(policyOf(limited), tool).kind).toBe(ask(policyOf(plain), tool).kind);
        }
      }),
      { numRuns: 200 },
    );
  });
});
