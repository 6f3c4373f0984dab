// The bytes of tiles and entry bundles, made of what the store holds. **Source:** c2sp.org/tlog-tiles.

import type { LogStore } from '#domain/store-ports.ts';
import { type MerkleTree, TILE_WIDTH, type UpperTiles } from './merkle.ts';
import { parseTilePath, type TileName } from './tile-path.ts';

/** The tree over what is committed. */
export type TiledTree = { readonly tree: Pick<MerkleTree, 'size'>; readonly upper: UpperTiles };

/**
 * A tile or bundle; undefined for a path that names none, or one that the committed tree has not reached.
 *
 * **Trust:** the path is the network's.
 */
export function readTile(path: string, log: LogStore, { tree, upper }: TiledTree): Uint8Array | undefined {
  const tile = parseTilePath(path);
  if (tile === undefined) return undefined;
  const { level, index, width } = tile;
  const from = index * TILE_WIDTH;
  if (level !== 'entries' && level > 0) return joined(upper.hashes(level, from, from + width), width);
  // What is written but not yet on disk is in the store, and not in the tree.
  if (from + width > tree.size) return undefined;
  return level === 'entries' ? bundle(tile, log) : joined(log.leaves(from, from + width), width);
}

function joined(hashes: readonly Uint8Array[], width: number): Uint8Array | undefined {
  return hashes.length === width ? Buffer.concat(hashes) : undefined;
}

function bundle({ index, width }: TileName, log: LogStore): Uint8Array | undefined {
  const from = index * TILE_WIDTH;
  const parts: Buffer[] = [];
  for (let record = from; record < from + width; record += 1) {
    const envelope = log.row(record)?.envelope;
    if (envelope === undefined) return undefined;
    parts.push(bundleEntry(Buffer.from(envelope)));
  }
  return Buffer.concat(parts);
}

function bundleEntry(entry: Uint8Array): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(entry.length);
  return Buffer.concat([length, entry]);
}

/** The entry at `offset` of a bundle and where the next begins; undefined when the bundle ends before. **Trust:** the bundle is evidence. */
export function bundleEntryAt(
  bytes: Uint8Array,
  offset: number,
): { readonly entry: Uint8Array; readonly next: number } | undefined {
  if (offset + 2 > bytes.length) return undefined;
  const length = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).readUInt16BE(offset);
  const next = offset + 2 + length;
  return next > bytes.length ? undefined : { entry: bytes.subarray(offset + 2, next), next };
}
