import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Decision } from '#domain/decision.ts';
import { NOTHING_TAKEN } from '#domain/usage.ts';
import { createCounters } from '#policy/counters.ts';
import type { Simulated } from '#policy/review/simulate.ts';
import { memoryCounterStore } from '#test/policy/limited-world.ts';
import { policyOf } from '#test/policy/policies.ts';
import { simulateRows } from './recorded-calls.ts';
import { play, TOOLS, type TrafficCall } from './traffic.ts';

const limits = fc.record(
  {
    calls: fc.integer({ min: 1, max: 5 }),
    bytes: fc.integer({ min: 1, max: 120 }),
    per: fc.constantFrom('1s', '2s', '1m'),
    concurrent: fc.integer({ min: 1, max: 3 }),
  },
  { requiredKeys: ['calls', 'per'] },
);
const budget = fc.record({
  tools: fc.constantFrom(['pay__*'], ['*'], ['mail__*', 'text__*']),
  cost: fc.constantFrom(0.02, 0.05, 0.1),
  per: fc.constantFrom('1s', '1m'),
});
const grant = fc.record(
  {
    tools: fc.constantFrom(['pay__*'], ['text__count'], ['*'], ['web__*', 'mail__*']),
    when: fc.constantFrom('args.n > 1', 'args.n < 3'),
    limits,
    session: fc.constant({ forbid: ['untrusted'] }),
  },
  { requiredKeys: ['tools'] },
);
/** A policy, as people write them. */
const written = fc.record({
  version: fc.constant(1),
  defaults: fc.record(
    {
      limits,
      loop: fc.oneof(
        fc.constant('off'),
        fc.record({ repeats: fc.integer({ min: 1, max: 4 }), per: fc.constantFrom('1s', '1m') }),
      ),
    },
    { requiredKeys: [] },
  ),
  budgets: fc.array(budget, { maxLength: 1 }),
  roles: fc.record({
    staff: fc.record({ limits, grants: fc.array(grant, { maxLength: 2 }) }, { requiredKeys: ['grants'] }),
  }),
  deny: fc.array(
    fc.constantFrom({ tools: ['pay__once'], when: 'args.n == 2' }, { sink: 'external', after: ['untrusted'] }),
    { maxLength: 1 },
  ),
  agents: fc.record({
    athena: fc.record(
      {
        roles: fc.constant(['staff']),
        limits,
        grants: fc.array(grant, { maxLength: 3 }),
        sessions: fc.constant('separate' as const),
      },
      { requiredKeys: ['roles', 'grants'] },
    ),
    boreas: fc.record({ roles: fc.constant(['staff']), grants: fc.array(grant, { maxLength: 2 }) }),
  }),
});

const call = (more: { readonly durationMs: fc.Arbitrary<number>; readonly movedBytes: fc.Arbitrary<number> }) =>
  fc.record(
    {
      gapMs: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.nat(20), fc.nat(1_500)),
      agent: fc.constantFrom('athena', 'athena', 'boreas'),
      tool: fc.constantFrom(...TOOLS.keys()),
      args: fc.record({ n: fc.nat(3), text: fc.constantFrom('a', 'ä'.repeat(20)) }, { requiredKeys: ['n'] }),
      ...more,
      costMicros: fc.constantFrom(0, 15_000, 50_000),
      session: fc.constantFrom('', 's', 't'),
      isCancelled: fc.integer({ max: 9, min: 0 }).map((n) => n === 0),
      calls: fc.constantFrom('pay__once', 'text__count'),
    },
    {
      requiredKeys: [
        'gapMs',
        'agent',
        'tool',
        'args',
        'durationMs',
        'movedBytes',
        'costMicros',
        'session',
        'isCancelled',
      ],
    },
  );
/** As calls are: they take time, and move bytes. */
const long = fc.array(call({ durationMs: fc.integer({ min: 1, max: 800 }), movedBytes: fc.nat(60) }), {
  ...{ minLength: 1, maxLength: 40 },
});
/** Over at once, and nothing is moved: as a simulation supposes of those that never ran. */
const short = fc.array(call({ durationMs: fc.constant(0), movedBytes: fc.constant(0) }), {
  minLength: 1,
  maxLength: 40,
});

/** What counts is as the server's, but for what is broken. */
const counterWithout =
  (unit: string): NonNullable<Simulated['counters']> =>
  (nowMs) => {
    const real = createCounters(memoryCounterStore(), { nowMs });
    return {
      usage: real.usage,
      take: ({ counters = [] }) => {
        const left = counters.filter((one) => one.unit !== unit);
        return left.length === 0 ? NOTHING_TAKEN : real.take({ counters: left });
      },
    };
  };

/**
 * Of calls that come in one millisecond the log has the order, where they are announced before they begin. A pure one is not: it has a
 * millisecond of its own.
 */
const inOrder = (traffic: readonly TrafficCall[]) =>
  traffic.map((one, at) => {
    const isQuiet = [one.tool, one.calls, traffic[at - 1]?.tool, traffic[at - 1]?.calls].includes('text__count');
    return isQuiet || one.isCancelled ? { ...one, gapMs: one.gapMs + 1 } : one;
  });

const changesOver = (text: object, traffic: readonly TrafficCall[], counters?: Simulated['counters']) => {
  const policy = policyOf(text);
  const { rows } = play(policy, inOrder(traffic));
  const page = simulateRows(rows, {
    policy,
    inForce: policy,
    schemas: TOOLS,
    ...(counters === undefined ? {} : { counters }),
  });
  return { rows, page };
};

/** What is decided of each call, by the simulation: its kind, its rule and the limit that is in the way. */
const told = (kind: string, rule: string, unit?: string) => `${kind} ${rule} ${unit ?? ''}`;
const toldOf = (decision: Decision) =>
  told(decision.kind, decision.rule, decision.kind === 'deny' ? decision.exceeded?.unit : undefined);

describe('the policy that decided, over its own records', () => {
  test('changes nothing: not by limits, budgets, the loop breaker, what runs at a time, nor by labels', () => {
    fc.assert(
      fc.property(written, long, (text, traffic) => {
        const { rows, page } = changesOver(text, traffic);
        expect(page).toMatchObject({ changed: 0, changes: [], same: rows.length, byAnotherRule: 0 });
        expect(page.facts).toEqual({ neverRan: 0, withoutArguments: 0, late: 0, supposedLabels: 0 });
      }),
      { numRuns: 400 },
    );
  });

  test.each(['calls', 'bytes', 'cost', 'concurrent', 'repeats'])(
    'a counter of %s that does not count is found out by that law',
    (unit) => {
      const law = fc.property(written, long, (text, traffic) => {
        return changesOver(text, traffic, counterWithout(unit)).page.changed === 0;
      });
      const { failed, errorInstance } = fc.check(law, { numRuns: 2_000, seed: 7, endOnFailure: true });
      expect([failed, String(errorInstance)]).toEqual([true, expect.stringContaining('returning false')]);
    },
  );
});

describe('another policy', () => {
  /** Each call in a millisecond of its own: in which order those of one came, no record tells. */
  const apart = (traffic: readonly TrafficCall[]) => traffic.map((one) => ({ ...one, gapMs: one.gapMs + 1 }));
  /** By call, what the simulation of `next` says of what was played under `before`. */
  const simulated = (before: object, next: object, traffic: readonly TrafficCall[]) => {
    const [inForce, policy] = [policyOf(before), policyOf(next)];
    const { rows, decisions } = play(inForce, traffic);
    const { changes } = simulateRows(rows, { policy, inForce, schemas: TOOLS });
    return { live: play(policy, traffic).decisions, before: decisions, changes };
  };
  const compare = (before: object, next: object, traffic: readonly TrafficCall[], isLike = (_: string) => true) => {
    const found = simulated(before, next, traffic);
    const changed = new Map(
      found.changes.map(({ invocation, wouldBe }) => [
        invocation,
        told(wouldBe.decision, wouldBe.rule, wouldBe.limit?.unit),
      ]),
    );
    for (const [key, decision] of found.live) {
      const was = found.before.get(key);
      if (was === undefined || !isLike(key)) continue;
      if (was.kind === decision.kind) expect([key, changed.get(key)]).toEqual([key, undefined]);
      else expect([key, changed.get(key)]).toEqual([key, toldOf(decision)]);
    }
  };
  const free = {
    version: 1,
    defaults: { loop: 'off' },
    agents: { athena: { grants: [{ tools: ['*'] }] }, boreas: { grants: [{ tools: ['*'] }] } },
  };

  test('stops just those of the calls that ran which it would have stopped, had it been in force', () => {
    fc.assert(
      fc.property(written, long, (next, traffic) => {
        compare(free, withoutLabels(next), apart(traffic));
      }),
      { numRuns: 400 },
    );
  });

  test('after another one decides what it would have, of calls that are over at once', () => {
    fc.assert(
      fc.property(written, written, short, (before, next, traffic) => {
        // Each costs what its tool declares: what others would have told, nobody knows.
        const alone = traffic
          .map(({ calls: _, ...one }) => ({ ...one, costMicros: 50_000 }))
          .filter(({ isCancelled }) => !isCancelled);
        compare(withoutLabels(before), withoutLabels(next), apart(alone));
      }),
      { numRuns: 400 },
    );
  });

  test('that keeps sessions apart, or no longer does, decides as if it always had', () => {
    const withSessions = (sessions: string) => ({
      version: 1,
      agents: {
        athena: {
          ...(sessions === 'separate' ? { sessions } : {}),
          grants: [{ tools: ['web__*'] }, { tools: ['mail__*'], session: { forbid: ['untrusted'] } }],
        },
        boreas: { grants: [{ tools: ['*'] }] },
      },
    });
    fc.assert(
      fc.property(
        fc.constantFrom('separate', 'shared'),
        fc.constantFrom('separate', 'shared'),
        short,
        (one, other, traffic) => {
          const alone = traffic.map(({ calls: _, ...each }) => ({ ...each, isCancelled: false }));
          compare(withSessions(one), withSessions(other), alone);
        },
      ),
      { numRuns: 300 },
    );
  });
});

/** Rules that look at no label: what a call brings that was stopped is not taken away again. */
function withoutLabels<T extends { deny?: unknown }>(text: T): object {
  const { deny: _, ...rest } = text;
  return JSON.parse(JSON.stringify(rest), (key, value: unknown) => (key === 'session' ? undefined : value)) as object;
}
