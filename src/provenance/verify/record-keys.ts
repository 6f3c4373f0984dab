// The keys that may sign a log's records, as its first record names them, and signatures checked with them.

import { preAuthEncoding } from '#provenance/envelope.ts';
import { isInRange, type LogKey, publicKeyOf } from '#provenance/log-key.ts';
import type { PublicKey } from '#provenance/public-key.ts';
import { type Opened, openedOf } from './history.ts';
import type { ParsedRecord, Statement } from './statement.ts';

export type RecordKeys = {
  /** Takes the first record's word for the keys: it is under the log key's checkpoints. What is wrong with it, else undefined. */
  readonly open: (statement: Statement) => string | undefined;
  /** What is wrong with a record's signature; undefined when one of the keys made it, and counts at this index. */
  readonly signatureProblem: (record: ParsedRecord, index: number) => string | undefined;
  /** What the first record said; undefined before it. */
  readonly opened: () => Opened | undefined;
};

type RangedKey = { readonly range: LogKey; readonly key: PublicKey };

/** @param origin the log's, as its key names it. */
export function createRecordKeys(origin: string): RecordKeys {
  const keys = new Map<string, RangedKey>();
  let opened: Opened | undefined;
  return {
    open: (statement) => {
      opened = openedOf(statement);
      if (opened === undefined) return 'the first record does not open the log';
      if (opened.origin !== origin) return 'the log was opened under another origin than its key has';
      for (const range of opened.keys) {
        const key = publicKeyOf(range);
        if (key === undefined || statement.subjects.get('key') === undefined)
          return 'a record key is not what its keyid says';
        keys.set(range.keyid, { range, key });
      }
      return undefined;
    },
    signatureProblem: ({ envelope }, index) => {
      const signer = keys.get(envelope.keyid);
      if (signer === undefined) return 'it is signed by a key that the log does not name';
      if (!isInRange(signer.range, index)) return 'its key does not count at this index';
      return signer.key.isSignatureOf(envelope.signature, preAuthEncoding(envelope.payload))
        ? undefined
        : 'its signature does not hold';
    },
    opened: () => opened,
  };
}
