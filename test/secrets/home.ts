// A home's secrets over a database in memory and a folder of their own: the same parts as a server's.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type Clock, systemClock } from '#base/clock.ts';
import type { LogFields, Logger } from '#base/log.ts';
import { createSecrets, type SecretsOptions } from '#secrets/secrets.ts';
import { migrate } from '#store/migrations.ts';
import { createSecretStore } from '#store/secret-rows.ts';
import { type Database, openDatabase } from '#store/sqlite.ts';

export const VALUE = 'ghp_0aZ9bY8cX7dW6eV5';

type Options = {
  readonly database?: Database;
  readonly folder?: string;
  readonly sources?: SecretsOptions['sources'];
  readonly env?: { readonly [name: string]: string };
  readonly clock?: Clock;
  readonly keyFile?: string;
};

export function openDatabaseInMemory(): Database {
  const database = openDatabase(':memory:', { readOnly: false, busyMs: 0 });
  migrate(database, { readOnly: false });
  return database;
}

/** `lines`: what the server's log says, as text. */
export function openHome(options: Options = {}) {
  const folder = options.folder ?? makeFolder();
  const database = options.database ?? openDatabaseInMemory();
  const lines: string[] = [];
  const line = (message: string, fields?: LogFields) => void lines.push(JSON.stringify({ message, ...fields }));
  const logger: Logger = { debug: line, info: line, warn: line, error: line };
  const keyFile = options.keyFile ?? join(folder, 'keys', 'secrets.key');
  const store = createSecretStore(database);
  const { sources = {}, env = {}, clock = systemClock } = options;
  const secrets = createSecrets({ store, clock, logger, env }, { home: folder, keyFile, sources });
  /** As a call reads it. */
  const read = async (name: string) => {
    const headers = await secrets.give([{ name, hosts: ['api.example'], header: 'X-Key' }]).headersFor('api.example');
    return headers['x-key'];
  };
  return { secrets, store, database, folder, keyFile, lines, read };
}

export function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'smcp-secrets-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
