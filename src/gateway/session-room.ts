// Room for what stays open: streams and sessions, in all and for each agent. One that rests (no stream, nothing under way)
// makes way when the room is full, and is ended when it has rested for too long or its token no longer holds: clients
// leave without a word. Shared by all doors of HTTP.

import type { Clock } from '#base/clock.ts';
import { SmcpError } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import type { AgentName } from '#domain/agent.ts';

/** Who takes a place. */
export type Guest = {
  readonly agent: AgentName;
  /** Whether the token that it was opened with still stands for its agent. */
  readonly isValid: () => boolean;
  /** Ends it, its calls and streams; it gives its place back. */
  readonly end: () => void;
  /** Ends its stream; what is under way may still be answered. Absent: as `end`. */
  readonly endStream?: () => void;
};

export type Place = {
  /** From now on it rests, or not. A new one does not rest. */
  readonly setResting: (isResting: boolean) => void;
  /** Gives the place back, once. */
  readonly leave: () => void;
};

export type SessionRoom = {
  /**
   * Takes a place. When there is none, the agent's own guest that rests longest has to go, else, where the room as a whole
   * is full, the one that rests longest of all.
   *
   * @throws `SESSION_LIMIT` · `SHUTTING_DOWN`
   */
  readonly enter: (guest: Guest) => Place;
  /** Ends every guest whose token no longer holds. */
  readonly endInvalid: () => void;
  /** Takes no more guests and ends every stream. */
  readonly closeStreams: () => void;
  /** Ends every guest. */
  readonly close: () => void;
};

export function createSessionRoom({ clock }: { readonly clock: Clock }): SessionRoom {
  const guests = new Set<Guest>();
  const countOf = new Map<AgentName, number>();
  /** Since when each rests; the one that rests longest comes first. */
  const resting = new Map<Guest, number>();
  let sweeps: NodeJS.Timeout | undefined;
  let isClosed = false;

  const endInvalid = () => {
    for (const guest of [...guests]) if (!guest.isValid()) guest.end();
  };

  const sweep = () => {
    const before = clock.monotonicMs() - LIMITS.sessionIdleMsMax;
    for (const [guest, sinceMs] of [...resting]) if (sinceMs <= before || !guest.isValid()) guest.end();
  };

  /** A timer runs only while someone rests. */
  const setTimer = () => {
    if (resting.size > 0) sweeps ??= setInterval(sweep, LIMITS.sessionSweepMs);
    else {
      clearInterval(sweeps);
      sweeps = undefined;
    }
  };

  const makeRoom = (agent: AgentName) => {
    const isFullForAgent = (countOf.get(agent) ?? 0) >= LIMITS.sessionsPerAgentMax;
    if (!isFullForAgent && guests.size < LIMITS.sessionsMax) return;
    const own = [...resting.keys()].find((guest) => guest.agent === agent);
    const oldest = own ?? (isFullForAgent ? undefined : resting.keys().next().value);
    if (oldest === undefined) throw full(isFullForAgent);
    oldest.end();
  };

  const enter = (guest: Guest): Place => {
    const { agent } = guest;
    if (isClosed) throw stopping();
    makeRoom(agent);
    guests.add(guest);
    countOf.set(agent, (countOf.get(agent) ?? 0) + 1);
    return {
      setResting: (isResting) => {
        if (!guests.has(guest)) return;
        // Deleted first, so that the newest is last.
        resting.delete(guest);
        if (isResting) resting.set(guest, clock.monotonicMs());
        setTimer();
      },
      leave: () => {
        if (!guests.delete(guest)) return;
        resting.delete(guest);
        setTimer();
        const left = (countOf.get(agent) ?? 1) - 1;
        if (left > 0) countOf.set(agent, left);
        else countOf.delete(agent);
      },
    };
  };

  return {
    enter,
    endInvalid,
    closeStreams: () => {
      isClosed = true;
      for (const guest of [...guests]) (guest.endStream ?? guest.end)();
    },
    close: () => {
      isClosed = true;
      for (const guest of [...guests]) guest.end();
    },
  };
}

function full(isForAgent: boolean): SmcpError {
  const message = isForAgent
    ? 'this agent has too many open streams and sessions'
    : 'too many open streams and sessions';
  return new SmcpError('SESSION_LIMIT', message, {
    details: { remedy: 'close those that are not needed, then try again' },
  });
}

function stopping(): SmcpError {
  return new SmcpError('SHUTTING_DOWN', 'the server is stopping', { details: { remedy: 'try again when it is back' } });
}
