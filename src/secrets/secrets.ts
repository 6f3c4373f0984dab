// The secrets of a home: kept sealed in its database, or elsewhere by what the configuration names. Gives invocations what they were
// given, and people a list of names. No function gives a value to who asks for one, but the headers and variables of a call, and what
// the server's own ways to people sign in with.
// **Trust:** the database may be another one's by now; the configuration is the operator's.

import type { Clock } from '#base/clock.ts';
import { asSmcpError, SmcpError } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import type { Logger } from '#base/log.ts';
import type { OwnSecretReader, SecretAdmin, SecretGiver, SecretMask, SecretView } from '#domain/secret-ports.ts';
import type { SecretRow, SecretStore } from '#domain/store-ports.ts';
import { createGivenSecrets, type ReadSecret } from './given-secrets.ts';
import { createKeptMasks } from './kept-masks.ts';
import { type KeyFile, openKeyFile } from './key-file.ts';
import { createKnownValues } from './known-values.ts';
import { type OuterSource, type OuterSources, openOuterSources } from './outer-sources.ts';
import { open, type SecretKey, seal } from './seal.ts';
import { checkSecretValue, isSecretName } from './secret-value.ts';

export type Secrets = SecretAdmin &
  SecretGiver &
  OwnSecretReader & {
    /** Of the values that were set or read last, for the server's own log lines; undefined: none was. */
    readonly knownMask: () => SecretMask | undefined;
  };

export type SecretsPorts = {
  readonly store: SecretStore;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The server's own variables. */
  readonly env: { readonly [name: string]: string | undefined };
};

export type SecretsOptions = {
  readonly home: string;
  /** Absolute. */
  readonly keyFile: string;
  readonly sources: { readonly [name: string]: OuterSource };
};

/** Nothing is read or made before it is needed. */
export function createSecrets({ store, clock, logger, env }: SecretsPorts, options: SecretsOptions): Secrets {
  const keyFile = openKeyFile(options.keyFile);
  const outer = openOuterSources({ clock, env }, options);
  const known = createKnownValues();
  const maskOf = createKeptMasks();
  const readOuter = async (name: string): Promise<string> => {
    try {
      return checkSecretValue(name, await outer.read(name));
    } catch (thrown) {
      if (thrown instanceof SmcpError && thrown.code === 'SECRET_INVALID') throw thrown;
      const why = thrown instanceof Error ? thrown.message : 'unknown';
      logger.error('a secret can not be read from its source', { secret: name, source: outer.kindOf(name), why });
      throw unavailable(name, thrown);
    }
  };
  const read: ReadSecret = async (name) => {
    const value =
      outer.kindOf(name) === undefined ? readStored({ store, keyFile, logger }, name) : await readOuter(name);
    known.add(name, value);
    return value;
  };

  return {
    give: (entries) => createGivenSecrets(read, entries, maskOf),
    readOwn: read,
    knownMask: known.mask,
    list: () => viewsOf(store, outer),
    set: (name, value, by) => {
      checkStorable(outer, name);
      known.add(name, checkSecretValue(name, value));
      const rows = store.list();
      if (rows.length >= LIMITS.secretsStoredMax && !rows.some((row) => row.name === name)) throw tooMany();
      const key = rows.length === 0 ? keyFile.readOrMake() : keyFile.read();
      checkKey(key, rows);
      const version = rows.reduce((last, row) => Math.max(last, row.version), 0) + 1;
      const setMs = clock.nowMs();
      store.put({ name, version, keyId: key.id, sealed: seal(key, { name, version }, value), setMs, by });
      return { name, source: 'stored', setMs };
    },
    remove: (name) => {
      checkStorable(outer, name);
      if (!store.remove(name)) throw missing(name);
    },
  };
}

type Stored = { readonly store: SecretStore; readonly keyFile: KeyFile; readonly logger: Logger };

/** @throws `SECRET_MISSING` · `SECRET_UNAVAILABLE` · `SECRET_TAMPERED`; paths are told to the log alone */
function readStored({ store, keyFile, logger }: Stored, name: string): string {
  const row = store.get(name);
  if (row === undefined) throw missing(name);
  try {
    const key = keyFile.read();
    checkKey(key, [row]);
    const value = open(key, row, row.sealed);
    if (value !== undefined) return value;
  } catch (thrown) {
    const { code, message } = asSmcpError(thrown);
    logger.error('a stored secret can not be opened', { secret: name, code, why: message });
    throw unavailable(name, thrown);
  }
  logger.error('a stored secret does not open: its row is not as it was sealed', { secret: name });
  throw new SmcpError('SECRET_TAMPERED', `the stored secret ${name} is not as it was sealed`, {
    details: { secret: name, remedy: `set it again: smcp secret set ${name}; and find out who wrote to the database` },
  });
}

/** @throws `SECRET_UNAVAILABLE` when one of them was sealed with another key */
function checkKey(key: SecretKey, rows: readonly SecretRow[]): void {
  const other = rows.filter(({ keyId }) => keyId !== key.id).map(({ name }) => name);
  if (other.length === 0) return;
  throw new SmcpError('SECRET_UNAVAILABLE', 'the key is not the one that the stored secrets were sealed with', {
    details: {
      secrets: other,
      remedy: 'put back the key that belongs to this home; or remove these (smcp secret rm NAME) and set them anew',
    },
  });
}

function viewsOf(store: SecretStore, outer: OuterSources): readonly SecretView[] {
  const stored = store.list().filter(({ name }) => outer.kindOf(name) === undefined);
  return [
    ...stored.map(({ name, setMs }): SecretView => ({ name, source: 'stored', setMs })),
    ...outer.names.flatMap((name): SecretView[] => {
      const source = outer.kindOf(name);
      return source === undefined ? [] : [{ name, source }];
    }),
  ].toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function checkStorable(outer: OuterSources, name: string): void {
  if (!isSecretName(name)) {
    throw new SmcpError('USAGE', `${JSON.stringify(name)} can't be the name of a secret`, {
      details: { remedy: 'use letters, digits and "_", beginning with a letter or "_", at most 64' },
    });
  }
  const kind = outer.kindOf(name);
  if (kind === undefined) return;
  throw new SmcpError('USAGE', `config.yaml gives ${name} the source ${kind}`, {
    details: { remedy: `change it there, or remove ${name} from \`secrets.sources\` and start the server anew` },
  });
}

const missing = (name: string): SmcpError =>
  new SmcpError('SECRET_MISSING', `the secret ${name} is not set`, {
    details: { secret: name, remedy: `a person sets it with: smcp secret set ${name}` },
  });

const unavailable = (name: string, cause: unknown): SmcpError =>
  new SmcpError('SECRET_UNAVAILABLE', `the secret ${name} can't be read`, {
    cause,
    details: { secret: name, remedy: "the server's log says why" },
  });

const tooMany = (): SmcpError =>
  new SmcpError('USAGE', `a home keeps at most ${LIMITS.secretsStoredMax} secrets`, {
    details: { remedy: 'remove what is not used: smcp secret list' },
  });
