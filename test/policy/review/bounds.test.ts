// Logs without an end, names without a number: what a review reads, holds and answers stays bounded.

import { describe, expect, test } from 'vitest';
import { systemClock } from '#base/clock.ts';
import { sha256 } from '#base/digest.ts';
import { LIMITS } from '#base/limits.ts';
import type { ClosingRange } from '#domain/store-ports.ts';
import { createPolicyThread } from '#policy/policy-thread.ts';
import { createNeedBook } from '#policy/review/need-book.ts';
import { readBack } from '#policy/review/read-back.ts';
import { createPolicyReview } from '#policy/review/review.ts';
import { createTallyBook } from '#policy/review/unused-rules.ts';
import { createThreadWork } from '#policy/thread-work.ts';

const SIZE = 1_000_000_000;

/** A log of a thousand million records, made as they are read. Each page is remembered only as its range. */
function endlessLog() {
  const ranges: ClosingRange[] = [];
  const records = {
    size: () => SIZE,
    record: () => undefined,
    closings: (range: ClosingRange) => {
      ranges.push(range);
      const { from, to } = range;
      return Array.from({ length: to - from }, (_, n) => ({ index: to - 1 - n, envelope: '{}' }));
    },
  };
  return { records, ranges };
}

const clockOf = (step: number) => {
  const state = { ms: 0 };
  const monotonicMs = () => {
    state.ms += step;
    return state.ms;
  };
  return { nowMs: () => 1_000, monotonicMs };
};

const taken = (rows: readonly unknown[], decisions: number) => ({
  ...{ taken: rows.length, decisions, undecided: 0, unreadable: 0, isOver: false, oldestMs: 5 },
});

describe('reading a log back', () => {
  test('reads as many pages as hold the decisions that were asked for, and one ahead', async () => {
    const { records, ranges } = endlessLog();
    const plan = { sinceMs: 0, decisionsMax: 1_000, withArgs: false };
    const span = await readBack({ records, clock: clockOf(0) }, plan, async (rows, { decisionsMax }) => {
      const decisions = Math.min(rows.length, decisionsMax);
      return { ...taken(rows, decisions), isOver: decisions === decisionsMax };
    });
    expect(span).toMatchObject({ decisions: 1_000, isComplete: true, fromMs: 5 });
    expect(ranges.length).toBe(Math.ceil(1_000 / LIMITS.policyReviewPageLengthMax) + 1);
    expect(ranges.every(({ from, to }) => to - from <= LIMITS.policyReviewPageLengthMax)).toBe(true);
  });

  test('ends after its time, and says that it has not read all', async () => {
    const { records } = endlessLog();
    const plan = { sinceMs: 0, decisionsMax: Number.POSITIVE_INFINITY, withArgs: false };
    const clock = clockOf(LIMITS.policyReviewMsMax / 10);
    const span = await readBack({ records, clock }, plan, async (rows) => taken(rows, rows.length));
    expect(span).toMatchObject({ isComplete: false, fromMs: 5 });
    expect(span.decisions).toBeLessThan(12 * LIMITS.policyReviewPageLengthMax);
  });

  test('ends where there is no room for what is found', async () => {
    const { records } = endlessLog();
    const plan = { sinceMs: 0, decisionsMax: Number.POSITIVE_INFINITY, withArgs: false };
    const book = createTallyBook();
    const span = await readBack({ records, clock: clockOf(0) }, plan, async (rows) => {
      const tallies = rows.map(({ index }) => ({ version: index, digest: 'd', rule: 'r', count: 1 }));
      return { ...taken(rows, rows.length), isFull: !book.add(tallies) };
    });
    expect(span.isComplete).toBe(false);
    expect(span.decisions).toBeLessThanOrEqual(LIMITS.policyReviewTalliesMax + LIMITS.policyReviewPageLengthMax);
  });

  test('gives up, and leaves nothing behind, where the log can not be read', async () => {
    const { records } = endlessLog();
    const broken = {
      ...records,
      closings: () => {
        throw new Error('the disk is gone');
      },
    };
    const plan = { sinceMs: 0, decisionsMax: 10, withArgs: false };
    const reading = readBack({ records: broken, clock: clockOf(0) }, plan, async (rows) => taken(rows, 1));
    await expect(reading).rejects.toThrow('the disk is gone');
  });
});

describe('while a policy is tried on a long log', () => {
  const policy = 'version: 1\nagents: { athena: { grants: [{ tools: ["*"] }] } }\n';
  const predicate = {
    ...{ phase: 'denied', agent: 'athena', invocation: 'i', tool: { name: 'x__y' } },
    ...{ time: { ended: '2026-11-22T10:00:00Z' }, policy: { version: 1, digest: 'd', decision: 'deny', rule: 'r' } },
  };
  const envelope = JSON.stringify({ payload: Buffer.from(JSON.stringify({ predicate })).toString('base64') });
  const rowsOf = ({ from, to }: { readonly from: number; readonly to: number }) =>
    Array.from({ length: to - from }, (_, n) => ({ index: to - 1 - n, envelope }));
  const decisionsMax = 20_000;
  /** How often the event loop comes round meanwhile. */
  const turnsDuring = async (doing: () => Promise<unknown>) => {
    const counted = { turns: 0, isOver: false };
    const count = () => {
      counted.turns += 1;
      if (!counted.isOver) setImmediate(count);
    };
    setImmediate(count);
    await doing();
    counted.isOver = true;
    return counted.turns;
  };

  test('other work of the host goes on', async () => {
    const thread = createPolicyThread();
    const ref = { version: 1, digest: sha256(policy) };
    const review = createPolicyReview({
      policy: {
        show: () => ({ text: policy, policy: ref, file: '', fileState: { kind: 'in-force' } }),
        ...{ history: () => [], version: () => ({ ...ref, text: policy, appliedMs: 0, by: 'x', isInForce: true }) },
      },
      records: { size: () => SIZE, record: () => undefined, closings: rowsOf },
      ...{ catalog: () => [], thread, clock: systemClock },
    });
    const simulate = () => review.simulate({ text: policy, sinceMs: 0, decisionsMax, countMax: 10 });
    expect(await simulate()).toMatchObject({ changed: decisionsMax, span: { decisions: decisionsMax } });
    expect(await turnsDuring(simulate)).toBeGreaterThan(decisionsMax / LIMITS.policyReviewPageLengthMax);
    await thread.close();
  });

  test('and none would where the host did it', async () => {
    const work = createThreadWork();
    const rows = rowsOf({ from: 0, to: 2_000 });
    const inForceDigest = sha256(policy);
    const opening = { text: policy, name: 'it', inForce: policy, inForceDigest, toolsJson: '[]', fromIndex: 0 };
    const onHost = async () => work({ kind: 'simulate', run: 'r', opening, rows, isLast: true });
    expect(await turnsDuring(onHost)).toBe(0);
  });
});

test('names that an agent made up are told up to a bound, and together beyond it', () => {
  const book = createNeedBook();
  for (let n = 0; n < LIMITS.policySuggestionRefusalsMax + 500; n += 1) {
    book.add({
      refusal: { tool: `made_up${n}`, rule: '', reason: 'no tool has this name today', calls: 1, lastMs: n },
    });
  }
  const { refusals } = book.told();
  expect(refusals).toHaveLength(LIMITS.policySuggestionRefusalsMax + 1);
  expect(refusals.at(-1)).toMatchObject({ tool: '', calls: 500 });
});
