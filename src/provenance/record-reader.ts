// Reads the log of a running server: records, checkpoint, keys, tiles. The doors serve it; nothing here is trusted to be sound.

import type { RecordReader } from '#domain/ports.ts';
import type { LogStore } from '#domain/store-ports.ts';
import type { Appender, CommittedTree } from './appender.ts';
import { base64 } from './base64.ts';
import type { LogKey } from './log-key.ts';
import { createProver } from './prove.ts';
import { formatVkey, type NoteKey } from './signed-note.ts';
import { readTile } from './tiles.ts';

export type RecordReaderPorts = {
  readonly log: LogStore;
  readonly appender: Pick<Appender, 'checkpoint'>;
  readonly committed: CommittedTree;
  readonly logKey: NoteKey;
  readonly keys: readonly LogKey[];
};

/** What is written but not yet on disk is not there: nobody may rely on it. */
export function createRecordReader({ log, appender, committed, logKey, keys }: RecordReaderPorts): RecordReader {
  const vkey = formatVkey(logKey);
  const isCommitted = (index: number) => index < committed.tree.size;
  return {
    size: () => committed.tree.size,
    record: (index) => {
      const row = isCommitted(index) ? log.row(index) : undefined;
      if (row === undefined) return undefined;
      const { envelope, leaf, invocation, disclosed } = row;
      return { index, envelope, leaf: base64(leaf), invocation, disclosed };
    },
    closings: ({ from, to, withArgs }) => log.closings({ from, to: Math.min(to, committed.tree.size), withArgs }),
    findInvocation: (invocation) => log.findInvocation(invocation).filter(isCommitted),
    checkpoint: appender.checkpoint,
    vkey: () => vkey,
    keys: () => keys,
    tile: (path) => readTile(path, log, committed),
    prove: createProver({ log, committed, checkpoint: appender.checkpoint, keys, vkey }),
  };
}
