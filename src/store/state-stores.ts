// Tokens, policy versions and small values behind their ports. Each write is one durable transaction.

import type { AgentName, TokenRow } from '#domain/agent.ts';
import type { MetaStore, PolicyStore, PolicyVersion, TokenStore } from '#domain/store-ports.ts';
import { type Database, numberOf, type SqlRow, textOf } from './sqlite.ts';

/** Tokens as hashes. `list` is ordered by creation. */
export function createTokenStore(database: Database): TokenStore {
  const put = database.prepare(`
    INSERT INTO token (id, agent, secret_hash, created_ms, expires_ms, revoked_ms) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (id) DO UPDATE SET agent = excluded.agent, secret_hash = excluded.secret_hash,
      created_ms = excluded.created_ms, expires_ms = excluded.expires_ms, revoked_ms = excluded.revoked_ms`);
  const list = database.prepare('SELECT * FROM token ORDER BY created_ms, id');
  // The first revocation stands: revoking again must not move it.
  const revoke = database.prepare('UPDATE token SET revoked_ms = coalesce(revoked_ms, ?) WHERE id = ?');
  const prune = database.prepare('DELETE FROM token WHERE expires_ms < ?1 OR revoked_ms < ?1');
  return {
    put: (row) => {
      const { id, agent, secretHash, createdMs, expiresMs, revokedMs } = row;
      put.run(id, agent, secretHash, createdMs, expiresMs ?? null, revokedMs ?? null);
    },
    list: () => list.all().map(asTokenRow),
    revoke: (id, revokedMs) => revoke.run(revokedMs, id) > 0,
    prune: (deadBeforeMs) => {
      prune.run(deadBeforeMs);
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
  };
}

/** Policies by number; the text of a number is written once and never changed. */
export function createPolicyStore(database: Database): PolicyStore {
  const put = database.prepare(
    'INSERT INTO policy (version, digest, text, applied_ms, is_recorded) VALUES (?, ?, ?, ?, 0)',
  );
  const latest = database.prepare('SELECT * FROM policy ORDER BY version DESC LIMIT 1');
  const mark = database.prepare('UPDATE policy SET is_recorded = 1 WHERE version = ?');
  return {
    put: ({ version, digest, text, appliedMs }) => {
      put.run(version, digest, text, appliedMs);
    },
    markRecorded: (version) => {
      mark.run(version);
    },
    latest: () => {
      const row = latest.get();
      return row === undefined ? undefined : asPolicyVersion(row);
    },
  };
}

function asPolicyVersion(row: SqlRow): PolicyVersion {
  return {
    version: numberOf(row, 'version'),
    digest: textOf(row, 'digest') as PolicyVersion['digest'],
    text: textOf(row, 'text'),
    appliedMs: numberOf(row, 'applied_ms'),
    isRecorded: numberOf(row, 'is_recorded') === 1,
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
