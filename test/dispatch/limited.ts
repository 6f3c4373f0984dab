// The world of the dispatcher with a real policy and real counters.

import type { Clock } from '#base/clock.ts';
import type { PolicyDecider } from '#domain/policy-ports.ts';
import { createCounters } from '#policy/counters.ts';
import { decide, mayCall } from '#policy/decide.ts';
import { memoryCounterStore } from '#test/policy/limited-world.ts';
import { NOW_MS, policyOf, REF } from '#test/policy/policies.ts';
import { createWorld } from './world.ts';

/** A dispatcher whose policy is a real one, with real counters. The clock stands still. */
export function createLimited(written: object, options: Parameters<typeof createWorld>[0] = {}) {
  let nowMs = NOW_MS;
  const clock: Clock = { nowMs: () => nowMs, monotonicMs: () => performance.now() };
  const counters = createCounters(memoryCounterStore(), { nowMs: clock.nowMs });
  let inForce = policyOf(written);
  const policy = {
    decide: (query) => decide(inForce, REF, query, query.stage === 'under-way' ? {} : counters),
    take: counters.take,
    mayCall: (agent, name, ms) => mayCall(inForce, agent, name, { nowMs: ms }),
    current: () => REF,
    onChange: () => () => {},
  } satisfies PolicyDecider;
  const world = createWorld({ clock, policy, ...options });
  return {
    ...world,
    wait: (ms: number) => {
      nowMs += ms;
    },
    apply: (next: object) => {
      inForce = policyOf(next);
    },
  };
}
