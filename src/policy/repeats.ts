// How often each agent made the same call lately, for the loop breaker. Remembers the last different calls of the last agents, in
// memory: a restart forgets what is over within a minute anyway. Pure but for what it remembers.

import { LIMITS } from '#base/limits.ts';
import type { Counter, Used } from '#domain/usage.ts';

/** Of one call: how often it was made since `sinceMs`. */
type Repeated = { readonly sinceMs: number; readonly count: number };

export type Repeats = {
  /** The window begins with the first of them, and is over by itself. `nowMs` never goes back. */
  readonly of: (counter: Counter, nowMs: number) => Used;
  readonly add: (counter: Counter, nowMs: number) => void;
  /** One that was added did not run. */
  readonly remove: (counter: Counter, nowMs: number) => void;
};

export function createRepeats(): Repeats {
  // The first of a Map is what was used the longest ago.
  const agents = new Map<string, Map<string, Repeated>>();

  const callsOf = ({ key }: Counter) => agents.get(agentIn(key));
  const standing = (counter: Counter, nowMs: number): Repeated | undefined => {
    const found = callsOf(counter)?.get(counter.key);
    return found === undefined || nowMs >= found.sinceMs + (counter.perMs ?? 0) ? undefined : found;
  };
  const keep = (counter: Counter, repeated: Repeated) => {
    const agent = agentIn(counter.key);
    const calls = callsOf(counter) ?? new Map<string, Repeated>();
    putLast(agents, agent, calls, LIMITS.loopAgentsMax);
    putLast(calls, counter.key, repeated, LIMITS.loopCallsMax);
  };
  return {
    of: (counter, nowMs) => {
      const found = standing(counter, nowMs);
      return { used: found?.count ?? 0, resetsMs: (found?.sinceMs ?? nowMs) + (counter.perMs ?? 0) };
    },
    add: (counter, nowMs) => {
      const { sinceMs, count } = standing(counter, nowMs) ?? { sinceMs: nowMs, count: 0 };
      keep(counter, { sinceMs, count: count + 1 });
    },
    remove: (counter, nowMs) => {
      const found = standing(counter, nowMs);
      if (found !== undefined && found.count > 0) keep(counter, { ...found, count: found.count - 1 });
    },
  };
}

/** A name of an agent has no space. */
const agentIn = (key: string): string => key.slice(0, key.indexOf(' '));

function putLast<T>(map: Map<string, T>, key: string, value: T, sizeMax: number): void {
  map.delete(key);
  map.set(key, value);
  const oldest = map.keys().next();
  if (map.size > sizeMax && oldest.done !== true) map.delete(oldest.value);
}
