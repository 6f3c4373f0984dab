// Who waits for a request to change: calls for their own, others for all of them.

import type { ApprovalRequest } from '#domain/approval-ports.ts';

export type Watchers = {
  readonly watch: (id: string, listener: () => void) => () => void;
  readonly tell: (request: ApprovalRequest) => void;
};

export function createWatchers(): Watchers {
  const byId = new Map<string, Set<() => void>>();
  return {
    watch: (id, listener) => {
      const listeners = byId.get(id) ?? new Set();
      byId.set(id, listeners);
      // A function of its own, so that the same listener can be added twice and leave once.
      const entry = () => listener();
      listeners.add(entry);
      return () => {
        listeners.delete(entry);
        if (listeners.size === 0) byId.delete(id);
      };
    },
    tell: ({ id }) => {
      for (const listener of byId.get(id) ?? []) listener();
    },
  };
}
