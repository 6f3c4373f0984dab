import { describe, expect, test } from 'vitest';
import { LIMITS } from '#base/limits.ts';
import type { RecordedDecision } from '#policy/review/recorded.ts';
import { createReplayOrder, type Moment } from '#policy/review/replay-order.ts';
import { createSimulationRuns } from '#policy/review/simulation-runs.ts';
import { NOW_MS } from '#test/policy/policies.ts';

const recorded = (
  index: number,
  times: { startedMs?: number; endedMs: number; intentIndex?: number },
): RecordedDecision => {
  const { startedMs, endedMs, intentIndex } = times;
  const run = { startedMs: startedMs ?? 0, isUnsettled: false, movedBytes: 0 };
  return {
    ...{ kind: 'decision', index, invocation: `i${index}`, phase: startedMs === undefined ? 'denied' : 'outcome' },
    ...{
      agent: 'athena',
      tool: 'x__y',
      seen: [],
      carries: [],
      shadow: [],
      isOfSubAgent: false,
      atMs: endedMs,
      endedMs,
    },
    ...{ decision: startedMs === undefined ? 'deny' : 'allow', rule: 'r', version: 1, digest: 'd', args: () => ({}) },
    ...(startedMs === undefined ? {} : { run: { ...run, ...(intentIndex === undefined ? {} : { intentIndex }) } }),
  };
};

const nameOf = (moment: Moment) =>
  moment.kind === 'end' ? `end ${moment.ended.invocation}` : `${moment.kind} ${moment.recorded.invocation}`;

const allOf = (...calls: readonly RecordedDecision[]) => {
  const order = createReplayOrder();
  for (const one of calls) order.push(one, 0);
  const moments: Moment[] = [];
  for (let next = order.next(true); next !== undefined; next = order.next(true)) moments.push(next);
  return moments;
};
const order = (...calls: readonly RecordedDecision[]) => allOf(...calls).map(nameOf);

describe('recorded calls', () => {
  test('are put in the order of their turns, each end after its turn', () => {
    const [short, long] = [
      recorded(0, { startedMs: NOW_MS + 5, endedMs: NOW_MS + 6 }),
      recorded(1, { startedMs: NOW_MS, endedMs: NOW_MS + 9 }),
    ];
    expect(order(short, long)).toEqual(['turn i1', 'turn i0', 'end i0', 'end i1']);
  });

  test('of one millisecond are in the order in which they were announced and written', () => {
    const denied = recorded(1, { endedMs: NOW_MS });
    const before = recorded(4, { startedMs: NOW_MS, endedMs: NOW_MS, intentIndex: 0 });
    const after = recorded(5, { startedMs: NOW_MS, endedMs: NOW_MS, intentIndex: 3 });
    expect(order(denied, before, after)).toEqual(['turn i4', 'answer i1', 'turn i5', 'end i4', 'end i5']);
  });

  test('go on in time where the clock was set back, and by the clock again once that has caught up', () => {
    const hourMs = 3_600_000;
    const times = [NOW_MS, NOW_MS - hourMs, NOW_MS - hourMs + 500, NOW_MS + 600].map((endedMs, index) =>
      recorded(index, { endedMs }),
    );
    expect(allOf(...times).map(({ timeMs }) => timeMs - NOW_MS)).toEqual([0, 0, 500, 600]);
  });
});

describe('what is held', () => {
  test('is bounded in number: what comes earliest is given once more than that wait', () => {
    const held = createReplayOrder();
    for (let index = 0; index < LIMITS.policySimulationHeldMax; index += 1) {
      held.push(recorded(index, { endedMs: NOW_MS + index }), 0);
      expect(held.next(false)).toBeUndefined();
    }
    held.push(recorded(LIMITS.policySimulationHeldMax, { endedMs: 2 * NOW_MS }), 0);
    expect(held.next(false)).toMatchObject({ kind: 'answer', recorded: { index: 0 } });
    expect(held.next(false)).toBeUndefined();
  });

  test('and in the bytes of arguments', () => {
    const held = createReplayOrder();
    held.push(recorded(0, { endedMs: NOW_MS }), LIMITS.policySimulationHeldBytesMax);
    expect(held.next(false)).toBeUndefined();
    held.push(recorded(1, { endedMs: NOW_MS }), 1);
    expect(held.next(false)).toMatchObject({ recorded: { index: 0 } });
    expect(held.next(false)).toBeUndefined();
  });
});

describe('simulations that are under way', () => {
  const run = { take: () => ({}) as never };

  test('are as many as there may be reviews; the one that was left the longest ago makes way', () => {
    const runs = createSimulationRuns();
    for (let n = 0; n < LIMITS.policyReviewsMax; n += 1) runs.begin(`s${n}`, run);
    runs.goesOn('s0');
    runs.begin('one more', run);
    expect(runs.goesOn('s0')).toBe(run);
    expect(() => runs.goesOn('s1')).toThrow(expect.objectContaining({ code: 'POLICY_UNCHECKED' }));
  });

  test('are not known to a thread that was started anew, nor once they have ended', () => {
    const runs = createSimulationRuns();
    runs.begin('s', run);
    runs.end('s');
    expect(() => runs.goesOn('s')).toThrow('the simulation was interrupted');
  });
});
