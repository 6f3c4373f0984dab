// An exported log for the verifier: a folder of static files. **Trust:** none; anyone may have written any of them.

import { join } from 'node:path';
import { LIMITS } from '#base/limits.ts';
import { visible } from '#base/visible.ts';
import { claimedSize } from '#provenance/checkpoint.ts';
import { TILE_WIDTH } from '#provenance/merkle.ts';
import { formatTilePath, type TileName, tilesOf } from '#provenance/tile-path.ts';
import { bundleEntryAt } from '#provenance/tiles.ts';
import { foreignFileIn } from './foreign-file.ts';
import { keyLine } from './home-source.ts';
import { readPlainFile, readSmallFile } from './small-file.ts';
import type { Established, LogSource, Problem, SourceEntry } from './source.ts';

const HASH_BYTES = 32;

/** Entries and leaf hashes of up to 256 records. */
type Group = { readonly bundle: Uint8Array; readonly leaves: Uint8Array; next: number; offset: number };

export function createFolderSource(folder: string): LogSource {
  const note = readSmallFile(join(folder, 'checkpoint'));
  const size = claimedSize(note ?? '') ?? 0;
  let group: Group | undefined;

  const tile = (name: TileName) => readPlainFile(join(folder, formatTilePath(name)), tileBytesMax(name));

  /** The group of a record; records are asked for in order, so a group is loaded once. */
  function groupAt(index: number): Group | undefined {
    if (group !== undefined && index % TILE_WIDTH !== 0) return group;
    const position = Math.floor(index / TILE_WIDTH);
    const width = Math.min(TILE_WIDTH, size - position * TILE_WIDTH);
    const bundle = tile({ level: 'entries', index: position, width });
    const leaves = tile({ level: 0, index: position, width });
    group = bundle === undefined || leaves === undefined ? undefined : { bundle, leaves, next: index, offset: 0 };
    return group;
  }

  function entry(index: number): SourceEntry | Problem | undefined {
    const current = groupAt(index);
    if (current?.next !== index) return undefined;
    const found = bundleEntryAt(current.bundle, current.offset);
    if (found === undefined) return mismatch(index, 'the bundle of entries ends before this record');
    current.next += 1;
    current.offset = found.next;
    const isLast = index === size - 1 || current.next % TILE_WIDTH === 0;
    const from = (index % TILE_WIDTH) * HASH_BYTES;
    const leaf = current.leaves.subarray(from, from + HASH_BYTES);
    if (isLast && (found.next !== current.bundle.length || from + HASH_BYTES !== current.leaves.length)) {
      return mismatch(index, 'a tile or bundle goes on after its last record');
    }
    const file = readPlainFile(join(folder, 'records', `${index}.dsse.json`), LIMITS.recordBytesMax);
    if (file === undefined || Buffer.compare(file, found.entry) !== 0) {
      return mismatch(index, `records/${index}.dsse.json is not the record of the bundle`);
    }
    return { index, bytes: found.entry, leaf, disclosed: {} };
  }

  function finish({ keysText, upperHashes }: Established): Problem | undefined {
    for (const name of tilesOf(size)) {
      if (name.level === 'entries' || name.level === 0) continue;
      const from = name.index * TILE_WIDTH;
      const expected = Buffer.concat(upperHashes(name.level, from, from + name.width));
      const found = tile(name);
      if (found === undefined || !expected.equals(found)) {
        return mismatch(
          name.index * TILE_WIDTH ** (name.level + 1),
          `${formatTilePath(name)} is not the tile of these records`,
        );
      }
    }
    const keys = readPlainFile(join(folder, 'keys.json'), LIMITS.noteBytesMax);
    if (keys === undefined || !Buffer.from(keysText).equals(keys)) {
      return mismatch(-1, 'keys.json does not hold the keys that the first record names');
    }
    const foreign = foreignFileIn(folder, size);
    return foreign === undefined
      ? undefined
      : mismatch(-1, `${visible(foreign)} is no part of this log of ${size} records`);
  }

  return {
    trust: 'self',
    vkey: () => keyLine(readSmallFile(join(folder, 'log.vkey'))),
    size: () => undefined,
    lastCheckpoint: () => note,
    entry,
    checkpoints: () => (note === undefined ? [] : [{ size, note }]),
    published: () => 'none',
    finish,
    close: () => {},
  };
}

/** The most that a tile may have: hashes of 32 bytes, or entries at their largest, each with its length before it. */
function tileBytesMax({ level, width }: TileName): number {
  return width * (level === 'entries' ? LIMITS.recordBytesMax + 2 : HASH_BYTES);
}

function mismatch(index: number, message: string): Problem {
  return { index, code: 'FILE_MISMATCH', message };
}
