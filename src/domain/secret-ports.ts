// The secrets that an invocation was given, as the broker's calls see them. Features import this file, never each other.

import type { ExactJson } from '#base/exact-json.ts';
import type { Json } from '#base/json.ts';
import type { SecretEntry } from './capability.ts';
import type { UsedCapability } from './invocation.ts';

/** Replaces every value of these secrets, plain or in a usual encoding, by a mark of one length whatever the value's is. */
export type SecretMask = {
  readonly text: (text: string) => string;
  readonly bytes: (bytes: Uint8Array) => Uint8Array;
  /** Keys too. */
  readonly json: (value: Json) => Json;
};

/** Of one invocation. Nothing is read before it is needed. */
export type GivenSecrets = {
  /**
   * What goes into a request to this host (as `canonicalHost` gives it): header by name in lower case, prefix and value joined.
   * Reads every secret that the invocation was given, once.
   *
   * @throws `SECRET_MISSING` for one that nobody has set · `SECRET_UNAVAILABLE` when its source doesn't give it
   */
  readonly headersFor: (host: string) => Promise<Readonly<Record<string, string>>>;
  /** Of all that was read so far; undefined: none was. */
  readonly mask: () => SecretMask | undefined;
};

/** What the dispatcher and the sandbox mask besides. */
export type ResultMask = SecretMask & {
  /** As `json`, with numbers as they are spelled. */
  readonly exactJson: (value: ExactJson) => ExactJson;
  /** As `bytes`, of a text that was cut: at its ends a value that its program was shown may stand in part. */
  readonly cutBytes: (bytes: Uint8Array, cut: { readonly start?: boolean; readonly end?: boolean }) => Uint8Array;
};

/** The secrets of an invocation, as whoever runs it sees them. */
export type CallSecrets = Omit<GivenSecrets, 'mask'> & {
  readonly mask: () => ResultMask | undefined;
  /**
   * The variables of those that the program itself is to see, by name; `{}`: none. Reads these, once.
   *
   * @throws as `headersFor` · `SECRET_INVALID` when a value can't be handed over
   */
  readonly environment: () => Promise<Readonly<Record<string, string>>>;
  /** One line for each secret that went into a request or a program, for the record. No length and no digest of a value is in it. */
  readonly used: () => readonly UsedCapability[];
};

/** Gives invocations their secrets. */
export type SecretGiver = {
  /** `entries`: what is asked, approved and granted, all three. Nothing is read yet. */
  readonly give: (entries: readonly SecretEntry[]) => CallSecrets;
};

/** Reads secrets of the server's own ways to people. No operation, door or plugin has it. */
export type OwnSecretReader = {
  /** @throws `SECRET_MISSING` · `SECRET_UNAVAILABLE` · `SECRET_INVALID` · `SECRET_TAMPERED` */
  readonly readOwn: (name: string) => Promise<string>;
};

/** Where a value comes from: the home's database, or what config.yaml names under `secrets.sources`. */
export type SecretSourceKind = 'stored' | 'file' | 'env' | 'credential' | 'command';

/** A secret as it may be shown. */
export type SecretView = {
  readonly name: string;
  readonly source: SecretSourceKind;
  /** Of a stored one. */
  readonly setMs?: number;
};

/** What a person does with secrets. No function gives a value back. */
export type SecretAdmin = {
  /** By name. */
  readonly list: () => readonly SecretView[];
  /**
   * Keeps a value, in place of the one before.
   *
   * **Durability:** on disk, sealed, when it returns.
   * @throws `SECRET_INVALID` · `USAGE` for one that config.yaml gives a source, or one too many · `SECRET_UNAVAILABLE` when the key is
   * not that of the secrets that are stored · `HOME_UNSAFE` when others can read the key
   */
  readonly set: (name: string, value: string, by: string) => SecretView;
  /** **Durability:** off the disk when it returns. @throws `SECRET_MISSING` · `USAGE` for one that config.yaml gives a source */
  readonly remove: (name: string) => void;
};
