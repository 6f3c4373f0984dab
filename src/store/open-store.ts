// Opens the home's database. app.ts opens it for writing, under the home's lock; `log verify` opens it read-only.

import { closeSync, openSync } from 'node:fs';
import { SmcpError } from '#base/errors.ts';
import { invariant } from '#base/invariant.ts';
import { checkOwnedFile } from '#base/owned-file.ts';
import type { Store } from '#domain/store-ports.ts';
import { createActStore } from './act-rows.ts';
import { createApprovalStore } from './approval-store.ts';
import { createCounters } from './counters.ts';
import { createKeyedCallStore } from './keyed-calls.ts';
import { createLabelStore } from './label-rows.ts';
import { createLogStore } from './log-store.ts';
import { migrate, pragmaNumber } from './migrations.ts';
import { createNoticeStore, createSentMessages } from './notices.ts';
import { createInviteStore, createPasskeyStore } from './people-rows.ts';
import { createPluginValues } from './plugin-values.ts';
import { createSecretStore } from './secret-rows.ts';
import { type Database, isCantOpen, openDatabase } from './sqlite.ts';
import {
  createDisabledPluginStore,
  createFreezeStore,
  createMetaStore,
  createPolicyStore,
  createTokenStore,
} from './state-stores.ts';

export type StoreOptions = {
  /** Reads beside a server that writes, and changes nothing. */
  readonly readOnly?: boolean;
};

/** How long a connection waits for another's lock: only recovery after a crash and the last close take one. */
const BUSY_MS = 5_000;
/** Records are about 2 KB; fewer, larger pages make fewer overflow pages. */
const PAGE_BYTES = 8_192;
/** SQLite's number for `synchronous=FULL`: an fsync at each commit. */
const SYNCHRONOUS_FULL = 2;

/**
 * Opens the database, makes it where there is none (mode 0600), and brings it to the present schema.
 *
 * **Durability:** WAL with `synchronous=FULL`: a commit is on disk when it returns.
 * @throws `HOME_UNSAFE` · `HOME_INVALID` (not ours, newer, missing when read-only) · `LOG_TAMPERED` (damaged) · `LOG_UNAVAILABLE`.
 */
export function openStore(file: string, options: StoreOptions = {}): Store {
  const readOnly = options.readOnly ?? false;
  if (!readOnly) makeFile(file);
  const database = open(file, readOnly);
  try {
    if (!readOnly) configure(database);
    migrate(database, { readOnly });
    const counters = createCounters(database);
    return {
      log: createLogStore(database, counters),
      tokens: createTokenStore(database),
      policies: createPolicyStore(database),
      freezes: createFreezeStore(database),
      disabledPlugins: createDisabledPluginStore(database),
      keyedCalls: createKeyedCallStore(database),
      pluginValues: createPluginValues(database),
      secrets: createSecretStore(database),
      approvals: createApprovalStore(database),
      acts: createActStore(database),
      passkeys: createPasskeyStore(database),
      invites: createInviteStore(database),
      labels: createLabelStore(database),
      notices: createNoticeStore(database),
      sentMessages: createSentMessages(database),
      meta: createMetaStore(database),
      counters,
      close: () => closeAfter(database, counters.flush),
    };
  } catch (thrown) {
    database.close();
    throw thrown;
  }
}

/** What can't be written any more is lost with what made it so, which the log has told already. */
function closeAfter(database: Database, flush: () => void): void {
  try {
    flush();
  } catch (thrown) {
    if (!(thrown instanceof SmcpError) || thrown.code !== 'LOG_UNAVAILABLE') throw thrown;
  } finally {
    database.close();
  }
}

/**
 * Never opens a file that is there: closing a descriptor would drop the POSIX locks that SQLite, in this same process,
 * may hold on it.
 */
function makeFile(file: string): void {
  if (checkOwnedFile(file, 'being written')) return;
  try {
    closeSync(openSync(file, 'wx', 0o600));
  } catch (cause) {
    throw new SmcpError('HOME_INVALID', `${file} can't be made`, {
      cause,
      details: { remedy: 'make the home directory, writable for the user that runs the server' },
    });
  }
}

function open(file: string, readOnly: boolean): Database {
  try {
    return openDatabase(file, { readOnly, busyMs: BUSY_MS });
  } catch (thrown) {
    if (!isCantOpen(thrown)) throw thrown;
    throw new SmcpError('HOME_INVALID', `${file} can't be opened`, {
      cause: thrown,
      details: { remedy: 'name a home with --home; a home is made by `smcp init`' },
    });
  }
}

function configure(database: Database): void {
  database.exec(`PRAGMA page_size = ${PAGE_BYTES}`);
  const mode = database.prepare('PRAGMA journal_mode = WAL').get()?.['journal_mode'];
  invariant(mode === 'wal', 'the database is in WAL mode');
  database.exec('PRAGMA synchronous = FULL');
  // On macOS an fsync reaches the disk only with these; elsewhere they change nothing.
  database.exec('PRAGMA fullfsync = ON');
  database.exec('PRAGMA checkpoint_fullfsync = ON');
  database.exec('PRAGMA trusted_schema = OFF');
  // What is deleted, or moved to another page, is overwritten: an erased disclosure is gone, and no stale copy of a record
  // is left that could be taken for one.
  database.exec('PRAGMA secure_delete = ON');
  invariant(pragmaNumber(database, 'synchronous') === SYNCHRONOUS_FULL, 'commits are synchronous');
}
