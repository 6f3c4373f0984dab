// Writes a log as a folder of static files, from anything that can serve its tiles: a running server over HTTP, a reader.
// **Trust:** none in the source: each tile must hash into the root of its signed checkpoint before it is written, so that
// a server can make this write nothing but the log that it signed. `log verify` judges what the records say.

import { existsSync, mkdirSync, readdirSync, statfsSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { SmcpError, systemErrorCode } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import { type Checkpoint, verifyCheckpoint } from './checkpoint.ts';
import { formatKeys, type LogKey } from './log-key.ts';
import { emptyRoot, isSameHash, leafHash, MerkleTree, nodeHash, TILE_WIDTH } from './merkle.ts';
import { parseVkey } from './signed-note.ts';
import { formatTilePath, type TileName } from './tile-path.ts';
import { bundleEntryAt } from './tiles.ts';

export type ExportSource = {
  /** Undefined for an empty log. */
  readonly checkpoint: () => Promise<string | undefined>;
  readonly vkey: () => Promise<string>;
  readonly keys: () => Promise<readonly LogKey[]>;
  /** Undefined when there is no such tile. More than `bytesMax` is not to be read. */
  readonly tile: (path: string, bytesMax: number) => Promise<Uint8Array | undefined>;
};

export type ExportOptions = {
  /** How many bytes the disk of the folder has left; absent: what the system says. */
  readonly freeBytes?: (folder: string) => number;
};

export type ExportReport = { readonly entries: number };

const HASH_BYTES = 32;
/** The highest level of tiles; a log of more than 256^6 records has none that could be asked for. */
const LEVEL_MAX = 5;

/**
 * Writes `tile/…`, `tile/entries/…`, `records/<index>.dsse.json`, `keys.json`, `log.vkey` and, last, `checkpoint`: a folder
 * without it was not finished. The checkpoint is taken first; what is appended meanwhile is not in it.
 *
 * @throws `USAGE` when the folder is not empty · `LOG_TAMPERED` when the source lacks what its checkpoint covers, or
 * serves something else · `LOG_UNAVAILABLE` when the disk would be full.
 */
export async function exportLog(
  source: ExportSource,
  folder: string,
  options: ExportOptions = {},
): Promise<ExportReport> {
  makeEmptyFolder(folder);
  const target: Target = { folder, freeBytes: options.freeBytes ?? freeBytesOf };
  const vkey = await source.vkey();
  const note = await source.checkpoint();
  const logKey = parseVkey(vkey);
  const checkpoint = logKey === undefined || note === undefined ? undefined : verifyCheckpoint(note, logKey);
  if (note === undefined || checkpoint === undefined) throw unproven('the log has no checkpoint signed by its key');
  const edge = await provenEdge(source, checkpoint);
  for (const tile of edge) await writeTile(source, target, tile);
  write(folder, 'keys.json', formatKeys(await source.keys()));
  write(folder, 'log.vkey', `${vkey}\n`);
  write(folder, 'checkpoint', note);
  return { entries: checkpoint.size };
}

type Target = { readonly folder: string; readonly freeBytes: (folder: string) => number };

/** A tile whose bytes are known to be under the checkpoint's root. */
type ProvenTile = { readonly level: number; readonly index: number; readonly bytes: Uint8Array };

/** The last, partial tile of each level, the highest first: together they give the root. @throws `LOG_TAMPERED` */
async function provenEdge(source: ExportSource, { size, root }: Checkpoint): Promise<readonly ProvenTile[]> {
  if (size >= TILE_WIDTH ** (LEVEL_MAX + 1)) throw unproven(`no log has ${size} records`);
  const edge: ProvenTile[] = [];
  const peaks: Uint8Array[] = [];
  for (let level = LEVEL_MAX; level >= 0; level -= 1) {
    const count = Math.floor(size / TILE_WIDTH ** level);
    const width = count % TILE_WIDTH;
    if (width === 0) continue;
    const name = { level, index: Math.floor(count / TILE_WIDTH), width };
    const bytes = await fetchHashes(source, name);
    edge.push({ level, index: name.index, bytes });
    peaks.push(...perfectRoots(hashesOf(bytes)));
  }
  const last = peaks.at(-1);
  const found =
    last === undefined ? emptyRoot() : peaks.slice(0, -1).reduceRight((right, left) => nodeHash(left, right), last);
  if (!isSameHash(found, root)) throw unproven('the tiles of the log do not give the root of its checkpoint');
  return edge;
}

/** Writes a tile and what it covers, from left to right; each part is compared with the tile's hash of it first. */
async function writeTile(source: ExportSource, target: Target, { level, index, bytes }: ProvenTile): Promise<void> {
  const hashes = hashesOf(bytes);
  write(target.folder, formatTilePath({ level, index, width: hashes.length }), bytes);
  if (level === 0) return writeEntries(source, target, { index, hashes });
  for (const [position, expected] of hashes.entries()) {
    const below = { level: level - 1, index: index * TILE_WIDTH + position, width: TILE_WIDTH };
    const inner = await fetchHashes(source, below);
    const [found] = perfectRoots(hashesOf(inner));
    if (found === undefined || !isSameHash(found, expected))
      throw unproven(`${formatTilePath(below)} is not of this log`);
    await writeTile(source, target, { ...below, bytes: inner });
  }
}

type Leaves = { readonly index: number; readonly hashes: readonly Uint8Array[] };

async function writeEntries(source: ExportSource, target: Target, { index, hashes }: Leaves): Promise<void> {
  const width = hashes.length;
  const path = formatTilePath({ level: 'entries', index, width });
  const bundle = await fetchTile(source, path, width * (LIMITS.recordBytesMax + 2));
  const entries: Uint8Array[] = [];
  let offset = 0;
  for (const expected of hashes) {
    const found = bundleEntryAt(bundle, offset);
    if (found === undefined || !isSameHash(leafHash(found.entry), expected))
      throw unproven(`${path} is not of this log`);
    entries.push(found.entry);
    offset = found.next;
  }
  if (offset !== bundle.length) throw unproven(`${path} goes on after its last record`);
  checkSpace(target, bundle.length);
  write(target.folder, path, bundle);
  for (const [position, entry] of entries.entries()) {
    write(target.folder, join('records', `${index * TILE_WIDTH + position}.dsse.json`), entry);
  }
}

async function fetchHashes(source: ExportSource, name: TileName): Promise<Uint8Array> {
  const path = formatTilePath(name);
  const bytes = await fetchTile(source, path, name.width * HASH_BYTES);
  if (bytes.length !== name.width * HASH_BYTES) throw unproven(`${path} does not have ${name.width} hashes`);
  return bytes;
}

async function fetchTile(source: ExportSource, path: string, bytesMax: number): Promise<Uint8Array> {
  const bytes = await source.tile(path, bytesMax);
  if (bytes === undefined) throw unproven(`the log has no ${path}, though its checkpoint covers it`);
  if (bytes.length > bytesMax) throw unproven(`${path} is over ${bytesMax} bytes`);
  return bytes;
}

function hashesOf(tile: Uint8Array): readonly Uint8Array[] {
  return Array.from({ length: tile.length / HASH_BYTES }, (_none, position) =>
    tile.subarray(position * HASH_BYTES, (position + 1) * HASH_BYTES),
  );
}

/** The roots of the perfect trees over these hashes, the largest first; one where their number is a power of two. */
function perfectRoots(hashes: readonly Uint8Array[]): readonly Uint8Array[] {
  const roots: Uint8Array[] = [];
  let from = 0;
  for (let width = TILE_WIDTH; width >= 1; width /= 2) {
    if (from + width > hashes.length) continue;
    const tree = new MerkleTree();
    for (const hash of hashes.slice(from, from + width)) tree.append(hash);
    roots.push(tree.root());
    from += width;
  }
  return roots;
}

/** Whoever signs a log may make it of any length: what it proves must still not fill the disk. */
function checkSpace({ folder, freeBytes }: Target, bundleBytes: number): void {
  if (freeBytes(folder) - 2 * bundleBytes >= LIMITS.exportDiskFreeBytesMin) return;
  throw new SmcpError('LOG_UNAVAILABLE', `the log does not fit on the disk of ${folder}`, {
    details: { remedy: 'remove this unfinished folder and name one on a larger disk' },
  });
}

function freeBytesOf(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

function makeEmptyFolder(folder: string): void {
  let names: string[];
  try {
    if (!existsSync(folder)) mkdirSync(folder);
    names = readdirSync(folder);
  } catch (cause) {
    throw new SmcpError('USAGE', `${folder} can't be made (${systemErrorCode(cause) ?? 'unknown'})`, {
      cause,
      details: { remedy: 'name a folder that can be made' },
    });
  }
  if (names.length === 0) return;
  throw new SmcpError('USAGE', `${folder} is not empty`, {
    details: { remedy: 'name a folder that is empty or not there: files of two logs must not mix' },
  });
}

function write(folder: string, path: string, content: string | Uint8Array): void {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content, { flag: 'wx' });
}

function unproven(message: string): SmcpError {
  return new SmcpError('LOG_TAMPERED', message, { details: { remedy: 'run `smcp log verify` on the home' } });
}
