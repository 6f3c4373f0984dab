// The passkeys of people: enrolled with a record, revoked with one, and asked whether they signed something. Rows are read once.
// **Trust:** what a browser sends is anybody's; which challenge was to be signed is the caller's to know.

import { parseBase64url } from '#base/base64url.ts';
import { type Clock, rfc3339 } from '#base/clock.ts';
import { digestHex, sha256 } from '#base/digest.ts';
import { LIMITS } from '#base/limits.ts';
import {
  checkAssertion,
  isNextSignCount,
  type PasskeyAssertion,
  readAuthenticatorData,
  readClientData,
  readPasskeyKey,
} from '#base/passkey.ts';
import type { ConsoleSite, Passkey, PasskeyStore, SignedAssertion } from '#domain/people-ports.ts';
import type { PersonName } from '#domain/person.ts';
import type { RecordLog } from '#domain/ports.ts';
import { passkeyRefused, passkeysFull } from './refusals.ts';

/** What a browser gives when it has made a passkey; bytes in base64url. */
export type MadePasskey = {
  readonly credential: string;
  readonly authenticatorData: string;
  readonly clientDataJSON: string;
  readonly key: string;
  readonly transports: readonly string[];
};

/** `beforeRecord`: called once all is good, before anything is written; what it throws ends the enrolment. */
export type Enrolment = {
  readonly person: PersonName;
  readonly by: string;
  readonly challenge: string;
  readonly beforeRecord: () => void;
};

export type Passkeys = {
  /** Those that open something. */
  readonly of: (person: string) => readonly Passkey[];
  /** Whether the person has, or had, one. */
  readonly hasEnrolled: (person: string) => boolean;
  /** Everybody who has one that opens something. */
  readonly people: () => readonly PersonName[];
  /** @throws `PASSKEYS_FULL` */
  readonly checkRoom: (person: string) => void;
  /** **Durability:** record, then row, on disk when it resolves. @throws `PASSKEY_REFUSED` · `PASSKEYS_FULL` · `LOG_UNAVAILABLE` */
  readonly enrol: (made: MadePasskey, enrolment: Enrolment) => Promise<Passkey>;
  /** Whose passkey signed `challenge`, and its signature with what shows whose it is. @throws `PASSKEY_REFUSED` */
  readonly check: (
    assertion: PasskeyAssertion,
    challenge: string,
  ) => { readonly passkey: Passkey; readonly signed: SignedAssertion };
  /** It opens nothing from this turn on. **Durability:** row and record are on disk when it resolves. */
  readonly revoke: (passkey: Passkey, by: string) => Promise<void>;
};

export type PasskeyPorts = {
  readonly store: PasskeyStore;
  readonly log: RecordLog;
  readonly clock: Clock;
  readonly site: () => ConsoleSite;
};

export function createPasskeys({ store, log, clock, site }: PasskeyPorts): Passkeys {
  const known = new Map(store.list().map((passkey) => [passkey.credential, passkey]));
  /** Credentials whose enrolment is on its way into the log. */
  const beingEnrolled = new Set<string>();
  const live = () => [...known.values()].filter(({ revokedMs }) => revokedMs === undefined);
  const of = (person: string) => live().filter((passkey) => passkey.person === person);
  const checkRoom = (person: string) => {
    if (of(person).length >= LIMITS.passkeysPerPersonMax) throw passkeysFull(person);
  };

  const enrol: Passkeys['enrol'] = async (made, { person, by, challenge, beforeRecord }) => {
    const { credential, key } = made;
    const { rpId } = site();
    const { alg, signCount } = checkMade(made, challenge, site());
    checkRoom(person);
    if (known.has(credential) || beingEnrolled.has(credential)) {
      throw passkeyRefused('this passkey was enrolled before');
    }
    beforeRecord();
    beingEnrolled.add(credential);
    try {
      const enrolledMs = clock.nowMs();
      const change = { person, change: 'enrolled', credential, key, rpId, signCount, by } as const;
      const record = await log.append({ kind: 'person', predicate: { ...change, time: rfc3339(enrolledMs) } });
      const passkey: Passkey = {
        ...{ credential, person, key, alg, signCount, rpId, enrolledMs, by, record },
        transports: made.transports,
      };
      store.put(passkey);
      known.set(credential, passkey);
      return passkey;
    } finally {
      beingEnrolled.delete(credential);
    }
  };

  const check: Passkeys['check'] = (assertion, challenge) => {
    const passkey = known.get(assertion.credential);
    // The same for one that never was here and for one that was revoked.
    if (passkey === undefined || passkey.revokedMs !== undefined)
      throw passkeyRefused('this passkey is not known here');
    const { key, rpId, record } = passkey;
    const checked = checkAssertion(assertion, { spki: key, challenge, rpId });
    if ('problem' in checked) throw passkeyRefused(checked.problem);
    if (checked.origin !== site().origin) throw passkeyRefused('it was made on the page of another site');
    if (!isNextSignCount(passkey.signCount, checked.signCount)) {
      throw passkeyRefused('the passkey has counted fewer signatures than before: it may have been copied');
    }
    if (checked.signCount !== passkey.signCount) {
      known.set(passkey.credential, { ...passkey, signCount: checked.signCount });
      store.count(passkey.credential, checked.signCount);
    }
    const { credential, authenticatorData, clientDataJSON, signature } = assertion;
    const parts = { credential, authenticatorData, clientDataJSON, signature };
    return { passkey, signed: { ...parts, key, rpId, enrolment: record } };
  };

  return {
    of,
    hasEnrolled: (person) => [...known.values()].some((passkey) => passkey.person === person),
    people: () => [...new Set(live().map(({ person }) => person))],
    checkRoom,
    enrol,
    check,
    revoke: async (passkey, by) => {
      const { person, credential, key, rpId, signCount } = known.get(passkey.credential) ?? passkey;
      const revokedMs = clock.nowMs();
      known.set(credential, { ...passkey, signCount, revokedMs });
      store.revoke(credential, revokedMs);
      const change = { person, change: 'revoked', credential, key, rpId, signCount, by } as const;
      await log.append({ kind: 'person', predicate: { ...change, time: rfc3339(revokedMs) } });
    },
  };
}

/** @throws `PASSKEY_REFUSED` */
function checkMade(
  { credential, authenticatorData, clientDataJSON, key: spki }: MadePasskey,
  challenge: string,
  { origin, rpId }: ConsoleSite,
): { readonly alg: number; readonly signCount: number } {
  const data = readAuthenticatorData(authenticatorData);
  const client = readClientData(clientDataJSON);
  const key = readPasskeyKey(spki);
  if (key === undefined) throw passkeyRefused('the passkey is of a kind that is not taken: ES256, Ed25519 or RS256');
  const isId = (parseBase64url(credential, LIMITS.passkeyIdBytesMax)?.length ?? 0) > 0;
  if (data === undefined || client === undefined || !isId || data.credential !== credential) {
    throw passkeyRefused('what the browser sent is not of the form that browsers give');
  }
  if (client.type !== 'webauthn.create' || client.challenge !== challenge) {
    throw passkeyRefused('it was made for something else');
  }
  const isOurs = client.origin === origin && data.rpIdHash === digestHex(sha256(rpId));
  if (!isOurs) throw passkeyRefused('it was made on the page of another site');
  if (!data.isPresent || !data.isVerified) throw passkeyRefused('the passkey did not make sure who used it');
  return { alg: key.alg, signCount: data.signCount };
}
