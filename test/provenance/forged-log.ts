// Exported logs of any content, signed as a server would: what an attacker with keys of their own can make.

import { createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { formatCheckpoint } from '#provenance/checkpoint.ts';
import { formatEnvelope, preAuthEncoding } from '#provenance/envelope.ts';
import { formatKeys, type LogKey } from '#provenance/log-key.ts';
import { leafHash, MerkleTree } from '#provenance/merkle.ts';
import { asPublicKey, type PublicKey } from '#provenance/public-key.ts';
import { formatNote, formatVkey } from '#provenance/signed-note.ts';
import { type AnyDraft, formatStatement, ownSubjects } from '#provenance/statement.ts';

export type Pair = { readonly key: PublicKey; readonly sign: (data: Uint8Array) => Uint8Array };

export function makePair(): Pair {
  const { privateKey } = generateKeyPairSync('ed25519');
  const key = asPublicKey(createPublicKey(privateKey));
  if (key === undefined) throw new Error('a new key is an Ed25519 key');
  return { key, sign: (data) => sign(null, data, privateKey) };
}

export function rangeOf({ key }: Pair, fromIndex: number, toIndex: number | null): LogKey {
  return { keyid: key.keyid, alg: 'ed25519', spki: key.spki, fromIndex, toIndex };
}

/** The bytes of a record, signed by anyone. */
export function recordOf(draft: AnyDraft, pair: Pair, subjects = ownSubjects(draft)): Buffer {
  const payload = Buffer.from(formatStatement(draft.kind, subjects, draft.predicate));
  const signature = pair.sign(preAuthEncoding(payload));
  return Buffer.from(formatEnvelope({ payload, keyid: pair.key.keyid, signature }));
}

/** A checkpoint of any size and root, signed by the log key of this name. */
export function noteOf(log: Pair, checkpoint: Parameters<typeof formatCheckpoint>[0]): string {
  const text = formatCheckpoint(checkpoint);
  return formatNote(text, { name: checkpoint.origin, key: log.key }, log.sign(Buffer.from(text)));
}

export type Forged = {
  readonly log: Pair;
  readonly origin: string;
  readonly records: readonly Buffer[];
  readonly keys: readonly LogKey[];
};

/** Every file of an export of fewer than 256 records, by its path. */
export function filesOf({ log, origin, records, keys }: Forged): Map<string, string | Uint8Array> {
  const tree = new MerkleTree();
  for (const record of records) tree.append(leafHash(record));
  const bundle = records.map((record) => {
    const length = Buffer.alloc(2);
    length.writeUInt16BE(record.length);
    return Buffer.concat([length, record]);
  });
  return new Map<string, string | Uint8Array>([
    ['checkpoint', noteOf(log, { origin, size: records.length, root: tree.root() })],
    ['keys.json', formatKeys(keys)],
    ['log.vkey', `${formatVkey({ name: origin, key: log.key })}\n`],
    [`tile/0/000.p/${records.length}`, Buffer.concat(records.map(leafHash))],
    [`tile/entries/000.p/${records.length}`, Buffer.concat(bundle)],
    ...records.map((record, index): [string, Uint8Array] => [`records/${index}.dsse.json`, record]),
  ]);
}

export function writeFiles(folder: string, files: ReadonlyMap<string, string | Uint8Array>): void {
  for (const [path, content] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
}
