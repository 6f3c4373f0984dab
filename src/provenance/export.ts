// Writes a log as a folder of static files, from anything that can serve its tiles: a running server over HTTP, a reader.
// **Trust:** what the source answers is written as it is; `log verify` judges it.

import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { SmcpError, systemErrorCode } from '#base/errors.ts';
import { claimedSize } from './checkpoint.ts';
import { formatKeys, type LogKey } from './log-key.ts';
import { TILE_WIDTH } from './merkle.ts';
import { formatTilePath, type TileName, tilesOf } from './tile-path.ts';
import { bundleEntryAt } from './tiles.ts';

export type ExportSource = {
  /** Undefined for an empty log. */
  readonly checkpoint: () => Promise<string | undefined>;
  readonly vkey: () => Promise<string>;
  readonly keys: () => Promise<readonly LogKey[]>;
  /** Undefined when there is no such tile. */
  readonly tile: (path: string) => Promise<Uint8Array | undefined>;
};

export type ExportReport = { readonly entries: number };

/**
 * Writes `tile/…`, `tile/entries/…`, `records/<index>.dsse.json`, `keys.json`, `log.vkey` and, last, `checkpoint`: a folder
 * without it was not finished. The checkpoint is taken first; what is appended meanwhile is not in it.
 *
 * @throws `USAGE` when the folder is not empty · `LOG_TAMPERED` when the source lacks what its checkpoint covers.
 */
export async function exportLog(source: ExportSource, folder: string): Promise<ExportReport> {
  makeEmptyFolder(folder);
  const checkpoint = await source.checkpoint();
  const size = claimedSize(checkpoint ?? '');
  if (checkpoint === undefined || size === undefined) throw incomplete('the log has no checkpoint');
  for (const name of tilesOf(size)) {
    const path = formatTilePath(name);
    const bytes = await source.tile(path);
    if (bytes === undefined) throw incomplete(`the log has no ${path}, though its checkpoint covers it`);
    write(folder, path, bytes);
    if (name.level === 'entries') writeRecords(folder, name, bytes);
  }
  write(folder, 'keys.json', formatKeys(await source.keys()));
  write(folder, 'log.vkey', `${await source.vkey()}\n`);
  write(folder, 'checkpoint', checkpoint);
  return { entries: size };
}

function writeRecords(folder: string, { index, width }: TileName, bundle: Uint8Array): void {
  let offset = 0;
  for (let position = 0; position < width; position += 1) {
    const found = bundleEntryAt(bundle, offset);
    if (found === undefined) throw incomplete(`bundle ${index} of the log has fewer than ${width} records`);
    write(folder, join('records', `${index * TILE_WIDTH + position}.dsse.json`), found.entry);
    offset = found.next;
  }
}

function makeEmptyFolder(folder: string): void {
  let names: string[];
  try {
    mkdirSync(folder, { recursive: true });
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

function incomplete(message: string): SmcpError {
  return new SmcpError('LOG_TAMPERED', message, { details: { remedy: 'run `smcp log verify` on the home' } });
}
