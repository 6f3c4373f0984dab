// Makes proof bundles of a running server's log. What is stored is not trusted: a proof that does not lead to the root of
// the checkpoint never leaves.

import type { ProofBundle, ProvenRecord } from '#domain/proof-bundle.ts';
import type { LogStore } from '#domain/store-ports.ts';
import type { CommittedTree } from './appender.ts';
import { base64 } from './base64.ts';
import { inclusionProof, rootByInclusion, type SubtreeHashes } from './inclusion.ts';
import type { LogKey } from './log-key.ts';
import { isSameHash, leafHash } from './merkle.ts';
import { tampered } from './opening.ts';

export type ProverPorts = {
  readonly log: Pick<LogStore, 'row' | 'leaves'>;
  readonly committed: CommittedTree;
  /** The signed note over all of `committed`. */
  readonly checkpoint: () => string | undefined;
  readonly keys: readonly LogKey[];
  readonly vkey: string;
};

/** The function behind `RecordReader.prove`. Its answers have their members in the order of their canonical form. */
export function createProver(ports: ProverPorts): (index: number) => ProofBundle | undefined {
  const { committed, keys, vkey } = ports;
  return (index) => {
    const checkpoint = ports.checkpoint();
    const isThere = Number.isSafeInteger(index) && index >= 0 && index < committed.tree.size;
    if (!isThere || checkpoint === undefined) return undefined;
    const opening = provenRecord(ports, 0);
    const record = index === 0 ? opening : provenRecord(ports, index);
    return { bundle: 1, checkpoint, keys: keys.map(inOrder), opening, record, vkey };
  };
}

/** @throws `LOG_TAMPERED` */
function provenRecord({ log, committed }: ProverPorts, index: number): ProvenRecord {
  const row = log.row(index);
  if (row === undefined) throw tampered(`record ${index} is missing`);
  const { tree, upper } = committed;
  const hashes: SubtreeHashes = (level, from, to) =>
    level === 0 ? log.leaves(from, to) : upper.hashes(level, from, to);
  const place = { index, size: tree.size };
  const leaf = leafHash(Buffer.from(row.envelope));
  const proof = inclusionProof(place, hashes);
  const root = proof === undefined ? undefined : rootByInclusion(place, leaf, proof);
  if (proof === undefined || root === undefined || !isSameHash(root, tree.root())) {
    throw tampered(`record ${index} can't be proven: what is stored does not give the root of the checkpoint`);
  }
  return { envelope: row.envelope, inclusion: proof.map(base64), index, leaf: base64(leaf) };
}

const inOrder = ({ alg, fromIndex, keyid, spki, toIndex }: LogKey): LogKey => ({
  alg,
  fromIndex,
  keyid,
  spki,
  toIndex,
});
