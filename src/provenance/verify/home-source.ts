// A home's log for the verifier: its database, opened read-only by the caller, and what the home keeps beside it.

import { join } from 'node:path';
import type { LogRow, Store } from '#domain/store-ports.ts';
import { readSmallFile } from './small-file.ts';
import type { LogSource, SourceEntry } from './source.ts';

/**
 * `store` is closed with the source. A server may go on writing meanwhile.
 *
 * @param trust `pinned` only for the home that the person who verifies means: a copy can't vouch for itself.
 */
export function createHomeSource(
  store: Pick<Store, 'log' | 'close'>,
  homeDir: string,
  trust: LogSource['trust'] = 'self',
): LogSource {
  const { log } = store;
  // Before the database is read: what is published later than this may be ahead of what is read.
  const published = readSmallFile(join(homeDir, 'checkpoint'));
  const keyFile = readSmallFile(join(homeDir, 'keys', 'log.vkey'));
  return {
    trust,
    vkey: () => keyLine(keyFile),
    size: log.size,
    lastCheckpoint: log.checkpoint,
    entry: (index) => {
      const row = log.row(index);
      return row === undefined ? undefined : asEntry(row);
    },
    checkpoints: log.checkpoints,
    // The first record is committed before its checkpoint is published.
    published: () => (published === undefined && log.size() <= 1 ? 'none' : { note: published }),
    finish: () => {
      const [damage] = log.check();
      return damage === undefined ? undefined : { ...damage, code: 'STORAGE_DAMAGED' };
    },
    close: store.close,
  };
}

function asEntry({ index, envelope, leaf, invocation, phase, disclosed }: LogRow): SourceEntry {
  return { index, bytes: Buffer.from(envelope), leaf, columns: { invocation, phase }, disclosed };
}

/** The one line of a key file; undefined when it is not exactly that. */
export function keyLine(text: string | undefined): string | undefined {
  return /^([^\n]+)\n$/.exec(text ?? '')?.[1];
}
