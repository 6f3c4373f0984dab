// Which of a warden's isolates belongs to which agent. When all are taken, the one that has been idle longest goes.

import { invariant } from '#base/invariant.ts';
import type { AgentName } from '#domain/agent.ts';

export type IsolateTable = {
  readonly has: (agent: AgentName) => boolean;
  readonly hasRoom: (agent: AgentName) => boolean;
  /** The agent's isolate, and the one that has to be dropped for it. Needs `hasRoom`. */
  readonly enter: (agent: AgentName) => { readonly isolate: number; readonly dropped?: number };
  readonly leave: (agent: AgentName) => void;
  readonly size: () => number;
};

/** A table of at most `isolatesMax` isolates. */
export function createIsolateTable(isolatesMax: number): IsolateTable {
  // In order of last use: a Map keeps the order of insertion, and each use inserts anew.
  const entries = new Map<AgentName, { readonly isolate: number; running: number }>();
  let lastIsolate = 0;

  const firstIdle = (): AgentName | undefined => {
    for (const [agent, entry] of entries) if (entry.running === 0) return agent;
    return undefined;
  };

  return {
    has: (agent) => entries.has(agent),
    hasRoom: (agent) => entries.has(agent) || entries.size < isolatesMax || firstIdle() !== undefined,
    enter: (agent) => {
      const known = entries.get(agent);
      if (known !== undefined) {
        known.running += 1;
        entries.delete(agent);
        entries.set(agent, known);
        return { isolate: known.isolate };
      }
      let dropped: number | undefined;
      if (entries.size >= isolatesMax) {
        const idle = firstIdle();
        invariant(idle !== undefined, 'an isolate was asked for where there was no room');
        dropped = entries.get(idle)?.isolate;
        entries.delete(idle);
      }
      lastIsolate += 1;
      entries.set(agent, { isolate: lastIsolate, running: 1 });
      return { isolate: lastIsolate, ...(dropped === undefined ? {} : { dropped }) };
    },
    leave: (agent) => {
      const entry = entries.get(agent);
      if (entry !== undefined) entry.running -= 1;
    },
    size: () => entries.size,
  };
}
