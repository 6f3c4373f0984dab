// Links by which a person enrols a passkey: one for each person at a time, short-lived, used once, kept as hashes.
// **Trust:** whoever has the link is taken for the person: it is handed over as a password would be.

import { hash, randomBytes } from 'node:crypto';
import type { Clock } from '#base/clock.ts';
import { LIMITS } from '#base/limits.ts';
import type { Invite, InviteStore } from '#domain/people-ports.ts';
import type { PersonName } from '#domain/person.ts';
import { inviteInvalid } from './refusals.ts';

export type Invites = {
  /** The secret of a new link, in place of the one before of this person. **Durability:** on disk when it returns. */
  readonly make: (person: PersonName, by: string) => { readonly secret: string; readonly expiresMs: number };
  /** @throws `INVITE_INVALID` */
  readonly find: (secret: unknown) => Invite;
  /** Uses it up. **Durability:** on disk when it returns. @throws `INVITE_INVALID` */
  readonly take: (secret: unknown) => Invite;
  /** When the link of this person that was not used ends; undefined: there is none. */
  readonly pending: (person: string) => number | undefined;
  readonly revoke: (person: string) => void;
};

const SECRET_BYTES = 32;
const SECRET = /^[A-Za-z0-9_-]{43}$/;

/** Rows are read once and kept in memory. One that was used is gone from memory first. */
export function createInvites({ store, clock }: { readonly store: InviteStore; readonly clock: Clock }): Invites {
  const known = new Map(store.list().map((invite) => [invite.hash, invite]));
  const drop = (invite: Invite) => {
    known.delete(invite.hash);
    store.remove(invite.hash);
  };
  /** One that was made in the future is of a clock that was wrong. */
  const isGood = ({ createdMs, expiresMs }: Invite) => clock.nowMs() < expiresMs && clock.nowMs() >= createdMs;
  const find: Invites['find'] = (secret) => {
    const isSecret = typeof secret === 'string' && SECRET.test(secret);
    const invite = isSecret ? known.get(hash('sha256', secret, 'hex')) : undefined;
    if (invite === undefined || !isGood(invite)) throw inviteInvalid();
    return invite;
  };
  const ofPerson = (person: string) => [...known.values()].filter((invite) => invite.person === person);
  return {
    make: (person, by) => {
      const createdMs = clock.nowMs();
      for (const invite of known.values()) if (invite.person === person || !isGood(invite)) drop(invite);
      const [oldest] = known.values();
      if (known.size >= LIMITS.invitesMax && oldest !== undefined) drop(oldest);
      const secret = randomBytes(SECRET_BYTES).toString('base64url');
      const expiresMs = createdMs + LIMITS.inviteMs;
      const invite: Invite = { hash: hash('sha256', secret, 'hex'), person, createdMs, expiresMs, by };
      store.put(invite);
      known.set(invite.hash, invite);
      return { secret, expiresMs };
    },
    find,
    take: (secret) => {
      const invite = find(secret);
      drop(invite);
      return invite;
    },
    pending: (person) => ofPerson(person).find(isGood)?.expiresMs,
    revoke: (person) => ofPerson(person).forEach(drop),
  };
}
