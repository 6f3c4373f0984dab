// Puts recorded calls in the order in which their turns came. The log has them in the order in which they ended: what began before
// another call is read after it. Holds a bounded number of calls meanwhile. Pure. Trust: times are as they were recorded.

import { LIMITS } from '#base/limits.ts';
import type { RecordedDecision } from './recorded.ts';
import type { RecordedRun } from './recorded-run.ts';

/** The end of a call, without its arguments: those are needed no more. */
export type RecordedEnd = Pick<RecordedDecision, 'invocation' | 'phase'> & { readonly run: RecordedRun };

/**
 * What happened at a time: `turn`: the turn of a call came · `end`: it ran no more · `answer`: one that never had a turn was answered ·
 * `arrival`: one that was let in, and was cancelled before its turn, came. `timeMs` never goes back by more than what was held.
 */
export type Moment = { readonly timeMs: number } & (
  | { readonly kind: 'turn' | 'answer' | 'arrival'; readonly recorded: RecordedDecision }
  | { readonly kind: 'end'; readonly ended: RecordedEnd }
);

export type ReplayOrder = {
  /** The next in the order of the log. `bytes`: of what is held with it. */
  readonly push: (recorded: RecordedDecision, bytes: number) => void;
  /** The earliest; undefined where more has to be read first. `isLast`: nothing more comes. */
  readonly next: (isLast: boolean) => Moment | undefined;
  /**
   * A turn that came in this millisecond, and is not known to have come before what else happened in it; undefined: there is none (left).
   */
  readonly alsoAt: (timeMs: number) => Moment | undefined;
};

/** With its place in the log: among moments of one millisecond a turn comes as late as it can have, and an end where it was written. */
type Placed = { readonly moment: Moment; readonly place: number; readonly bytes: number };

const FIRST = -1;

export function createReplayOrder(): ReplayOrder {
  const clock = createRecordedClock();
  /** Their places are those of the log, and their times never go back. */
  const written = createLine<Placed>();
  /** Of calls that were announced, and of those whose record came with their end. */
  const [announced, quiet] = [createHeap<Placed>(isBefore), createHeap<Placed>(isBefore)];
  let held = 0;
  let heldBytes = 0;

  const given = (placed: Placed | undefined): Moment | undefined => {
    if (placed === undefined) return undefined;
    if (placed.moment.kind !== 'end') heldBytes -= placed.bytes;
    if (placed.moment.kind !== 'turn') held -= 1;
    return placed.moment;
  };
  return {
    push: (recorded, bytes) => {
      const { index: place, run, phase, endedMs, receivedMs, invocation } = recorded;
      const { nowMs, shiftMs } = clock(endedMs);
      held += 1;
      heldBytes += bytes;
      const before = (ms: number) => Math.min(ms + shiftMs, nowMs);
      if (run !== undefined) {
        const turn: Moment = { kind: 'turn', timeMs: before(run.startedMs), recorded };
        (run.intentIndex === undefined ? quiet : announced).push({
          moment: turn,
          place: run.intentIndex ?? place,
          bytes,
        });
        written.push({ moment: { kind: 'end', timeMs: nowMs, ended: { invocation, phase, run } }, place, bytes });
      } else if (phase === 'cancelled' && receivedMs !== undefined) {
        announced.push({ moment: { kind: 'arrival', timeMs: before(receivedMs), recorded }, place: FIRST, bytes });
      } else written.push({ moment: { kind: 'answer', timeMs: nowMs, recorded }, place, bytes });
    },
    next: (isLast) => {
      const isEnough = held > LIMITS.policySimulationHeldMax || heldBytes > LIMITS.policySimulationHeldBytesMax;
      if (!isLast && !isEnough) return undefined;
      return given(firstOf(firstOf(announced, quiet), written).shift());
    },
    alsoAt: (timeMs) => {
      const turns = [quiet, announced].find((line) => line.peek()?.moment.timeMs === timeMs);
      return turns === undefined ? undefined : given(turns.shift());
    },
  };
}

function firstOf(one: Line<Placed>, other: Line<Placed>): Line<Placed> {
  const [a, b] = [one.peek(), other.peek()];
  return b === undefined || (a !== undefined && isBefore(a, b)) ? one : other;
}

/** A turn whose call was written in the same place as its end comes before that. */
function isBefore(one: Placed, other: Placed): boolean {
  return (
    one.moment.timeMs < other.moment.timeMs || (one.moment.timeMs === other.moment.timeMs && one.place <= other.place)
  );
}

/** Steps of a clock that are the keeping of time. */
const STEP_MS = 1_000;

/**
 * The time that limits go by: where the clock was set back it goes on from the latest, as it does while the server runs.
 * `shiftMs`: what is added to times of this record.
 */
function createRecordedClock(): (endedMs: number) => { readonly nowMs: number; readonly shiftMs: number } {
  let latestMs = Number.NEGATIVE_INFINITY;
  let shiftMs = 0;
  return (endedMs) => {
    if (endedMs >= latestMs) shiftMs = 0;
    else if (endedMs + shiftMs < latestMs - STEP_MS) shiftMs = latestMs - endedMs;
    latestMs = Math.max(latestMs, endedMs + shiftMs);
    return { nowMs: latestMs, shiftMs };
  };
}

type Line<T> = {
  readonly push: (one: T) => void;
  readonly peek: () => T | undefined;
  readonly shift: () => T | undefined;
};

/** The one that was put in first comes out first. */
function createLine<T>(): Line<T> {
  let items: T[] = [];
  let from = 0;
  return {
    push: (one) => void items.push(one),
    peek: () => items[from],
    shift: () => {
      const first = items[from];
      if (first === undefined) return undefined;
      from += 1;
      if (from * 2 > items.length) {
        items = items.slice(from);
        from = 0;
      }
      return first;
    },
  };
}

/** The one that comes before all others comes out first. */
function createHeap<T>(comesBefore: (one: T, other: T) => boolean): Line<T> {
  const items: T[] = [];
  const isBeforeAt = (one: number, other: number): boolean => {
    const [a, b] = [items[one], items[other]];
    return a !== undefined && b !== undefined && comesBefore(a, b);
  };
  const swap = (one: number, other: number) => {
    const [a, b] = [items[one], items[other]];
    if (a === undefined || b === undefined) return;
    items[one] = b;
    items[other] = a;
  };
  const rise = (at: number) => {
    const above = (at - 1) >> 1;
    if (at === 0 || isBeforeAt(above, at)) return;
    swap(above, at);
    rise(above);
  };
  const sink = (at: number) => {
    const [left, right] = [2 * at + 1, 2 * at + 2];
    const least = isBeforeAt(right, left) ? right : left;
    if (!isBeforeAt(least, at)) return;
    swap(at, least);
    sink(least);
  };
  return {
    push: (one) => {
      items.push(one);
      rise(items.length - 1);
    },
    peek: () => items[0],
    shift: () => {
      const first = items[0];
      const last = items.pop();
      if (items.length > 0 && last !== undefined) {
        items[0] = last;
        sink(0);
      }
      return first;
    },
  };
}
