// A policy with its counters, and calls that take from them: what the service and the dispatcher do together, without either.

import type { AgentName } from '#domain/agent.ts';
import type { Decision, DecisionQuery } from '#domain/decision.ts';
import type { CounterRow, CounterStore } from '#domain/store-ports.ts';
import type { Taken } from '#domain/usage.ts';
import { createCounters } from '#policy/counters.ts';
import { decide } from '#policy/decide.ts';
import type { Policy } from '#policy/rules.ts';
import { NOW_MS, policyOf, REF } from './policies.ts';

/** Keeps rows in memory; what was put since the last `commit` is lost with a `crash`. */
export function memoryCounterStore() {
  let onDisk = new Map<string, CounterRow>();
  let waiting = new Map<string, CounterRow>();
  const store = {
    put: (row) => void waiting.set(row.key, row),
    list: () => [...onDisk.values()],
    prune: () => {},
  } satisfies CounterStore;
  return {
    ...store,
    commit: () => {
      onDisk = new Map([...onDisk, ...waiting]);
      waiting = new Map();
    },
    crash: () => {
      waiting = new Map();
    },
  };
}

export type LimitedCall = { readonly decision: Decision; readonly taken?: Taken };

export function createLimitedWorld(written: string | object, store = memoryCounterStore()) {
  const state = { policy: policyOf(written) as Policy, nowMs: NOW_MS, session: '' };
  let counters = createCounters(store, { nowMs: () => state.nowMs });
  const ask = (tool: string, more: Partial<DecisionQuery> = {}): Decision => {
    const query: DecisionQuery = {
      ...{ agent: 'athena' as AgentName, tool: { name: tool, effect: 'write' }, args: {}, nowMs: state.nowMs },
      ...more,
    };
    return decide(state.policy, REF, query, query.stage === 'under-way' ? {} : counters);
  };
  return {
    state,
    store,
    ask,
    /** At its turn: decided, and taken where it is allowed. */
    begin: (tool: string, more: Partial<DecisionQuery> = {}): LimitedCall => {
      const decision = ask(tool, { stage: 'turn', ...more });
      return decision.kind === 'deny' ? { decision } : { decision, taken: counters.take(decision) };
    },
    /** A call from its turn to its end, whose record is on disk then. */
    call: (tool: string, more: Partial<DecisionQuery> & { movedBytes?: number } = {}): Decision => {
      const { movedBytes = 0, ...query } = more;
      const decision = ask(tool, { stage: 'turn', ...query });
      if (decision.kind === 'allow') {
        const taken = counters.take(decision);
        taken.settle(() => movedBytes);
        taken.end();
      }
      store.commit();
      return decision;
    },
    apply: (next: string | object) => {
      state.policy = policyOf(next);
    },
    restart: () => {
      counters = createCounters(store, { nowMs: () => state.nowMs });
    },
  };
}

/** Kinds of several decisions, as a word: `a` for allow, `d` for deny. */
export const kinds = (decisions: readonly Decision[]): string => decisions.map(({ kind }) => kind[0]).join('');
