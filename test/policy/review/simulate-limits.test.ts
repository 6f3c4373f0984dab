import { afterAll, describe, expect, test } from 'vitest';
import { sha256 } from '#base/digest.ts';
import { LIMITS } from '#base/limits.ts';
import type { ClosingRange, ClosingRow } from '#domain/store-ports.ts';
import { createPolicyThread } from '#policy/policy-thread.ts';
import { createPolicyReview } from '#policy/review/review.ts';
import { NOW_MS, policyOf } from '#test/policy/policies.ts';
import { play, TOOLS, type TrafficCall } from './traffic.ts';

const thread = createPolicyThread();
afterAll(() => thread.close());

const MINUTE_MS = 60_000;
/** Over at once: of athena, who pays, a minute after the one before. */
const paid: TrafficCall = {
  ...{ gapMs: MINUTE_MS / 2, agent: 'athena', tool: 'pay__once', args: { n: 1 }, durationMs: 0, movedBytes: 5 },
  ...{ costMicros: 0, session: '', isCancelled: false },
};
const calls = (count: number, more: Partial<TrafficCall> = {}) =>
  Array.from({ length: count }, () => ({ ...paid, ...more }));

const policyWith = (limits: object, rest: object = {}) => ({
  version: 1,
  defaults: { loop: 'off' },
  agents: { athena: { grants: [{ id: 'all', tools: ['*'], limits }] }, boreas: { grants: [{ tools: ['*'] }] } },
  ...rest,
});

/** A review of the log of what was played under `inForce`. */
function reviewOf(inForce: object, rows: readonly ClosingRow[]) {
  const text = JSON.stringify(inForce);
  const ref = { version: 1, digest: sha256(text) };
  const ranges: ClosingRange[] = [];
  const size = (rows.at(-1)?.index ?? -1) + 1;
  const review = createPolicyReview({
    policy: {
      show: () => ({ text, policy: ref, file: '', fileState: { kind: 'in-force' } }),
      ...{ history: () => [], version: () => ({ ...ref, text, appliedMs: 0, by: 'x', isInForce: true }) },
    },
    records: {
      size: () => size,
      record: () => undefined,
      closings: (range) => {
        ranges.push(range);
        return rows.filter(({ index }) => index >= range.from && index < range.to).toReversed();
      },
    },
    catalog: () => [...TOOLS].map(([name, tool]) => ({ name, ...tool, kind: 'plugin' as const, capabilities: {} })),
    thread,
    clock: { nowMs: () => NOW_MS + 1_000 * MINUTE_MS, monotonicMs: () => performance.now() },
  });
  return {
    ranges,
    simulate: (next: object, decisionsMax = 1_000) =>
      review.simulate({ text: JSON.stringify(next), sinceMs: 0, decisionsMax, countMax: 100 }),
  };
}

const played = (inForce: object, traffic: readonly TrafficCall[]) =>
  reviewOf(inForce, play(policyOf(inForce), traffic).rows);

describe('a limit that is tightened', () => {
  test('tells each call that it would have stopped, in the words of a denial, and how many in all', async () => {
    const told = await played(policyWith({ calls: 100, per: '1d' }), calls(8)).simulate(
      policyWith({ calls: 5, per: '1d' }),
    );
    expect(told).toMatchObject({ same: 5, changed: 3, counting: { neverRan: 0, partial: [] } });
    expect(told.limits).toEqual([
      { rule: 'all', unit: 'calls', limit: 5, perMs: 1_440 * MINUTE_MS, calls: 3, changes: 3 },
    ]);
    expect(told.changes.map(({ invocation }) => invocation)).toEqual(['7', '6', '5']);
    expect(told.changes[0]).toMatchObject({
      was: { decision: 'allow', rule: 'all' },
      wouldBe: {
        ...{ decision: 'deny', rule: 'all', reason: 'the limit all is reached: 5 of 5 calls in 1d are used' },
        limit: { unit: 'calls', limit: 5, used: 5, resetsAt: '2026-11-23T00:00:00.000Z' },
      },
    });
    expect(told.groups).toMatchObject([{ count: 3, tool: 'pay__once', wouldBe: { decision: 'deny', rule: 'all' } }]);
  });

  test.each([
    ['a budget of cost', {}, { budgets: [{ id: 'b', tools: ['pay__*'], cost: 0.06, per: '1d' }] }, 'cost'],
    ['bytes', { bytes: 40, per: '1d' }, {}, 'bytes'],
    ['the loop breaker', {}, { defaults: { loop: { repeats: 3, per: '1h' } } }, 'repeats'],
  ])('or added, by %s, is told as well', async (_, limits, rest, unit) => {
    const none = policyWith({ calls: 100, per: '1d' });
    const next = policyWith({ calls: 100, per: '1d', ...limits }, rest);
    const told = await played(none, calls(5)).simulate(next);
    expect(told.limits).toMatchObject([{ unit, calls: 2, changes: 2 }]);
    // A limit that has room for all changes nothing.
    expect(await played(none, calls(3)).simulate(next)).toMatchObject({ changed: 0, limits: [] });
  });

  test('counts what runs at a time from when turns came and calls ended', async () => {
    const [beside, after] = [calls(3, { gapMs: 5, durationMs: 100 }), calls(3, { gapMs: 500, durationMs: 100 })];
    const none = policyWith({ calls: 100, per: '1d' });
    const told = await played(none, [...beside, ...after]).simulate(policyWith({ concurrent: 1 }));
    expect(told.changes.map(({ invocation }) => invocation)).toEqual(['2', '1']);
    expect(told.changes[0]?.wouldBe).toMatchObject({ limit: { unit: 'concurrent', limit: 1, used: 1 } });
  });

  test('takes nothing of calls that it stops, nor of what their tools would have called', async () => {
    const parent = calls(2, { tool: 'mail__send', calls: 'pay__once', gapMs: 100, durationMs: 10 });
    const next = {
      ...policyWith({}),
      agents: {
        athena: {
          grants: [
            { tools: ['mail__*'], limits: { calls: 1, per: '1d' } },
            { id: 'pay', tools: ['pay__*'], limits: { calls: 2, per: '1d' } },
          ],
        },
      },
    };
    const told = await played(policyWith({ calls: 100, per: '1d' }), [...parent, paid]).simulate(next);
    // The second mail is stopped, and what it would have paid leaves room for the last call.
    expect(told.changes.map(({ invocation }) => invocation)).toEqual(['1']);
  });
});

describe('a limit that is raised', () => {
  test('tells the calls that it would have let through, and what was assumed of them', async () => {
    const told = await played(policyWith({ calls: 5, per: '1d' }), calls(8)).simulate(
      policyWith({ calls: 7, per: '1d' }),
    );
    expect(told).toMatchObject({
      same: 6,
      changed: 2,
      span: { decisions: 8, undecided: 0 },
      counting: { neverRan: 2 },
    });
    expect(told.changes.at(-1)).toMatchObject({
      was: { decision: 'deny', rule: 'all', limit: 'calls' },
      wouldBe: { decision: 'allow', rule: 'all' },
      inForce: 'allow',
    });
    expect(told.limits).toMatchObject([{ calls: 1, changes: 0 }]);
  });
});

describe('counters', () => {
  test('are filled by the records before the decisions that were asked for, which are not told', async () => {
    const limited = policyWith({ calls: 5, per: '1d' });
    const told = await played(limited, calls(20)).simulate(limited, 4);
    expect(told).toMatchObject({ same: 4, changed: 0, span: { decisions: 4 }, limits: [{ calls: 4, changes: 0 }] });
    const log = played(limited, [...calls(8_000, { gapMs: 10 }), ...calls(1, { gapMs: 720 * MINUTE_MS }), ...calls(9)]);
    expect(await log.simulate(limited, 2)).toMatchObject({ same: 2, changed: 0 });
    // The beginning of the day is found by halving.
    expect(log.ranges.length).toBeLessThan(8_000 / LIMITS.policyReviewPageLengthMax / 2);
  });
});

describe('calls that came in the same millisecond', () => {
  const burst = [
    ...calls(5, { tool: 'text__count', gapMs: 0, durationMs: 3 }),
    ...calls(3, { tool: 'mail__send', gapMs: 0, durationMs: 3 }),
  ];
  test.each([
    ['calls', { calls: 3, per: '1h' }],
    ['concurrent', { concurrent: 2 }],
  ])(
    'are stopped by %s as they were, though those that began are written after those that were denied',
    async (_, limits) => {
      const limited = policyWith(limits);
      expect(await played(limited, burst).simulate(limited)).toMatchObject({ changed: 0, byAnotherRule: 0, same: 8 });
    },
  );
});

describe('arguments that are not kept', () => {
  test('make no call a repetition, which is told', async () => {
    const none = policyWith({ calls: 100, per: '1d' });
    const { rows } = play(policyOf(none), calls(4));
    const next = policyWith({ calls: 100, per: '1d' }, { defaults: { loop: { repeats: 2, per: '1h' } } });
    const erased = rows.map(({ args: _, ...row }) => row);
    expect(await reviewOf(none, erased).simulate(next)).toMatchObject({
      changed: 0,
      counting: { withoutArguments: 4 },
    });
    expect(await reviewOf(none, rows).simulate(next)).toMatchObject({ changed: 2, counting: { withoutArguments: 0 } });
  });
});
