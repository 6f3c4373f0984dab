// People who sign in with a passkey: what is kept of them, and what is asked of the feature that knows them. Features import this
// file, never each other.

import type { PasskeyAssertion } from '#base/passkey.ts';
import type { Receipt } from './invocation.ts';
import type { PersonName, PersonRole } from './person.ts';

/** A passkey of a person. Times in ms since the epoch; bytes in base64url. */
export type Passkey = {
  readonly credential: string;
  readonly person: PersonName;
  /** SPKI DER of the public key. */
  readonly key: string;
  /** COSE: -7 ES256 · -8 Ed25519 · -257 RS256. */
  readonly alg: number;
  /** As it said last; 0: it does not count. */
  readonly signCount: number;
  /** How a browser reaches it (`internal`, `usb`, `hybrid`): hints, as the browser gave them. */
  readonly transports: readonly string[];
  /** The host that it was made for. */
  readonly rpId: string;
  readonly enrolledMs: number;
  /** Who made the link that it was enrolled by. */
  readonly by: string;
  /** The record of the enrolment. */
  readonly record: Receipt;
  /** From then on it opens nothing. */
  readonly revokedMs?: number;
};

/** Passkeys as they are kept, in the order in which they were enrolled. **Durability:** on disk when a function returns. */
export type PasskeyStore = {
  readonly list: () => readonly Passkey[];
  readonly put: (passkey: Passkey) => void;
  readonly count: (credential: string, signCount: number) => void;
  readonly revoke: (credential: string, revokedMs: number) => void;
};

/** A link by which one person enrols one passkey. Its secret is kept as a hash (lower-case hex SHA-256). */
export type Invite = {
  readonly hash: string;
  readonly person: PersonName;
  readonly createdMs: number;
  readonly expiresMs: number;
  readonly by: string;
};

/** **Durability:** on disk when a function returns: a link that was used is never good again. */
export type InviteStore = {
  readonly list: () => readonly Invite[];
  /** In place of the one before of this person. */
  readonly put: (invite: Invite) => void;
  readonly remove: (hash: string) => void;
};

/** Where the console is: passkeys are for one origin. `isSecure`: it is asked for by https. */
export type ConsoleSite = { readonly origin: string; readonly rpId: string; readonly isSecure: boolean };

/** An assertion that was checked, with what a stranger needs to check it again. */
export type SignedAssertion = PasskeyAssertion & {
  readonly key: string;
  readonly rpId: string;
  /** The record that says whose key it is. */
  readonly enrolment: Receipt;
};

/** Somebody who is signed in, as the policy in force has them. */
export type SignedIn = { readonly person: PersonName; readonly role: PersonRole };

export type PersonView = {
  readonly name: string;
  /** Undefined: the policy does not name them any more, so they have no access. */
  readonly role: PersonRole | undefined;
  readonly passkeys: readonly Passkey[];
  /** When an unused link ends. */
  readonly inviteExpiresMs: number | undefined;
  readonly sessions: number;
};

/** What operations do with people. */
export type PeopleAdmin = {
  /** Where browsers find the console. */
  readonly consoleOrigin: () => string;
  /** Whether an admin of the policy has, or had, a passkey: until then nobody could confirm a link to enrol. */
  readonly hasAdminEnrolled: () => boolean;
  /** The role of a person now; undefined when the policy names them no more, or the passkey is theirs no more. */
  readonly roleOf: (name: PersonName, credential: string) => PersonRole | undefined;
  /** @throws `PERSON_UNKNOWN` · `PASSKEYS_FULL` */
  readonly checkInvitable: (name: string) => void;
  /**
   * A link for a person of the policy, in place of one that was not used. Nothing shows it again.
   *
   * @throws as `checkInvitable`
   */
  readonly invite: (name: string, by: string) => { readonly link: string; readonly expiresMs: number };
  /** People of the policy, and those who have passkeys still; by name. */
  readonly list: () => readonly PersonView[];
  /** @throws `PERSON_UNKNOWN` when neither the policy nor a passkey knows the name · `PASSKEY_UNKNOWN` */
  readonly checkRevocable: (name: string, credential?: string) => void;
  /**
   * Revokes a passkey, or all with the link that waits, and ends the person's sessions at once. Returns what is revoked.
   *
   * **Durability:** it acts at once; rows and records are on disk when it resolves.
   * @throws as `checkRevocable`
   */
  readonly revoke: (
    name: string,
    options: { readonly credential?: string; readonly by: string },
  ) => Promise<readonly string[]>;
};
