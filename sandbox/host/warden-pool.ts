// The wardens of one plugin at one profile: started when needed, shared by agents as far as memory allows, replaced when
// they end, ended when idle. Agents whose calls may have ended a warden get one of their own until one of their calls
// ends well: so the next crash has one name.

import type { Clock } from '#base/clock.ts';
import { SmcpError } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import type { AgentName } from '#domain/agent.ts';
import type { RunOutcome } from '#domain/invocation.ts';
import type { RunRequest } from '#domain/ports.ts';
import type { Warden, WardenOptions } from './warden.ts';

export type WardenPool = {
  /** @throws what kept the last warden from starting, while it backs off; `QUEUE_FULL` when there is no room for one more. */
  readonly run: (request: RunRequest) => Promise<RunOutcome>;
  readonly checkMemory: () => void;
  readonly runningCount: () => number;
  /** Wardens that live. */
  readonly size: () => number;
  /** When its warden that has been idle longest was last used, in monotonic ms; undefined when none is idle. */
  readonly idleSinceMs: () => number | undefined;
  /** Ends that one. */
  readonly endIdlest: () => void;
  readonly close: () => Promise<void>;
};

type Member = {
  readonly warden: Warden;
  readonly owner: AgentName | undefined;
  idleTimer: NodeJS.Timeout | undefined;
  lastUsedMs: number;
};

export type WardenPoolOptions = {
  readonly clock: Clock;
  /** Called before a warden is started. @throws `QUEUE_FULL` */
  readonly makeRoom: () => void;
  readonly startWarden: (events: Pick<WardenOptions, 'onCallEnded'>) => Warden;
};

/** A pool that has no warden yet. */
export function createWardenPool({ clock, makeRoom, startWarden }: WardenPoolOptions): WardenPool {
  const members = new Set<Member>();
  const suspects = new Set<AgentName>();
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

  const idlest = (): Member | undefined => {
    const idle = [...members].filter(({ warden }) => warden.isAlive() && warden.runningCount() === 0);
    return idle.toSorted((a, b) => a.lastUsedMs - b.lastUsedMs)[0];
  };

  const rest = (member: Member) => {
    member.lastUsedMs = clock.monotonicMs();
    if (member.warden.runningCount() > 0 || !member.warden.isAlive()) return;
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
    makeRoom();
    const member: Member = {
      owner,
      idleTimer: undefined,
      lastUsedMs: clock.monotonicMs(),
      warden: startWarden({ onCallEnded: () => rest(member) }),
    };
    members.add(member);
    void member.warden.ended.then((ending) => {
      members.delete(member);
      clearTimeout(member.idleTimer);
      for (const agent of ending.suspects) suspects.add(agent);
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
    return (
      usable.find(({ warden }) => warden.hasIsolate(agent)) ??
      usable.find(({ warden }) => warden.hasRoom(agent)) ??
      add(owner)
    );
  };

  return {
    run: async (request) => {
      const member = pick(request.agent);
      clearTimeout(member.idleTimer);
      const outcome = await member.warden.run(request);
      if (outcome.kind === 'returned' && member.owner === request.agent) suspects.delete(request.agent);
      return outcome;
    },
    checkMemory: () => {
      for (const { warden } of members) warden.checkMemory();
    },
    size: () => [...members].filter(({ warden }) => warden.isAlive()).length,
    idleSinceMs: () => idlest()?.lastUsedMs,
    endIdlest: () => {
      const member = idlest();
      if (member !== undefined) end(member);
    },
    runningCount: () => [...members].reduce((sum, { warden }) => sum + warden.runningCount(), 0),
    close: async () => {
      await Promise.all([...[...members].map(({ warden }) => warden.close()), ...closing]);
    },
  };
}
