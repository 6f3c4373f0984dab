// The database's shape and how an older one becomes the present one. Called by open-store.ts only.

import { SmcpError } from '#base/errors.ts';
import { type Database, numberOf } from './sqlite.ts';

/** 'SMCP': marks the file as ours, so that another program's database is not taken for a home. */
const APPLICATION_ID = 0x53_4d_43_50;

/**
 * Step n makes version n of version n − 1; released steps are never edited. The log's rows are only ever added;
 * a disclosure may be deleted (retention, privacy) and the log still verifies.
 */
const STEPS: readonly string[] = [
  `
  CREATE TABLE record (
    idx INTEGER PRIMARY KEY CHECK (idx >= 0),
    envelope TEXT NOT NULL,
    invocation TEXT NOT NULL,
    phase TEXT NOT NULL
  ) STRICT;
  CREATE INDEX record_by_invocation ON record (invocation, idx, phase) WHERE invocation <> '';
  CREATE TABLE leaf (
    idx INTEGER PRIMARY KEY REFERENCES record (idx),
    hash BLOB NOT NULL CHECK (length(hash) = 32)
  ) STRICT;
  CREATE TABLE disclosure (
    idx INTEGER PRIMARY KEY REFERENCES record (idx),
    args TEXT,
    result TEXT
  ) STRICT;
  CREATE TABLE checkpoint (
    size INTEGER PRIMARY KEY CHECK (size > 0),
    note TEXT NOT NULL
  ) STRICT;
  CREATE TABLE token (
    id TEXT PRIMARY KEY,
    agent TEXT NOT NULL,
    secret_hash TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    expires_ms INTEGER,
    revoked_ms INTEGER
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE policy (
    version INTEGER PRIMARY KEY,
    digest TEXT NOT NULL,
    text TEXT NOT NULL,
    applied_ms INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
  // Until now a policy was stored after its record.
  'ALTER TABLE policy ADD COLUMN is_recorded INTEGER NOT NULL DEFAULT 1',
  `
  ALTER TABLE policy ADD COLUMN applied_by TEXT NOT NULL DEFAULT '';
  CREATE TABLE freeze (
    kind TEXT NOT NULL CHECK (kind IN ('all', 'writes', 'agent', 'plugin')),
    name TEXT NOT NULL,
    frozen_by TEXT NOT NULL,
    since_ms INTEGER NOT NULL,
    PRIMARY KEY (kind, name)
  ) STRICT;
  CREATE TABLE disabled_plugin (
    name TEXT PRIMARY KEY,
    disabled_by TEXT NOT NULL,
    since_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE keyed_call (
    agent TEXT NOT NULL,
    tool TEXT NOT NULL,
    key TEXT NOT NULL,
    args_digest TEXT NOT NULL,
    invocation TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    outcome TEXT,
    PRIMARY KEY (agent, tool, key)
  ) STRICT;
  CREATE INDEX keyed_call_by_age ON keyed_call (created_ms);
  `,
  `
  CREATE TABLE plugin_value (
    plugin TEXT NOT NULL,
    agent TEXT NOT NULL,
    key TEXT NOT NULL,
    json TEXT NOT NULL,
    PRIMARY KEY (plugin, agent, key)
  ) STRICT, WITHOUT ROWID;
  ALTER TABLE disclosure ADD COLUMN transcript TEXT;
  `,
  `
  CREATE TABLE approval (
    id TEXT PRIMARY KEY,
    request TEXT NOT NULL,
    args TEXT
  ) STRICT;
  ALTER TABLE disclosure ADD COLUMN statement TEXT;
  `,
  `
  CREATE TABLE secret (
    name TEXT PRIMARY KEY,
    version INTEGER NOT NULL CHECK (version > 0),
    key_id TEXT NOT NULL,
    sealed BLOB NOT NULL,
    set_ms INTEGER NOT NULL,
    set_by TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
  `
  CREATE TABLE counter (
    key TEXT PRIMARY KEY,
    window_ms INTEGER NOT NULL,
    per_ms INTEGER NOT NULL,
    used INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
  // No place is given twice: what is being told must not be taken for another.
  `
  CREATE TABLE notice (
    place INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    target TEXT NOT NULL,
    subject TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    stale_ms INTEGER,
    tries INTEGER NOT NULL,
    why TEXT,
    notice TEXT NOT NULL
  ) STRICT;
  CREATE INDEX notice_by_id ON notice (id);
  `,
  // JSON: scopes, and the tokens above it; NULL for one that takes nothing away.
  'ALTER TABLE token ADD COLUMN rights TEXT',
  `
  CREATE TABLE seen_label (
    agent TEXT NOT NULL,
    session TEXT NOT NULL,
    label TEXT NOT NULL,
    invocation TEXT NOT NULL,
    tool TEXT NOT NULL,
    since_ms INTEGER NOT NULL,
    source TEXT,
    PRIMARY KEY (agent, session, label)
  ) STRICT;
  CREATE TABLE place_label (
    kind TEXT NOT NULL CHECK (kind IN ('file', 'value')),
    owner TEXT NOT NULL,
    path TEXT NOT NULL,
    label TEXT NOT NULL,
    agent TEXT NOT NULL,
    invocation TEXT NOT NULL,
    tool TEXT NOT NULL,
    since_ms INTEGER NOT NULL,
    PRIMARY KEY (kind, owner, path, label)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  CREATE TABLE passkey (
    credential TEXT PRIMARY KEY,
    passkey TEXT NOT NULL
  ) STRICT;
  CREATE TABLE invite (
    person TEXT PRIMARY KEY,
    hash TEXT NOT NULL,
    invite TEXT NOT NULL
  ) STRICT;
  `,
  `
  CREATE TABLE sent_message (
    place INTEGER PRIMARY KEY,
    target TEXT NOT NULL,
    about TEXT NOT NULL,
    message INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX sent_message_by_about ON sent_message (target, about);
  `,
  `
  CREATE TABLE pending_act (
    id TEXT PRIMARY KEY,
    act TEXT NOT NULL
  ) STRICT;
  `,
];

/** The version of a database that this code reads and writes. */
export const SCHEMA_VERSION = STEPS.length;

/** One value of a PRAGMA that answers with a number. */
export function pragmaNumber(database: Database, name: string): number {
  const row = database.prepare(`PRAGMA ${name}`).get() ?? {};
  return numberOf(row, Object.keys(row)[0] ?? name);
}

/**
 * Brings the database to `SCHEMA_VERSION`; a new file gets all of it. Each step is one transaction.
 *
 * @throws `HOME_INVALID` for a newer version, another program's file, or, read-only, an older version.
 */
export function migrate(database: Database, options: { readonly readOnly: boolean }): void {
  const version = pragmaNumber(database, 'user_version');
  const isOurs = pragmaNumber(database, 'application_id') === APPLICATION_ID;
  const isEmpty =
    numberOf(database.prepare('SELECT count(*) AS tables FROM sqlite_schema').get() ?? {}, 'tables') === 0;
  if (!isOurs && !isEmpty) throw refused('is not a database of this product', 'name another --home');
  if (version > SCHEMA_VERSION) {
    throw refused(
      `was written by a newer release (schema ${version}, this one knows ${SCHEMA_VERSION})`,
      'use that release',
    );
  }
  if (version === SCHEMA_VERSION) return;
  if (options.readOnly) {
    throw refused(`has schema ${version}, this release reads ${SCHEMA_VERSION}`, 'start the server on it once');
  }
  for (const [index, step] of STEPS.entries()) {
    if (index < version) continue;
    database.transaction(() => {
      database.exec(step);
      database.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
      database.exec(`PRAGMA user_version = ${index + 1}`);
    });
  }
}

function refused(problem: string, remedy: string): SmcpError {
  return new SmcpError('HOME_INVALID', `the database ${problem}`, { details: { remedy } });
}
