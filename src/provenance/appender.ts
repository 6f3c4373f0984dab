// Signs prepared records, adds them to the tree and commits them with a checkpoint over them. One commit at a time:
// record-log.ts, the only caller, sees to that.

import type { Receipt } from '#domain/invocation.ts';
import type { Signer } from '#domain/ports.ts';
import type { LogStore } from '#domain/store-ports.ts';
import { base64 } from './base64.ts';
import { formatCheckpoint } from './checkpoint.ts';
import { formatEnvelope, preAuthEncoding } from './envelope.ts';
import { leafHash, type MerkleTree, type UpperTiles } from './merkle.ts';
import type { PreparedRecord } from './prepare-record.ts';
import { formatNote, type NoteKey } from './signed-note.ts';
import type { LogSigners } from './signer.ts';

/** The tree over what is committed. */
export type CommittedTree = { tree: MerkleTree; readonly upper: UpperTiles };

export type Appender = {
  /**
   * **Durability:** records, disclosures and a checkpoint over them are on disk (fsync) when it resolves; when it rejects,
   * whether they are is not known, and nothing may be appended any more.
   */
  readonly commit: (
    records: readonly PreparedRecord[],
    options?: { readonly waitsHere: boolean },
  ) => Promise<readonly Receipt[]>;
  /** The last committed checkpoint. */
  readonly checkpoint: () => string | undefined;
};

export type AppenderPorts = {
  readonly log: LogStore;
  readonly signers: LogSigners;
  readonly logKey: NoteKey;
  readonly committed: CommittedTree;
};

export function createAppender({ log, signers, logKey, committed }: AppenderPorts): Appender {
  let checkpoint = log.checkpoint();
  return {
    checkpoint: () => checkpoint,
    commit: async (records, options) => {
      const envelopes = await Promise.all(records.map((record) => signRecord(record, signers.record)));
      const tree = committed.tree.fork();
      const from = tree.size;
      const completed: (readonly Uint8Array[])[] = [];
      const rows = records.map(({ invocation, phase, disclosed }, offset) => {
        const envelope = envelopes[offset] ?? '';
        const leaf = leafHash(Buffer.from(envelope));
        completed.push(tree.append(leaf));
        return { index: from + offset, envelope, leaf, invocation, phase, disclosed };
      });
      const text = formatCheckpoint({ origin: logKey.name, size: tree.size, root: tree.root() });
      const note = formatNote(text, logKey, await signers.log.sign(Buffer.from(text)));
      await log.commit(rows, note, options);
      committed.tree = tree;
      for (const hashes of completed) committed.upper.add(hashes);
      checkpoint = note;
      return rows.map(({ index, leaf }) => ({ index, leaf: base64(leaf) }));
    },
  };
}

async function signRecord({ payload }: PreparedRecord, signer: Signer): Promise<string> {
  const signature = await signer.sign(preAuthEncoding(payload));
  return formatEnvelope({ payload, keyid: signer.keyid, signature });
}
