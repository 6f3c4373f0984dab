// Sessions on the console. Each has two secrets, and both are needed: one in a cookie that no script reads, one that only the page of
// this very origin keeps. Cookies go to every port of a host, so that a server beside this one would be sent them; the other half it
// never sees. In memory, as hashes: a restart signs everybody out.

import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '#base/clock.ts';
import { LIMITS } from '#base/limits.ts';
import type { PersonName, PersonRole } from '#domain/person.ts';
import { createBoundedMap } from './bounded-map.ts';

/** What the two halves open. */
export type Session = { readonly person: PersonName; readonly role: PersonRole; readonly credential: string };

export type SessionHalves = { readonly cookie: string; readonly page: string };

export type Sessions = {
  readonly begin: (session: Session) => SessionHalves;
  /** Undefined: no such session, or it is over. Being asked for keeps it from resting, but by a page that asks by itself. */
  readonly find: (halves: Partial<SessionHalves>, asked: { readonly isPoll: boolean }) => Session | undefined;
  readonly end: (halves: Partial<SessionHalves>) => void;
  /** Ends all for which `isOver` says so. */
  readonly endWhere: (isOver: (session: Session) => boolean) => void;
  readonly countOf: (person: string) => number;
};

type Held = {
  readonly session: Session;
  readonly pageHash: Buffer;
  readonly beganMs: number;
  /** The wall clock counts too: a machine that slept has rested. */
  readonly beganAtMs: number;
  lastMs: number;
  lastAtMs: number;
};

const HALF_BYTES = 32;

export function createSessions(clock: Clock): Sessions {
  const held = createBoundedMap<Held>({
    countMax: LIMITS.consoleSessionsMax,
    perOwnerMax: LIMITS.consoleSessionsPerPersonMax,
  });
  const isOver = ({ beganMs, beganAtMs, lastMs, lastAtMs }: Held): boolean => {
    const past = (sinceMs: number, sinceAtMs: number) =>
      Math.max(clock.monotonicMs() - sinceMs, clock.nowMs() - sinceAtMs);
    return past(beganMs, beganAtMs) >= LIMITS.consoleSessionMs || past(lastMs, lastAtMs) >= LIMITS.consoleIdleMs;
  };
  const keyOf = (cookie: string) => hash('sha256', cookie, 'hex');
  const look = ({ cookie = '', page = '' }: Partial<SessionHalves>): Held | undefined => {
    const found = held.get(keyOf(cookie));
    if (found === undefined || !timingSafeEqual(found.pageHash, hash('sha256', page, 'buffer'))) return undefined;
    if (!isOver(found)) return found;
    held.take(keyOf(cookie));
    return undefined;
  };
  return {
    begin: (session) => {
      const cookie = randomBytes(HALF_BYTES).toString('base64url');
      const page = randomBytes(HALF_BYTES).toString('base64url');
      const [nowMs, atMs] = [clock.monotonicMs(), clock.nowMs()];
      held.put(keyOf(cookie), session.person, {
        ...{ session, pageHash: hash('sha256', page, 'buffer') },
        ...{ beganMs: nowMs, beganAtMs: atMs, lastMs: nowMs, lastAtMs: atMs },
      });
      return { cookie, page };
    },
    find: (halves, { isPoll }) => {
      const found = look(halves);
      if (found === undefined || isPoll) return found?.session;
      found.lastMs = clock.monotonicMs();
      found.lastAtMs = clock.nowMs();
      return found.session;
    },
    end: (halves) => {
      if (look(halves) !== undefined) held.take(keyOf(halves.cookie ?? ''));
    },
    endWhere: (isEnded) => {
      for (const [key, { session }] of held.entries()) if (isEnded(session)) held.take(key);
    },
    countOf: (person) => held.entries().filter(([, one]) => one.session.person === person && !isOver(one)).length,
  };
}
