// The labels of a home: what agents have seen, what files and values carry. In force from the moment they are joined, kept over a
// restart, and only added to, but by a person. Made once by app.ts. **Trust:** sessions, keys and paths are an agent's or a guest's.

import { LIMITS } from '#base/limits.ts';
import type { AgentName } from '#domain/agent.ts';
import type { LabelAdmin, LabelBook, LabelStore, LabelSubject, LabelsSeen } from '#domain/label-ports.ts';
import { joinSeen, type SeenLabel } from '#domain/labels.ts';
import { createPlaceLabels } from './place-labels.ts';

type Sessions = Map<string, Map<string, SeenLabel>>;

/** Rows of agents are read once and kept in memory; those of places are asked for. */
export function createLabelBook(store: LabelStore): LabelBook & LabelAdmin {
  const places = createPlaceLabels(store);
  const byAgent = new Map<AgentName, Sessions>();
  const cached = new Map<AgentName, Map<string, LabelsSeen>>();

  const put = (one: SeenLabel): boolean => {
    const sessions: Sessions = byAgent.get(one.agent) ?? new Map();
    byAgent.set(one.agent, sessions);
    const labels = sessions.get(one.session) ?? new Map<string, SeenLabel>();
    sessions.set(one.session, labels);
    if (labels.has(one.label)) return false;
    labels.set(one.label, one);
    cached.delete(one.agent);
    return true;
  };
  for (const one of store.seen()) put(one);

  /** A session beyond those that are kept apart is no session: what it sees, all see. */
  const keyOf = (agent: AgentName, named = ''): string => {
    const session = named.toWellFormed();
    const sessions = byAgent.get(agent);
    if (sessions === undefined || sessions.has(session)) return session;
    return sessions.size < LIMITS.labelSessionsPerAgentMax ? session : '';
  };

  const seenBy = (agent: AgentName, named = ''): LabelsSeen => {
    // As it is kept: a half of a character would be another one after a restart.
    const session = named.toWellFormed();
    const known = cached.get(agent)?.get(session);
    if (known !== undefined) return known;
    const sessions = byAgent.get(agent);
    if (sessions === undefined) return NOTHING;
    const of = (name: string) => [...(sessions.get(name)?.values() ?? [])];
    const whole = joinSeen(of(''), ...[...sessions.keys()].map(of));
    const seen = { agent: whole, session: session === '' ? whole : joinSeen(of(''), of(session)) };
    const ofAgent = cached.get(agent) ?? new Map<string, LabelsSeen>();
    // Sessions are named by clients: what is remembered of them is bounded as they are.
    if (ofAgent.size >= LIMITS.labelSessionsPerAgentMax) ofAgent.clear();
    cached.set(agent, ofAgent.set(session, seen));
    return seen;
  };

  const join = ({ agent, session }: LabelSubject, labels: readonly SeenLabel[]): void => {
    const added = labels.map((one) => ({ ...one, agent, session: keyOf(agent, session) })).filter(put);
    if (added.length > 0) pending.push(...added);
    if (pending.length === 0) return;
    store.putSeen(pending);
    pending.length = 0;
  };
  // What is in force and could not be kept yet: tried again with the next.
  const pending: SeenLabel[] = [];

  return {
    seen: ({ agent, session }) => seenBy(agent, session),
    join,
    carriedBy: places.carriedBy,
    mark: places.mark,
    everything: () => joinSeen([], ...[...byAgent.keys()].map((agent) => seenBy(agent).agent)),
    list: (agent) =>
      [...byAgent]
        .filter(([name]) => agent === undefined || name === agent)
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .flatMap(([, sessions]) => [...sessions.values()].flatMap((labels) => [...labels.values()])),
    places: places.list,
    clear: ({ of, label }) => {
      if (of.kind !== 'agent') return places.clear(of, label);
      const { agent, session } = of;
      // On disk first: where that fails, nothing is cleared.
      const count = store.removeSeen({
        agent,
        ...(session === undefined ? {} : { session }),
        ...(label === undefined ? {} : { label }),
      });
      const isCleared = (one: SeenLabel): boolean =>
        (session === undefined || one.session === session) && (label === undefined || one.label === label);
      // What could not be kept before is not kept afterwards.
      const waiting = pending.filter((one) => one.agent !== agent || !isCleared(one));
      pending.splice(0, pending.length, ...waiting);
      const sessions: Sessions = byAgent.get(agent) ?? new Map();
      for (const [name, labels] of sessions) {
        for (const [each, one] of [...labels]) if (isCleared(one)) labels.delete(each);
        if (labels.size === 0) sessions.delete(name);
      }
      cached.delete(agent);
      return count;
    },
  };
}

const NOTHING: LabelsSeen = { agent: [], session: [] };
