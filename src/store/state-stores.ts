// Tokens, policy versions, stops and small values behind their ports. Each write is one durable transaction.

import { isJsonObject, type Json } from '#base/json.ts';
import type { AgentName, SignedBy, TokenRow } from '#domain/agent.ts';
import type { Freeze, FreezeScope } from '#domain/freeze.ts';
import type {
  DisabledPluginStore,
  FreezeStore,
  MetaStore,
  PolicyStore,
  PolicyVersion,
  TokenStore,
} from '#domain/store-ports.ts';
import { type Database, numberOf, type SqlRow, textOf } from './sqlite.ts';

/** Tokens as hashes. `list` is ordered by creation. */
export function createTokenStore(database: Database): TokenStore {
  const put = database.prepare(`
    INSERT INTO token (id, agent, secret_hash, created_ms, expires_ms, revoked_ms, rights) VALUES (?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (id) DO UPDATE SET agent = excluded.agent, secret_hash = excluded.secret_hash, created_ms = excluded.created_ms,
      expires_ms = excluded.expires_ms, revoked_ms = excluded.revoked_ms, rights = excluded.rights`);
  const list = database.prepare('SELECT * FROM token ORDER BY created_ms, id');
  // The first revocation stands: revoking again must not move it.
  const revoke = database.prepare('UPDATE token SET revoked_ms = coalesce(revoked_ms, ?) WHERE id = ?');
  const remove = database.prepare('DELETE FROM token WHERE id IN (SELECT value FROM json_each(?))');
  const prune = database.prepare('DELETE FROM token WHERE expires_ms < ?1 OR revoked_ms < ?1');
  return {
    put: (row) => {
      const { id, agent, secretHash, createdMs, expiresMs, revokedMs, rights } = row;
      const json = rights === undefined ? null : JSON.stringify(rights);
      put.run(id, agent, secretHash, createdMs, expiresMs ?? null, revokedMs ?? null, json);
    },
    list: () => list.all().map(asTokenRow),
    revoke: (id, revokedMs) => revoke.run(revokedMs, id) > 0,
    prune: (deadBeforeMs) => {
      prune.run(deadBeforeMs);
    },
    remove: (ids) => {
      remove.run(JSON.stringify(ids));
    },
  };
}

function asTokenRow(row: SqlRow): TokenRow {
  return {
    id: textOf(row, 'id'),
    agent: textOf(row, 'agent') as AgentName,
    secretHash: textOf(row, 'secret_hash'),
    createdMs: numberOf(row, 'created_ms'),
    ...(row['expires_ms'] === null ? {} : { expiresMs: numberOf(row, 'expires_ms') }),
    ...(row['revoked_ms'] === null ? {} : { revokedMs: numberOf(row, 'revoked_ms') }),
    ...(row['rights'] === null ? {} : { rights: asRights(textOf(row, 'rights')) }),
  };
}

/** What can't be read is `broken`: a token that lost its scopes must not be one without any. */
function asRights(json: string): NonNullable<TokenRow['rights']> {
  let parsed: Json | undefined;
  try {
    parsed = JSON.parse(json) as Json;
  } catch {
    return 'broken';
  }
  if (!isJsonObject(parsed)) return 'broken';
  const { scopes, onBehalfOf, actors, signedBy } = parsed;
  const isRead = Array.isArray(scopes) && scopes.every(isTexts) && isTexts(onBehalfOf) && isTexts(actors);
  if (!isRead || (signedBy !== undefined && !isSignedBy(signedBy))) return 'broken';
  return { scopes, onBehalfOf, actors, ...(signedBy === undefined ? {} : { signedBy }) };
}

function isSignedBy(value: unknown): value is SignedBy {
  if (!isJsonObject(value)) return false;
  const { issuer, keyId, keyDigest, issuedMs, subject, jti } = value;
  const isNamed = typeof issuer === 'string' && typeof keyId === 'string' && Number.isFinite(issuedMs);
  return isNamed && isDigest(keyDigest) && isDigest(subject) && (jti === undefined || isDigest(jti));
}

const isDigest = (value: unknown): boolean => typeof value === 'string' && /^sha256:[0-9a-f]{64}$/.test(value);

const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((text) => typeof text === 'string');

/** Policies by number; the text of a number is written once and never changed. */
export function createPolicyStore(database: Database): PolicyStore {
  const put = database.prepare(
    'INSERT INTO policy (version, digest, text, applied_ms, applied_by, is_recorded) VALUES (?, ?, ?, ?, ?, 0)',
  );
  const latest = database.prepare('SELECT * FROM policy ORDER BY version DESC LIMIT 1');
  const get = database.prepare('SELECT * FROM policy WHERE version = ?');
  const list = database.prepare(
    'SELECT version, digest, applied_ms, applied_by, is_recorded FROM policy ORDER BY version DESC',
  );
  const mark = database.prepare('UPDATE policy SET is_recorded = 1 WHERE version = ?');
  return {
    // A change of the policy waits for the disk; calls in flight do not.
    put: ({ version, digest, text, appliedMs, by }) =>
      database.transactionThenSync(() => void put.run(version, digest, text, appliedMs, by)),
    markRecorded: (version) => database.transactionThenSync(() => void mark.run(version)),
    latest: () => {
      const row = latest.get();
      return row === undefined ? undefined : asPolicyVersion(row);
    },
    get: (version) => {
      const row = get.get(version);
      return row === undefined ? undefined : asPolicyVersion(row);
    },
    list: () => list.all().map(asPolicyHead),
  };
}

function asPolicyVersion(row: SqlRow): PolicyVersion {
  return { ...asPolicyHead(row), text: textOf(row, 'text') };
}

function asPolicyHead(row: SqlRow): Omit<PolicyVersion, 'text'> {
  return {
    version: numberOf(row, 'version'),
    digest: textOf(row, 'digest') as PolicyVersion['digest'],
    appliedMs: numberOf(row, 'applied_ms'),
    by: textOf(row, 'applied_by'),
    isRecorded: numberOf(row, 'is_recorded') === 1,
  };
}

/** Freezes by scope; the name of a scope that has none is ''. */
export function createFreezeStore(database: Database): FreezeStore {
  const list = database.prepare('SELECT * FROM freeze ORDER BY rowid');
  const put = database.prepare(
    'INSERT INTO freeze (kind, name, frozen_by, since_ms) VALUES (?, ?, ?, ?) ON CONFLICT (kind, name) DO NOTHING',
  );
  const remove = database.prepare('DELETE FROM freeze WHERE kind = ? AND name = ?');
  const nameOf = (scope: FreezeScope): string => ('name' in scope ? scope.name : '');
  return {
    list: () => list.all().map(asFreeze),
    put: ({ scope, by, sinceMs }) => {
      put.run(scope.kind, nameOf(scope), by, sinceMs);
    },
    remove: (scope) => remove.run(scope.kind, nameOf(scope)) > 0,
  };
}

/** A kind that this release doesn't know stops everything: less would let go on what somebody stopped. */
function asFreeze(row: SqlRow): Freeze {
  const kind = textOf(row, 'kind');
  const by = textOf(row, 'frozen_by');
  const sinceMs = numberOf(row, 'since_ms');
  if (kind === 'agent' || kind === 'plugin') return { scope: { kind, name: textOf(row, 'name') }, by, sinceMs };
  return { scope: { kind: kind === 'writes' ? kind : 'all' }, by, sinceMs };
}

/** Plugins that are switched off, by name. */
export function createDisabledPluginStore(database: Database): DisabledPluginStore {
  const list = database.prepare('SELECT * FROM disabled_plugin ORDER BY name');
  const put = database.prepare(
    'INSERT INTO disabled_plugin (name, disabled_by, since_ms) VALUES (?, ?, ?) ON CONFLICT (name) DO NOTHING',
  );
  const remove = database.prepare('DELETE FROM disabled_plugin WHERE name = ?');
  return {
    list: () =>
      list.all().map((row) => ({
        name: textOf(row, 'name'),
        by: textOf(row, 'disabled_by'),
        sinceMs: numberOf(row, 'since_ms'),
      })),
    put: (name, by, sinceMs) => {
      put.run(name, by, sinceMs);
    },
    remove: (name) => remove.run(name) > 0,
  };
}

/** Keys with one text value each; `put` replaces. */
export function createMetaStore(database: Database): MetaStore {
  const get = database.prepare('SELECT value FROM meta WHERE key = ?');
  const put = database.prepare(
    'INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
  );
  return {
    get: (key) => {
      const row = get.get(key);
      return row === undefined ? undefined : textOf(row, 'value');
    },
    put: (key, value) => {
      put.run(key, value);
    },
  };
}
