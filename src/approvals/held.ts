// The requests that are kept, in memory and in the store: found by id and by what they are about, in the order in which they were
// made, bounded for each agent. Used by approvals.ts only.

import type { Digest } from '#base/digest.ts';
import { LIMITS } from '#base/limits.ts';
import type { ApprovalRequest, ApprovalStore } from '#domain/approval-ports.ts';
import { callOf } from './statement.ts';

export type HeldRequests = {
  readonly find: (id: string) => ApprovalRequest | undefined;
  /** The newest one about this call that is not over, or was denied. */
  readonly ofBinding: (binding: Digest) => ApprovalRequest | undefined;
  /** The newest denial of this call, whichever sub-agent asked for it (`BoundQuestion.call`). */
  readonly denialOf: (call: Digest) => ApprovalRequest | undefined;
  readonly list: () => readonly ApprovalRequest[];
  /**
   * Drops what the agent has too many of, and what is over for long. How many wait for a decision then, of this agent and in all, and
   * how many of the agent are kept: denials that hold, and approvals that were not used, are not dropped.
   */
  readonly makeRoom: (
    agent: string,
    nowMs: number,
  ) => { readonly own: number; readonly all: number; readonly kept: number };
  /** Keeps a new one. **Durability:** as the store's. */
  readonly add: (request: ApprovalRequest, argsJson: string) => void;
  /** In memory first: where the store fails, what was used, denied or expired stays so until the server ends. */
  readonly change: (request: ApprovalRequest) => void;
};

export function createHeldRequests(store: ApprovalStore): HeldRequests {
  // A Map keeps the order of insertion.
  const byId = new Map(store.list().map((request) => [request.id, request]));
  const byBinding = new Map<Digest, string>();
  const denials = new Map<Digest, string>();
  for (const request of byId.values()) index(request);

  function index(request: ApprovalRequest): void {
    const { id, binding, state } = request;
    if (state === 'denied') noteDenial(request);
    const isAsked = state === 'pending' || state === 'approved' || state === 'denied';
    if (isAsked) byBinding.set(binding, id);
    else if (byBinding.get(binding) === id) byBinding.delete(binding);
  }

  function noteDenial(request: ApprovalRequest): void {
    const call = callOf(request);
    const last = byId.get(denials.get(call) ?? '');
    if ((last?.endedMs ?? 0) <= (request.endedMs ?? 0)) denials.set(call, request.id);
  }

  const drop = (requests: readonly ApprovalRequest[]) => {
    if (requests.length === 0) return;
    store.remove(requests.map(({ id }) => id));
    for (const request of requests) {
      const { id, binding } = request;
      byId.delete(id);
      const call = request.state === 'denied' ? callOf(request) : undefined;
      if (call !== undefined && denials.get(call) === id) denials.delete(call);
      if (byBinding.get(binding) === id) byBinding.delete(binding);
    }
  };

  /** Denials that still hold are kept: an agent must not be able to push them out. */
  const makeRoom: HeldRequests['makeRoom'] = (agent, nowMs) => {
    const over = [...byId.values()].filter((request) => isOver(request, nowMs));
    const old = over.filter(({ endedMs = 0 }) => nowMs - endedMs >= LIMITS.approvalKeptMs);
    const own = over.filter((request) => request.agent === agent && !old.includes(request));
    const count = [...byId.values()].filter((request) => request.agent === agent).length;
    const tooMany = Math.max(0, count - LIMITS.approvalsKeptPerAgentMax + 1);
    drop([...old, ...own.slice(0, tooMany)]);
    const all = [...byId.values()];
    const pending = all.filter(({ state }) => state === 'pending');
    const countOf = (requests: readonly ApprovalRequest[]) => requests.filter((one) => one.agent === agent).length;
    return { own: countOf(pending), all: pending.length, kept: countOf(all) };
  };

  return {
    find: (id) => byId.get(id),
    ofBinding: (binding) => byId.get(byBinding.get(binding) ?? ''),
    denialOf: (call) => byId.get(denials.get(call) ?? ''),
    list: () => [...byId.values()],
    makeRoom,
    add: (request, argsJson) => {
      store.put(request, argsJson);
      byId.set(request.id, request);
      index(request);
    },
    change: (request) => {
      byId.set(request.id, request);
      index(request);
      store.update(request);
    },
  };
}

/** Nothing is asked of it any more. */
function isOver({ state, endedMs = 0 }: ApprovalRequest, nowMs: number): boolean {
  if (state === 'denied') return nowMs - endedMs >= LIMITS.approvalDenialMs;
  return state === 'used' || state === 'expired';
}
