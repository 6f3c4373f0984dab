// What the record of a call costs: appended for real, one after the other, with the time that signing and the database took
// in it taken apart.

import { join } from 'node:path';
import { canonicalJson } from '#base/canonical-json.ts';
import type { Json } from '#base/json.ts';
import type { PartCost } from '#bench/report.ts';
import { median } from '#bench/statistics.ts';
import type { Signer } from '#domain/ports.ts';
import type { LogStore } from '#domain/store-ports.ts';
import { leafHash, MerkleTree } from '#provenance/merkle.ts';
import { openHome, predicateOf } from '#test/provenance/fixture.ts';
import { measure, measureEach } from './measure.ts';

const TIMES = 600;
const MICRO_TIMES = 2_000;
const US_PER_MS = 1000;
/** About as long as the record of a pure call. */
const RECORD_BYTES = 1_900;

/** `directory` becomes a home. */
export async function recordParts(directory: string): Promise<readonly PartCost[]> {
  const signMs: number[] = [];
  const commitMs: number[] = [];
  const signerAround = (signer: Signer): Signer => ({
    ...signer,
    sign: async (data) => {
      const fromMs = performance.now();
      const signature = await signer.sign(data);
      signMs.push(performance.now() - fromMs);
      return signature;
    },
  });
  const storeAround = (log: LogStore): LogStore => ({
    ...log,
    commit: async (...args) => {
      const fromMs = performance.now();
      await log.commit(...args);
      commitMs.push(performance.now() - fromMs);
    },
  });
  const home = await openHome(join(directory, 'log'), {
    around: storeAround,
    signers: ({ record, log }) => ({ record: signerAround(record), log: signerAround(log) }),
  });
  try {
    const outcome = () => predicateOf('outcome', { tool: { ...predicateOf('outcome').tool, effect: 'pure' } });
    const args = { operation: 'add', a: 1, b: 1 };
    const result = { ok: true, ...args, result: 2 };
    const appendUs = await measureEach(TIMES, () =>
      home.log.append({ kind: 'invocation', predicate: outcome(), args, result }),
    );
    const signUs = 2 * median(signMs) * US_PER_MS;
    const commitUs = median(commitMs) * US_PER_MS;
    const canonicalUs = measure(MICRO_TIMES, () => canonicalJson(outcome() as unknown as Json));
    const merkleUs = treeUs();
    const restUs = Math.max(0, appendUs - signUs - commitUs - canonicalUs - merkleUs);
    return [
      { name: 'record: canonical JSON of what is signed', us: canonicalUs, isWaiting: false },
      { name: 'record: two signatures, of record and checkpoint', us: signUs, isWaiting: false },
      { name: 'record: tree', us: merkleUs, isWaiting: false },
      { name: 'record: SQLite commit, on disk', us: commitUs, isWaiting: true },
      { name: 'record: bounds, envelope, documents, turns of the event loop', us: restUs, isWaiting: false },
    ];
  } finally {
    await home.close();
  }
}

/** A leaf, the tree with it, and its root. */
function treeUs(): number {
  const entry = Buffer.alloc(RECORD_BYTES, 'x');
  let tree = new MerkleTree();
  return measure(MICRO_TIMES, () => {
    tree = tree.fork();
    tree.append(leafHash(entry));
    return tree.root();
  });
}
