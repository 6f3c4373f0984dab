// A record with everything that proves it: what `log prove` gives and `log verify` takes. A type and its one spelling. Pure.

import { canonicalJson } from '#base/canonical-json.ts';
import type { Json } from '#base/json.ts';
import type { RecordKey } from './record.ts';

/** A record and its place in the tree of the bundle's checkpoint. */
export type ProvenRecord = {
  /** The exact bytes of the DSSE envelope, as text. */
  readonly envelope: string;
  /** The inclusion proof, from the leaf up; base64. `[]` in a log of one record. **Source:** RFC 6962 §2.1.1 */
  readonly inclusion: readonly string[];
  readonly index: number;
  /** Base64. */
  readonly leaf: string;
};

export type ProofBundle = {
  /** Version of the format. */
  readonly bundle: 1;
  /** The signed note that both proofs lead to. */
  readonly checkpoint: string;
  /** As keys.json of an export. The opening record says the same, under the log key's signature. */
  readonly keys: readonly RecordKey[];
  /** The log's first record: it names the record keys, so that they need not be taken on the bundle's word. */
  readonly opening: ProvenRecord;
  readonly record: ProvenRecord;
  /** The log's verifier key. Whoever verifies compares it with one kept from elsewhere. */
  readonly vkey: string;
};

/**
 * The bytes of a bundle's file, as text: RFC 8785 (JCS) and a line break. A file that says the same in other bytes is
 * refused, so that no byte of a bundle can change unseen. The order of the members in `bundle` does not matter.
 */
export function formatProofBundle(bundle: ProofBundle): string {
  return `${canonicalJson(bundle as unknown as Json)}\n`;
}
