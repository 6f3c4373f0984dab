// People who sign in on the console: links to enrol, passkeys, sessions; and who of them may do what, by the policy in force. Made
// once by the app. **Trust:** what comes from browsers is anybody's until a passkey has signed for it.

import { type Clock, rfc3339 } from '#base/clock.ts';
import { SmcpError } from '#base/errors.ts';
import type {
  ConsoleSite,
  InviteStore,
  PasskeyStore,
  PeopleAdmin,
  PersonView,
  SignedAssertion,
  SignedIn,
} from '#domain/people-ports.ts';
import { hasRole, type People, type PersonName, type PersonRole } from '#domain/person.ts';
import type { RecordLog } from '#domain/ports.ts';
import { createAttempts } from './attempts.ts';
import { createChallenges } from './challenges.ts';
import { createInvites } from './invites.ts';
import { networkOf } from './network-of.ts';
import { createPasskeys } from './passkeys.ts';
import { parseMadePasskey, parsePasskeyAssertion } from './read-assertion.ts';
import { inviteInvalid, passkeyRefused, passkeyUnknown, personUnknown, signInNeeded } from './refusals.ts';
import { createSessions, type SessionHalves } from './sessions.ts';

export type PeoplePorts = {
  readonly passkeys: PasskeyStore;
  readonly invites: InviteStore;
  readonly log: RecordLog;
  readonly clock: Clock;
  /** As the policy in force names them. */
  readonly people: () => People;
  readonly site: () => ConsoleSite;
};

/** What a browser is asked to make or to sign. */
export type EnrolmentOptions = {
  readonly challenge: string;
  readonly rpId: string;
  readonly person: string;
  /** The passkeys that the person has: a browser makes no second one in the same place. */
  readonly exclude: readonly string[];
};

export type PeopleDesk = PeopleAdmin & {
  /** @throws `INVITE_INVALID` · `PERSON_UNKNOWN` · `PASSKEYS_FULL` · `TOO_MANY_ATTEMPTS` */
  readonly beginEnrolment: (secret: unknown, address: string) => Promise<EnrolmentOptions>;
  /** Uses the link up. @throws as `beginEnrolment` · `PASSKEY_REFUSED`, which leaves the link as it was · `LOG_UNAVAILABLE` */
  readonly enrol: (secret: unknown, made: unknown, address: string) => Promise<SignedIn>;
  /** A challenge for `signIn`. */
  readonly beginSignIn: (address: string) => { readonly challenge: string; readonly rpId: string };
  /** @throws `PASSKEY_REFUSED` · `TOO_MANY_ATTEMPTS` */
  readonly signIn: (assertion: unknown, address: string) => Promise<SignedIn & { readonly session: SessionHalves }>;
  /** Who is signed in. @throws `SIGN_IN_NEEDED`, also for who is not in the policy any more, or in another role */
  readonly signedIn: (
    halves: Partial<SessionHalves>,
    needed: PersonRole,
    /** `isPoll`: nobody did anything; the session goes on resting. */
    more?: { readonly isPoll?: boolean },
  ) => SignedIn;
  readonly signOut: (halves: Partial<SessionHalves>) => void;
  /** What the person's passkey has signed: `digest` (lower-case hex) and nothing else. @throws `PASSKEY_REFUSED` */
  readonly checkSigned: (person: PersonName, assertion: unknown, digest: string) => SignedAssertion;
};

/** Purposes of challenges; an enrolment's names its link. */
const SIGN_IN = 'sign-in';

export function createPeople(ports: PeoplePorts): PeopleDesk {
  const { clock, people, site } = ports;
  const challenges = createChallenges(clock);
  const invites = createInvites({ store: ports.invites, clock });
  const passkeys = createPasskeys({ store: ports.passkeys, log: ports.log, clock, site });
  const sessions = createSessions(clock);
  const attempts = createAttempts(clock);

  const attempt: typeof attempts.attempt = (address, run) => attempts.attempt(networkOf(address), run);
  /** Enrolments on their way into the log, and whether all passkeys of their person were revoked since. */
  const underWay = new Set<{ readonly person: PersonName; revokedBy?: string }>();
  const named = (name: string): PersonName => {
    const found = [...people().keys()].find((person) => person === name);
    if (found === undefined) throw personUnknown(name, [...people().keys()]);
    return found;
  };
  /** A challenge of a passkey's own making: which one it signed is in what it sends. */
  const takeChallenge = (challenge: string, purpose: string) => {
    if (!challenges.take(challenge, purpose)) throw passkeyRefused('it took too long, or was sent twice');
  };
  const access = (person: PersonName): PersonRole | undefined => people().get(person);

  const beginEnrolment = (secret: unknown, address: string): EnrolmentOptions => {
    const invite = invites.find(secret);
    const person = named(invite.person);
    passkeys.checkRoom(person);
    const exclude = passkeys.of(person).map(({ credential }) => credential);
    return { challenge: challenges.make(invite.hash, address), rpId: site().rpId, person, exclude };
  };

  const enrol = async (secret: unknown, given: unknown): Promise<SignedIn> => {
    const invite = invites.find(secret);
    const person = named(invite.person);
    const made = parseMadePasskey(given);
    takeChallenge(made.challenge, invite.hash);
    const enrolment = { person, by: invite.by, challenge: made.challenge };
    // Of two at once the second finds no link any more: it is used up before the record is written.
    const entry: { readonly person: PersonName; revokedBy?: string } = { person };
    underWay.add(entry);
    try {
      const passkey = await passkeys.enrol(made, { ...enrolment, beforeRecord: () => void invites.take(secret) });
      if (entry.revokedBy !== undefined) {
        await passkeys.revoke(passkey, entry.revokedBy);
        throw inviteInvalid();
      }
    } finally {
      underWay.delete(entry);
    }
    return { person, role: access(person) ?? 'viewer' };
  };

  const signIn = async (given: unknown): Promise<SignedIn & { readonly session: SessionHalves }> => {
    const { assertion, challenge } = parsePasskeyAssertion(given);
    takeChallenge(challenge, SIGN_IN);
    const { passkey } = passkeys.check(assertion, challenge);
    const { person, credential } = passkey;
    const role = access(person);
    if (role === undefined) throw passkeyRefused('the policy does not name you any more');
    const time = rfc3339(clock.nowMs());
    const predicate = { operation: 'console_sign_in', subject: credential, by: person, time };
    await ports.log.append({ kind: 'admin', predicate });
    // What was revoked while it was recorded opens nothing.
    if (access(person) !== role || !passkeys.of(person).some((one) => one.credential === credential)) {
      throw passkeyRefused('this passkey is not known here');
    }
    return { person, role, session: sessions.begin({ person, role, credential }) };
  };

  const signedIn: PeopleDesk['signedIn'] = (halves, needed, { isPoll = false } = {}) => {
    const session = sessions.find(halves, { isPoll });
    if (session === undefined) throw signInNeeded();
    const { person, role } = session;
    if (access(person) !== role) {
      sessions.end(halves);
      throw signInNeeded();
    }
    if (!hasRole(role, needed)) {
      throw new SmcpError('ROLE_NEEDED', `${person} is ${role}; this takes the role ${needed}`, {
        details: { remedy: `have it done by somebody who is ${needed}, or have the policy changed under people` },
      });
    }
    return { person, role };
  };

  const view = (name: PersonName): PersonView => ({
    ...{ name, role: access(name), passkeys: passkeys.of(name) },
    ...{ inviteExpiresMs: invites.pending(name), sessions: sessions.countOf(name) },
  });
  const everybody = () => [...new Set([...people().keys(), ...passkeys.people()])].sort();
  const revocable = (name: string, credential: string | undefined) => {
    const person = everybody().find((one) => one === name);
    if (person === undefined) throw personUnknown(name, everybody());
    const own = passkeys.of(person);
    const meant = credential === undefined ? own : own.filter((one) => one.credential === credential);
    if (credential !== undefined && meant.length === 0) throw passkeyUnknown(name);
    return meant;
  };

  const invitable = (name: string): PersonName => {
    const person = named(name);
    passkeys.checkRoom(person);
    return person;
  };

  return {
    consoleOrigin: () => site().origin,
    hasAdminEnrolled: () => [...people()].some(([name, role]) => role === 'admin' && passkeys.hasEnrolled(name)),
    checkInvitable: (name) => void invitable(name),
    invite: (name, by) => {
      const person = invitable(name);
      const { secret, expiresMs } = invites.make(person, by);
      return { link: `${site().origin}/console/enroll#${secret}`, expiresMs };
    },
    list: () => everybody().map(view),
    checkRevocable: (name, credential) => void revocable(name, credential),
    revoke: async (name, { credential, by }) => {
      const meant = revocable(name, credential);
      const ended = new Set(meant.map((passkey) => passkey.credential));
      sessions.endWhere((one) => (credential === undefined ? one.person === name : ended.has(one.credential)));
      if (credential === undefined) {
        invites.revoke(name);
        for (const entry of underWay) if (entry.person === name) entry.revokedBy = by;
      }
      await Promise.all(meant.map((passkey) => passkeys.revoke(passkey, by)));
      return [...ended];
    },
    beginEnrolment: (secret, address) => attempt(address, () => beginEnrolment(secret, networkOf(address))),
    enrol: (secret, made, address) => attempt(address, () => enrol(secret, made)),
    beginSignIn: (address) => ({ challenge: challenges.make(SIGN_IN, networkOf(address)), rpId: site().rpId }),
    signIn: (assertion, address) => attempt(address, () => signIn(assertion)),
    signedIn,
    signOut: sessions.end,
    roleOf: (name, credential) =>
      passkeys.of(name).some((one) => one.credential === credential) ? access(name) : undefined,
    checkSigned: (person, given, digest) => {
      const { assertion } = parsePasskeyAssertion(given);
      const { passkey, signed } = passkeys.check(assertion, Buffer.from(digest, 'hex').toString('base64url'));
      if (passkey.person !== person) throw passkeyRefused('this passkey is another person’s');
      return signed;
    },
  };
}
