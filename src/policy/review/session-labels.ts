// What an agent would have seen had the policy kept its sessions apart, or not: from recorded calls, in the order of their turns. Pure
// but for what it remembers. Trust: sessions are named by clients.

import { LIMITS } from '#base/limits.ts';
import type { Policy } from '#policy/rules.ts';
import type { RecordedDecision } from './recorded.ts';

export type SessionLabels = {
  /** Names of what counts for the call under the other policy. */
  readonly seenBy: (recorded: RecordedDecision) => readonly string[];
  /** Its turn came: what its result brings is seen from now on. */
  readonly began: (recorded: RecordedDecision) => void;
  /** Calls for which something had been seen of which no record tells in which session. It counted for all. */
  readonly supposed: () => number;
};

/** Labels by session; '' for those that all sessions have. */
type Brought = Map<string, Set<string>>;

/**
 * Records have the labels that counted by the policy in force; where the other one says the same of an agent's sessions, they are taken
 * as they are.
 */
export function createSessionLabels(policy: Policy, inForce: Policy): SessionLabels {
  const byAgent = new Map<string, Brought>();
  let supposed = 0;
  const isSeparate = ({ agents }: Policy, agent: string) => agents.get(agent)?.hasSeparateSessions === true;
  const isChanged = (agent: string) => isSeparate(policy, agent) !== isSeparate(inForce, agent);

  const broughtOf = (agent: string): Brought => {
    const known = byAgent.get(agent) ?? new Map<string, Set<string>>();
    byAgent.set(agent, known);
    return known;
  };
  const add = (brought: Brought, session: string, labels: readonly string[]) => {
    if (labels.length === 0) return;
    const isRoom = brought.has(session) || brought.size < LIMITS.labelSessionsPerAgentMax;
    const key = isRoom ? session : '';
    const known = brought.get(key) ?? new Set<string>();
    for (const label of labels) known.add(label);
    brought.set(key, known);
  };
  const apart = (brought: Brought, session: string, recorded: readonly string[]): readonly string[] => {
    // What is seen no more was cleared.
    for (const labels of brought.values()) for (const one of labels) if (!recorded.includes(one)) labels.delete(one);
    const unknown = recorded.filter((label) => ![...brought.values()].some((labels) => labels.has(label)));
    if (unknown.length > 0) supposed += 1;
    add(brought, '', unknown);
    if (session === '') return recorded;
    return recorded.filter((label) => [session, ''].some((one) => brought.get(one)?.has(label) === true));
  };
  const together = (brought: Brought, session: string, recorded: readonly string[]): readonly string[] => {
    // A call of no session has seen what any has.
    const cleared = session === '' ? [...brought.keys()] : [session, ''];
    for (const one of cleared) {
      for (const label of brought.get(one) ?? []) if (!recorded.includes(label)) brought.get(one)?.delete(label);
    }
    add(brought, session === '' ? SOME : session, recorded);
    return known(brought, '', false);
  };
  return {
    seenBy: (recorded) => {
      const { agent, seen, limitUnit } = recorded;
      if (!isChanged(agent)) return seen;
      const brought = broughtOf(agent);
      // Not every record of a full limit has them.
      if (limitUnit !== undefined && seen.length === 0)
        return known(brought, sessionOf(recorded), isSeparate(policy, agent));
      return (isSeparate(policy, agent) ? apart : together)(brought, sessionOf(recorded), seen);
    },
    began: (recorded) => {
      const { agent, carries } = recorded;
      if (carries.length > 0 && isChanged(agent)) add(broughtOf(agent), sessionOf(recorded), carries);
    },
    supposed: () => supposed,
  };
}

/** In the place of a session: of some session, whichever it is. */
const SOME = '\u0000';

function known(brought: Brought, session: string, isSeparate: boolean): readonly string[] {
  const sets = isSeparate && session !== '' ? [brought.get(session), brought.get('')] : [...brought.values()];
  return [...new Set(sets.flatMap((labels) => [...(labels ?? [])]))].sort();
}

/** '' where the call belongs to every session of its agent. */
const sessionOf = ({ session = '', isOfSubAgent }: RecordedDecision): string => (isOfSubAgent ? '' : session);
