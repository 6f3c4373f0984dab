// What lies in an exported folder beside the log. **Trust:** none; anyone may have put files there. A file that the
// checkpoint doesn't name is vouched for by nothing, though it lies beside what is: so a sound folder holds no such file.

import { opendirSync } from 'node:fs';
import { join } from 'node:path';
import { TILE_WIDTH } from '#provenance/merkle.ts';
import { parseTilePath } from '#provenance/tile-path.ts';

const TOP_FILES = ['checkpoint', 'keys.json', 'log.vkey'];
const RECORD = /^records\/(0|[1-9][0-9]{0,15})\.dsse\.json$/;
/** `tile/0/x001/x002/x003/x004/005.p/17` */
const FOLDERS_DEEP_MAX = 8;

/** The first path in the folder that is no file of a log of `size` records; undefined when there is none. */
export function foreignFileIn(folder: string, size: number): string | undefined {
  return foreignBelow({ folder, size }, '', 0);
}

type Look = { readonly folder: string; readonly size: number };

function foreignBelow(look: Look, path: string, deep: number): string | undefined {
  using entries = opendirSync(join(look.folder, path));
  let isEmpty = true;
  // One entry at a time: the list of a folder may be longer than memory.
  for (let entry = entries.readSync(); entry !== null; entry = entries.readSync()) {
    isEmpty = false;
    const inner = path === '' ? entry.name : `${path}/${entry.name}`;
    const isFolder = entry.isDirectory();
    if (isFolder && deep < FOLDERS_DEEP_MAX) {
      const foreign = foreignBelow(look, inner, deep + 1);
      if (foreign !== undefined) return foreign;
    } else if (isFolder || !entry.isFile() || !isFileOfLog(inner, look.size)) {
      return inner;
    }
  }
  return isEmpty && path !== '' ? path : undefined;
}

function isFileOfLog(path: string, size: number): boolean {
  if (TOP_FILES.includes(path)) return true;
  const record = RECORD.exec(path)?.[1];
  if (record !== undefined) return Number(record) < size;
  const tile = parseTilePath(path);
  if (tile === undefined) return false;
  const level = tile.level === 'entries' ? 0 : tile.level;
  const count = Math.floor(size / TILE_WIDTH ** level);
  return tile.width === Math.min(TILE_WIDTH, count - tile.index * TILE_WIDTH);
}
