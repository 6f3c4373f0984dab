// Names of tiles and entry bundles. **Source:** c2sp.org/tlog-tiles.

import { TILE_WIDTH } from './merkle.ts';

/** `level` is 0 and up for hashes, `entries` for bundles of records. `width` 1–256; 256 is a full tile. */
export type TileName = { readonly level: number | 'entries'; readonly index: number; readonly width: number };

/** Levels past this can't be reached: 256^6 leaves are over 2^47. */
const LEVEL_MAX = 5;
const TILE_PATH = /^tile\/(entries|[0-5])\/((?:x[0-9]{3}\/){0,4}[0-9]{3})(?:\.p\/([1-9][0-9]{0,2}))?$/;

/** The tile of a path; undefined when it is not the one spelling of a possible tile. **Trust:** the path is the network's. */
export function parseTilePath(path: string): TileName | undefined {
  const [matched, level, elements = '', widthText] = TILE_PATH.exec(path) ?? [];
  if (matched === undefined) return undefined;
  const width = widthText === undefined ? TILE_WIDTH : Number(widthText);
  if (widthText !== undefined && width >= TILE_WIDTH) return undefined;
  const index = Number(elements.replaceAll(/[x/]/g, ''));
  const tile: TileName = { level: level === 'entries' ? level : Number(level), index, width };
  return formatTilePath(tile) === path ? tile : undefined;
}

/** `tile/<L>/<N>[.p/<W>]`; N as `x001/x234/067`. */
export function formatTilePath({ level, index, width }: TileName): string {
  const digits = String(index);
  const padded = digits.padStart(Math.ceil(digits.length / 3) * 3, '0');
  const groups = padded.match(/[0-9]{3}/g) ?? [];
  const elements = groups.map((group, position) => (position === groups.length - 1 ? group : `x${group}`)).join('/');
  return `tile/${level}/${elements}${width === TILE_WIDTH ? '' : `.p/${width}`}`;
}

/** Every tile and bundle of a tree of `size` records: the full ones and the partial one at the right edge of each level. */
export function* tilesOf(size: number): Generator<TileName> {
  yield* levelTiles('entries', size);
  let count = size;
  for (let level = 0; level <= LEVEL_MAX && count > 0; level += 1) {
    yield* levelTiles(level, count);
    count = Math.floor(count / TILE_WIDTH);
  }
}

function* levelTiles(level: number | 'entries', count: number): Generator<TileName> {
  for (let index = 0; index * TILE_WIDTH < count; index += 1) {
    yield { level, index, width: Math.min(TILE_WIDTH, count - index * TILE_WIDTH) };
  }
}
