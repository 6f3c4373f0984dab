// The bytes of tiles and entry bundles, made of what the store holds. **Source:** c2sp.org/tlog-tiles.

import type { LogStore } from '#domain/store-ports.ts';
import { TILE_WIDTH, type UpperTiles } from './merkle.ts';
import { parseTilePath, type TileName } from './tile-path.ts';

/** A tile or bundle; undefined for a path that names none, or one that the log has not reached. **Trust:** the path is the network's. */
export function readTile(path: string, log: LogStore, upper: UpperTiles): Uint8Array | undefined {
  const tile = parseTilePath(path);
  if (tile === undefined) return undefined;
  return tile.level === 'entries' ? bundle(tile, log) : hashTile(tile.level, tile, log, upper);
}

function hashTile(level: number, { index, width }: TileName, log: LogStore, upper: UpperTiles): Uint8Array | undefined {
  const from = index * TILE_WIDTH;
  const hashes = level === 0 ? log.leaves(from, from + width) : upper.hashes(level, from, from + width);
  return hashes.length === width ? Buffer.concat(hashes) : undefined;
}

function bundle({ index, width }: TileName, log: LogStore): Uint8Array | undefined {
  const from = index * TILE_WIDTH;
  if (from + width > log.size()) return undefined;
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
