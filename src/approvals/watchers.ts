// Who waits for a request to change: calls for their own, others for all of them.

import type { ApprovalRequest } from '#domain/approval-ports.ts';

export type Watchers = {
  readonly watch: (id: string, listener: () => void) => () => void;
  /** Of every request. */
  readonly watchAll: (listener: (request: ApprovalRequest) => void) => () => void;
  readonly tell: (request: ApprovalRequest) => void;
};

export function createWatchers(): Watchers {
  const byId = new Map<string, Set<() => void>>();
  const all = new Set<(request: ApprovalRequest) => void>();
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
    watchAll: (listener) => {
      const entry = (request: ApprovalRequest) => listener(request);
      all.add(entry);
      return () => void all.delete(entry);
    },
    tell: (request) => {
      for (const listener of byId.get(request.id) ?? []) listener();
      for (const listener of all) listener(request);
    },
  };
}
