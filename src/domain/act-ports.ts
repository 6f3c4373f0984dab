// Acts of administration that a person has to confirm with a passkey before they are done: what is asked, and where it waits. Features
// import this file, never each other.

import type { Digest } from '#base/digest.ts';
import type { JsonObject } from '#base/json.ts';
import type { SignedAssertion } from './people-ports.ts';
import type { PersonName } from './person.ts';

/**
 * Acts that a policy can have confirmed. `policy_widen`: a policy under which somebody could do more, or people or what is required
 * are others · `person_invite`: a link by which a passkey is enrolled. Where any is named, these two are too.
 */
export type RequiredAct = 'policy_widen' | 'plugin_approve' | 'unfreeze' | 'person_invite';

/** What an act comes to. `about` is signed; `shown` is what a person reads, made of the same. */
export type ActContent = { readonly about: JsonObject; readonly shown: string };

/** An act that waits. Times in ms since the epoch. */
export type PendingAct = ActContent & {
  readonly id: string;
  /** The operation's name and input, as they will be carried out. */
  readonly operation: string;
  readonly input: JsonObject;
  /** What its record says it is done to. */
  readonly subject: string;
  /** Who asked for it. */
  readonly by: string;
  readonly createdMs: number;
  readonly expiresMs: number;
  /** `{"nonce","value"}` as RFC 8785 writes it; its SHA-256 is what the passkey signs. */
  readonly statement: string;
  readonly digest: Digest;
};

/** They stay over a restart, until they end with time. */
export type Acts = {
  /** The one that waits for the same, else a new one. **Durability:** on disk when it returns. @throws `ACTS_FULL` · `LOG_UNAVAILABLE` */
  readonly ask: (act: ActContent & Pick<PendingAct, 'operation' | 'input' | 'subject' | 'by'>) => PendingAct;
  /** The newest last. */
  readonly list: () => readonly PendingAct[];
  /** @throws `ACT_UNKNOWN` */
  readonly get: (id: string) => PendingAct;
  /** Takes it away: it is confirmed once, or never. **Durability:** it is gone from the disk when it returns. @throws `ACT_UNKNOWN` · `LOG_UNAVAILABLE` */
  readonly take: (id: string) => PendingAct;
};

/** Where they are kept. **Durability:** what was written is on disk when a function returns. */
export type ActStore = {
  /** In the order in which they were put. */
  readonly list: () => readonly PendingAct[];
  readonly put: (act: PendingAct) => void;
  readonly remove: (id: string) => void;
};

/** A person who has signed for an act. */
export type Confirmation = { readonly person: PersonName; readonly assertion: SignedAssertion };
