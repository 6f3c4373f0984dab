// Tells who listens that the tools which an agent sees have changed: its grants, the policy or the plugins. One watch per
// agent, however many sessions it has, and none while nobody listens. Called by every door that keeps something open.

import type { Server } from '@modelcontextprotocol/server';
import { type Digest, sha256 } from '#base/digest.ts';
import { LIMITS } from '#base/limits.ts';
import type { AgentName } from '#domain/agent.ts';
import { type CatalogPorts, seenTools } from './catalog.ts';

export type ToolChanges = {
  /**
   * Calls `onChange` after the list that the agent sees has become another one, until the function returned is called.
   * Changes that come close together are told once.
   */
  readonly watch: (agent: AgentName, onChange: () => void) => () => void;
};

/** `list`: digest of the names and schemas that the agent was last known to see. */
type Watched = { list: Digest; readonly listeners: Set<() => void> };

export function createToolChanges(ports: CatalogPorts): ToolChanges {
  const watched = new Map<AgentName, Watched>();
  let timer: NodeJS.Timeout | undefined;
  let unsubscribe = () => {};

  /** One agent at a time: the lists of many agents must not hold the server up. */
  const compareNext = (agents: AgentName[]) => {
    const agent = agents.pop();
    if (agent === undefined) return;
    const entry = watched.get(agent);
    const list = entry === undefined ? undefined : digestOfList(ports, agent);
    if (entry !== undefined && list !== undefined && list !== entry.list) {
      entry.list = list;
      for (const listener of [...entry.listeners]) listener();
    }
    setImmediate(compareNext, agents);
  };

  const onChange = () => {
    timer ??= setTimeout(() => {
      timer = undefined;
      compareNext([...watched.keys()]);
    }, LIMITS.toolChangeDelayMs);
  };

  const subscribe = () => {
    const ends = [ports.catalog.onChange(onChange), ports.policy.onChange(onChange)];
    unsubscribe = () => {
      for (const end of ends) end();
      clearTimeout(timer);
      timer = undefined;
    };
  };

  return {
    watch: (agent, listener) => {
      if (watched.size === 0) subscribe();
      const entry = watched.get(agent) ?? { list: digestOfList(ports, agent), listeners: new Set() };
      watched.set(agent, entry);
      // A function of its own, so that the same listener can be added twice and leave once.
      const own = () => listener();
      entry.listeners.add(own);
      return () => {
        if (!entry.listeners.delete(own) || entry.listeners.size > 0) return;
        watched.delete(agent);
        if (watched.size === 0) unsubscribe();
      };
    },
  };
}

/**
 * Sends `notifications/tools/list_changed` to the client of a session, from its `initialized` on, until the function
 * returned is called. `server` is one of `createMcpServer` with era `session`.
 */
export function announceToolChanges(server: Server, changes: ToolChanges, agent: AgentName): () => void {
  let stop: (() => void) | undefined;
  let isOver = false;
  server.oninitialized = () => {
    if (isOver) return;
    // A client that is gone can't be told; its door ends this soon.
    stop ??= changes.watch(agent, () => void server.sendToolListChanged().catch(() => {}));
  };
  return () => {
    isOver = true;
    stop?.();
  };
}

function digestOfList(ports: CatalogPorts, agent: AgentName): Digest {
  return sha256(
    seenTools(ports, agent)
      .map(({ name, schemaDigest }) => `${name} ${schemaDigest}\n`)
      .join(''),
  );
}
