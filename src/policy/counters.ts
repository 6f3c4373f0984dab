// How full the counters of limits are, and what calls take from them. In memory, behind what is kept; windows follow each other from
// the epoch on, and never go back. Called by the policy's service.

import { LIMITS } from '#base/limits.ts';
import type { PolicyDecider } from '#domain/policy-ports.ts';
import type { CounterRow, CounterStore } from '#domain/store-ports.ts';
import { type Counter, NOTHING_TAKEN, type Taken, type Usage, type Used } from '#domain/usage.ts';
import { createRepeats } from './repeats.ts';

export type Counters = {
  readonly usage: Usage;
  /** **Durability:** as `PolicyDecider.take`. */
  readonly take: PolicyDecider['take'];
};

export type CounterOptions = {
  /** Of now, since the epoch. A time before one that it told before is taken for that one. */
  readonly nowMs: () => number;
};

/** Goes on with what is kept. A window that has not begun yet, after the clock was set back while nothing ran, is taken for the present one. */
export function createCounters(store: CounterStore, options: CounterOptions): Counters {
  let latestMs = Number.NEGATIVE_INFINITY;
  const now = () => {
    latestMs = Math.max(latestMs, options.nowMs());
    return latestMs;
  };
  const windows = loadWindows(store, now());
  const running = new Map<string, number>();
  const repeats = createRepeats();
  let sweepAt: number = LIMITS.countersSweptMin;

  const usedIn = (counter: Counter, nowMs: number): Used => {
    const { key, unit, perMs } = counter;
    if (unit === 'repeats') return repeats.of(counter, nowMs);
    if (perMs === undefined) return { used: running.get(key) ?? 0 };
    const windowMs = nowMs - (nowMs % perMs);
    const found = windows.get(key);
    return { used: found?.windowMs === windowMs ? found.used : 0, resetsMs: windowMs + perMs };
  };
  const change = (counter: Counter, amount: number, nowMs: number) => {
    const { key, perMs } = counter;
    if (counter.unit === 'repeats') return amount > 0 ? repeats.add(counter, nowMs) : repeats.remove(counter, nowMs);
    const { used, resetsMs } = usedIn(counter, nowMs);
    const total = Math.min(Math.max(used + amount, 0), Number.MAX_SAFE_INTEGER);
    if (perMs === undefined || resetsMs === undefined) return void running.set(key, total);
    const row: CounterRow = { key, windowMs: resetsMs - perMs, perMs, used: total };
    windows.set(key, row);
    if (windows.size > sweepAt) sweepAt = sweep(windows, nowMs);
    store.put(row);
  };
  const take: Counters['take'] = ({ counters = [] }) => {
    const counted = counters.filter(({ amount, unit }) => amount > 0 || unit === 'bytes');
    if (counted.length === 0) return NOTHING_TAKEN;
    const takenMs = now();
    for (const counter of counted) change(counter, counter.amount, takenMs);
    return takenOf(counted, { change, takenMs, now, end: (key) => leave(running, key) });
  };
  return { usage: { of: (counter) => usedIn(counter, now()) }, take };
}

type TakenParts = {
  readonly change: (counter: Counter, amount: number, nowMs: number) => void;
  readonly takenMs: number;
  readonly now: () => number;
  readonly end: (key: string) => void;
};

function takenOf(counted: readonly Counter[], { change, takenMs, now, end }: TakenParts): Taken {
  const held = counted.filter(({ unit }) => unit === 'concurrent').map(({ key }) => key);
  const inWindows = counted.filter(({ unit }) => unit !== 'concurrent');
  let isSettled = false;
  let isOver = false;
  const giveBack = () => {
    if (isSettled) return;
    isSettled = true;
    const nowMs = now();
    for (const counter of inWindows) {
      // What a window took that is over is over with it.
      if (isSameWindow(counter, takenMs, nowMs)) change(counter, -counter.amount, nowMs);
    }
  };
  return {
    held,
    settle: (movedBytes, costMicros) => {
      if (isSettled) return;
      isSettled = true;
      const bytes = inWindows.filter(({ unit }) => unit === 'bytes');
      const moved = bytes.length === 0 ? 0 : movedBytes();
      const nowMs = now();
      for (const counter of bytes) change(counter, moved, nowMs);
      if (costMicros === undefined) return;
      for (const counter of inWindows) {
        const isLess = counter.unit === 'cost' && costMicros < counter.amount;
        if (isLess && isSameWindow(counter, takenMs, nowMs)) change(counter, costMicros - counter.amount, nowMs);
      }
    },
    giveBack,
    end: () => {
      if (isOver) return;
      isOver = true;
      giveBack();
      for (const key of held) end(key);
    },
  };
}

function isSameWindow({ perMs = 1, unit }: Counter, oneMs: number, otherMs: number): boolean {
  return unit === 'repeats' || Math.floor(oneMs / perMs) === Math.floor(otherMs / perMs);
}

function leave(running: Map<string, number>, key: string): void {
  const left = (running.get(key) ?? 0) - 1;
  if (left > 0) running.set(key, left);
  else running.delete(key);
}

/** Forgets windows that are over; the size at which to do so again. */
function sweep(windows: Map<string, CounterRow>, nowMs: number): number {
  for (const [key, { windowMs, perMs }] of windows) if (windowMs + perMs <= nowMs) windows.delete(key);
  return Math.max(LIMITS.countersSweptMin, 2 * windows.size);
}

function loadWindows(store: CounterStore, nowMs: number): Map<string, CounterRow> {
  store.prune(nowMs - LIMITS.limitWindowMsMax);
  const windows = new Map<string, CounterRow>();
  for (const row of store.list()) {
    const present = nowMs - (nowMs % row.perMs);
    if (row.windowMs < present) continue;
    windows.set(row.key, row.windowMs === present ? row : { ...row, windowMs: present });
  }
  return windows;
}
