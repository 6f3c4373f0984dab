// The wardens of one plugin at one profile: started when needed, shared by agents as far as memory allows, replaced when
// they end or are worn, ended when idle. An agent whose call ended a warden, or may have, gets one of its own, so that it ends nobody
// else's calls: until one call ends well, or a number of them in a row when it was surely this agent.

import type { Clock } from '#base/clock.ts';
import { SmcpError } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import type { AgentName } from '#domain/agent.ts';
import type { RunOutcome } from '#domain/invocation.ts';
import type { RunRequest } from '#domain/sandbox-ports.ts';
import type { Warden, WardenOptions } from './warden.ts';

export type WardenPool = {
  /** @throws what kept the last warden from starting, while it backs off; `QUEUE_FULL` when there is no room for one more. */
  readonly run: (request: RunRequest) => Promise<RunOutcome>;
  readonly check: () => void;
  readonly runningCount: () => number;
  /** Wardens that live. */
  readonly size: () => number;
  /** Those of them that serve one agent alone. */
  readonly ownSize: () => number;
  /** When its warden that has been idle longest was last used, in monotonic ms; undefined when none is idle. */
  readonly idleSinceMs: (isOwn?: boolean) => number | undefined;
  /** Ends that one; `isOwn`: among those that serve one agent alone. */
  readonly endIdlest: (isOwn?: boolean) => void;
  /** Ends those for which it holds, asked with the one agent that it serves, or undefined; resolves when they are reaped. */
  readonly end: (isEnded: (owner: AgentName | undefined) => boolean) => Promise<void>;
  readonly close: () => Promise<void>;
};

type Member = {
  readonly warden: Warden;
  readonly owner: AgentName | undefined;
  idleTimer: NodeJS.Timeout | undefined;
  lastUsedMs: number;
  callCount: number;
};

export type WardenPoolOptions = {
  readonly clock: Clock;
  /** Called before a warden is started; `isOwn`: for one agent alone. @throws `QUEUE_FULL` */
  readonly makeRoom: (isOwn: boolean) => void;
  readonly startWarden: (events: Pick<WardenOptions, 'onCallEnded' | 'onSuspects'>) => Warden;
};

/** A pool that has no warden yet. */
export function createWardenPool({ clock, makeRoom, startWarden }: WardenPoolOptions): WardenPool {
  const members = new Set<Member>();
  const suspects = createSuspects();
  const closing = new Set<Promise<void>>();
  let startError: SmcpError | undefined;
  let startFailures = 0;
  let notBeforeMs = 0;

  const end = ({ warden }: Member) => {
    if (warden.runningCount() > 0) return;
    const closed = warden.close();
    closing.add(closed);
    void closed.then(() => closing.delete(closed));
  };

  const alive = () => [...members].filter(({ warden }) => warden.isAlive());
  const idlest = (isOwn = false): Member | undefined => {
    const idle = alive().filter(({ warden, owner }) => warden.runningCount() === 0 && (!isOwn || owner !== undefined));
    return idle.toSorted((a, b) => a.lastUsedMs - b.lastUsedMs)[0];
  };

  const rest = (member: Member) => {
    member.lastUsedMs = clock.monotonicMs();
    if (member.warden.runningCount() > 0 || !member.warden.isAlive()) return;
    // Whoever was told of it calls at once: the next call finds it gone, and a fresh one.
    if (isWorn(member)) setImmediate(end, member);
    clearTimeout(member.idleTimer);
    member.idleTimer = setTimeout(() => end(member), LIMITS.wardenIdleMs);
    member.idleTimer.unref();
  };

  const add = (owner: AgentName | undefined): Member => {
    const waitMs = notBeforeMs - clock.monotonicMs();
    if (waitMs > 0 && startError !== undefined) {
      const details = { ...startError.details, retryAfterMs: Math.ceil(waitMs) };
      throw new SmcpError(startError.code, startError.message, { details });
    }
    makeRoom(owner !== undefined);
    const member: Member = {
      owner,
      idleTimer: undefined,
      lastUsedMs: clock.monotonicMs(),
      callCount: 0,
      warden: startWarden({ onCallEnded: () => rest(member), onSuspects: suspects.add }),
    };
    members.add(member);
    void member.warden.ended.then((ending) => {
      members.delete(member);
      clearTimeout(member.idleTimer);
      startError = ending.startError;
      if (startError === undefined) startFailures = 0;
      else {
        const backoffMs = Math.min(LIMITS.wardenBackoffMsMin * 2 ** startFailures, LIMITS.wardenBackoffMsMax);
        startFailures += 1;
        notBeforeMs = clock.monotonicMs() + backoffMs;
      }
    });
    return member;
  };

  const pick = (agent: AgentName): Member => {
    const owner = suspects.has(agent) ? agent : undefined;
    const usable = [...members].filter(({ warden, owner: own }) => warden.isAlive() && own === owner);
    const among = (some: readonly Member[]) =>
      some.find(({ warden }) => warden.hasIsolate(agent)) ?? some.find(({ warden }) => warden.hasRoom(agent));
    const fresh = among(usable.filter((member) => !isWorn(member)));
    if (fresh !== undefined) return fresh;
    try {
      return add(owner);
    } catch (thrown) {
      const worn = among(usable);
      if (worn === undefined) throw thrown;
      return worn;
    }
  };

  return {
    run: async (request) => {
      const member = pick(request.agent);
      clearTimeout(member.idleTimer);
      member.callCount += 1;
      const outcome = await member.warden.run(request);
      if (outcome.kind === 'returned' && member.owner === request.agent) suspects.clear(request.agent);
      return outcome;
    },
    check: () => {
      for (const { warden } of members) warden.check();
    },
    size: () => alive().length,
    ownSize: () => alive().filter(({ owner }) => owner !== undefined).length,
    idleSinceMs: (isOwn) => idlest(isOwn)?.lastUsedMs,
    endIdlest: (isOwn) => {
      const member = idlest(isOwn);
      if (member !== undefined) end(member);
    },
    runningCount: () => [...members].reduce((sum, { warden }) => sum + warden.runningCount(), 0),
    end: async (isEnded) => {
      const ending = [...members].filter(({ owner }) => isEnded(owner));
      await Promise.all([...ending.map(({ warden }) => warden.close()), ...closing]);
    },
    close: async () => {
      await Promise.all([...[...members].map(({ warden }) => warden.close()), ...closing]);
    },
  };
}

/** Takes no more calls while another can be started. */
function isWorn({ callCount }: Member): boolean {
  return callCount >= LIMITS.wardenCallsMax;
}

/** Agents that run alone for now, and how many good calls they still need. One entry per agent that ever was. */
function createSuspects() {
  const agents = new Map<AgentName, { callsLeft: number; nextPenalty: number }>();
  return {
    has: (agent: AgentName): boolean => (agents.get(agent)?.callsLeft ?? 0) > 0,
    add: (names: readonly AgentName[], isGuilty: boolean): void => {
      for (const name of names) {
        const { callsLeft, nextPenalty } = agents.get(name) ?? {
          callsLeft: 0,
          nextPenalty: LIMITS.wardenTrustCallsMin,
        };
        agents.set(
          name,
          isGuilty
            ? { callsLeft: nextPenalty, nextPenalty: Math.min(nextPenalty * 2, LIMITS.wardenTrustCallsMax) }
            : { callsLeft: Math.max(callsLeft, 1), nextPenalty },
        );
      }
    },
    /** A call of the agent ended well in its own warden. */
    clear: (agent: AgentName): void => {
      const entry = agents.get(agent);
      if (entry !== undefined && entry.callsLeft > 0) entry.callsLeft -= 1;
    },
  };
}
