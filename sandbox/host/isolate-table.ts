// Which of a warden's isolates belongs to which agent. An agent whose calls queue gets a second one, as long as that takes
// nobody's place; when all are taken, the one that has been idle longest goes.

import { invariant } from '#base/invariant.ts';
import { LIMITS } from '#base/limits.ts';
import type { AgentName } from '#domain/agent.ts';

export type IsolateTable = {
  readonly has: (agent: AgentName) => boolean;
  readonly hasRoom: (agent: AgentName) => boolean;
  /** The agent's isolate with the fewest calls, and the one that has to be dropped for it. Needs `hasRoom`. */
  readonly enter: (agent: AgentName) => { readonly isolate: number; readonly dropped?: number };
  /** A call has left the isolate. */
  readonly leave: (isolate: number) => void;
  readonly size: () => number;
  /** No other agent's call runs in any of them. */
  readonly isAlone: (agent: AgentName) => boolean;
};

type Entry = { readonly isolate: number; readonly agent: AgentName; running: number };

/** A table of at most `isolatesMax` isolates. */
export function createIsolateTable(isolatesMax: number): IsolateTable {
  // In order of last use: a Map keeps the order of insertion, and each use inserts anew.
  const entries = new Map<number, Entry>();
  let lastIsolate = 0;

  const firstIdle = (): Entry | undefined => {
    for (const entry of entries.values()) if (entry.running === 0) return entry;
    return undefined;
  };
  const ownOf = (agent: AgentName): readonly Entry[] => [...entries.values()].filter((entry) => entry.agent === agent);
  const has = (agent: AgentName): boolean => {
    for (const entry of entries.values()) if (entry.agent === agent) return true;
    return false;
  };
  const use = (entry: Entry): { readonly isolate: number } => {
    entry.running += 1;
    entries.delete(entry.isolate);
    entries.set(entry.isolate, entry);
    return { isolate: entry.isolate };
  };
  const make = (agent: AgentName): Entry => {
    lastIsolate += 1;
    return { isolate: lastIsolate, agent, running: 0 };
  };

  return {
    has,
    hasRoom: (agent) => has(agent) || entries.size < isolatesMax || firstIdle() !== undefined,
    enter: (agent) => {
      const own = ownOf(agent);
      const least = own.toSorted((a, b) => a.running - b.running)[0];
      const isBusy = least !== undefined && least.running >= LIMITS.isolateCallsBusy;
      if (isBusy && own.length < LIMITS.isolatesPerAgentMax && entries.size < isolatesMax) return use(make(agent));
      if (least !== undefined) return use(least);
      let dropped: number | undefined;
      if (entries.size >= isolatesMax) {
        const idle = firstIdle();
        invariant(idle !== undefined, 'an isolate was asked for where there was no room');
        dropped = idle.isolate;
        entries.delete(idle.isolate);
      }
      return { ...use(make(agent)), ...(dropped === undefined ? {} : { dropped }) };
    },
    leave: (isolate) => {
      const entry = entries.get(isolate);
      if (entry !== undefined) entry.running -= 1;
    },
    size: () => entries.size,
    isAlone: (agent) => {
      for (const entry of entries.values()) if (entry.running > 0 && entry.agent !== agent) return false;
      return true;
    },
  };
}
