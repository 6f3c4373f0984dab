// What is checked before a log that exists is added to: cheap checks that the stored log is the one that its last
// checkpoints promise. `log verify` is the thorough one. Fails closed.
// **Trust:** whoever can write to the home may have changed the database or the checkpoint file, not the keys.

import { SmcpError } from '#base/errors.ts';
import { isJsonObject } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import type { LogRow, LogStore } from '#domain/store-ports.ts';
import { type Checkpoint, verifyCheckpoint } from './checkpoint.ts';
import { parseEnvelope } from './envelope.ts';
import type { LogKey } from './log-key.ts';
import { isSameHash, leafHash, MerkleTree, UpperTiles } from './merkle.ts';
import type { NoteKey } from './signed-note.ts';

/** The statement of a stored record whose bytes are those of its leaf hash. @throws `LOG_TAMPERED` */
export function readStatement(log: LogStore, index: number): { readonly row: LogRow; readonly statement: unknown } {
  const row = log.row(index);
  if (row === undefined) throw tampered(`record ${index} is missing`);
  const envelope = parseEnvelope(row.envelope);
  if (envelope === undefined || !isSameHash(leafHash(Buffer.from(row.envelope)), row.leaf)) {
    throw tampered(`record ${index} was changed`);
  }
  return { row, statement: JSON.parse(Buffer.from(envelope.payload).toString('utf8')) };
}

/** What the first record of an existing log says of the log. @throws `LOG_TAMPERED` */
export function readOpened(log: LogStore): { readonly origin: string; readonly keys: readonly LogKey[] } {
  const { statement } = readStatement(log, 0);
  const predicate = isJsonObject(statement) ? statement['predicate'] : undefined;
  if (!isJsonObject(predicate) || typeof predicate['origin'] !== 'string' || !Array.isArray(predicate['keys'])) {
    throw tampered('the first record does not open a log');
  }
  return { origin: predicate['origin'], keys: predicate['keys'] as unknown as readonly LogKey[] };
}

/**
 * Builds the tree over the stored leaf hashes and compares it with the last stored checkpoint and with the published one.
 *
 * @param published the note kept outside the database; undefined when there is none.
 * @throws `LOG_TAMPERED` when they differ · `LOG_BEHIND` when the database is older than the published checkpoint.
 */
export function checkTail(
  log: LogStore,
  logKey: NoteKey | undefined,
  published: string | undefined,
): { readonly tree: MerkleTree; readonly upper: UpperTiles } {
  const size = log.size();
  const outside = checkOutside({ size, logKey, published });
  const tree = new MerkleTree();
  const upper = new UpperTiles();
  for (let from = 0; from < size; from += LIMITS.logWalkLengthMax) {
    const leaves = log.leaves(from, Math.min(size, from + LIMITS.logWalkLengthMax));
    for (const leaf of leaves) {
      upper.add(tree.append(leaf));
      if (outside?.size === tree.size) expectRoot(tree, outside, 'the checkpoint outside the database');
    }
  }
  const note = log.checkpoint();
  if (size === 0 && note === undefined) return { tree, upper };
  const last = note === undefined || logKey === undefined ? undefined : verifyCheckpoint(note, logKey);
  if (last === undefined) throw tampered("the last checkpoint is not signed by this home's log key");
  if (last.size !== size || tree.size !== size)
    throw tampered(`the log has ${size} records, its last checkpoint ${last.size}`);
  expectRoot(tree, last, 'the last checkpoint');
  return { tree, upper };
}

type Outside = { readonly size: number; readonly logKey: NoteKey | undefined; readonly published: string | undefined };

function checkOutside({ size, logKey, published }: Outside): Checkpoint | undefined {
  if (published === undefined) {
    // The first record is committed before its checkpoint can be published; from the second on the file is there.
    if (size <= 1) return undefined;
    throw behind('the checkpoint outside the database is missing', 'put the file `checkpoint` of this home back');
  }
  const remedy = 'put back the database that goes with the file `checkpoint`, or begin a new home';
  if (logKey === undefined) throw behind('a checkpoint is kept, but the log is empty', remedy);
  const outside = verifyCheckpoint(published, logKey);
  if (outside === undefined) throw tampered("the checkpoint outside the database is not signed by this home's log key");
  if (outside.size > size) {
    throw behind(`the log has ${size} records, the checkpoint outside the database ${outside.size}`, remedy);
  }
  return outside;
}

function expectRoot(tree: MerkleTree, checkpoint: Checkpoint, what: string): void {
  if (!isSameHash(tree.root(), checkpoint.root))
    throw tampered(`the stored leaf hashes do not give the root of ${what}`);
}

/** @throws `LOG_TAMPERED` always. */
export function tampered(message: string): SmcpError {
  return new SmcpError('LOG_TAMPERED', message, {
    details: { remedy: 'run `smcp log verify`, keep the home as evidence and put back a backup of all of it' },
  });
}

function behind(message: string, remedy: string): SmcpError {
  return new SmcpError('LOG_BEHIND', message, { details: { remedy } });
}
