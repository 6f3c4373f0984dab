import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ExportSource } from '#provenance/export.ts';
import { exportLog } from '#provenance/export.ts';
import { formatTilePath, parseTilePath, tilesOf } from '#provenance/tile-path.ts';
import { createFolderSource } from '#provenance/verify/folder-source.ts';
import { verifyLog } from '#provenance/verify/verify-log.ts';
import { adminDraft, asExportSource, begin, makeHome, type OpenHome, openHome, removeHome } from './fixture.ts';

let home: string;
let open: OpenHome;
beforeAll(async () => {
  home = makeHome();
  open = await openHome(home);
  await begin(open.log);
  await Promise.all(Array.from({ length: 597 }, () => open.log.append(adminDraft)));
});
afterAll(async () => {
  await open.close();
  removeHome(home);
});

const asSource = (): ExportSource => asExportSource(open.log);

describe('the path of a tile', () => {
  test.each([
    ['tile/0/000', { level: 0, index: 0, width: 256 }],
    ['tile/0/x001/x234/067', { level: 0, index: 1_234_067, width: 256 }],
    ['tile/1/005.p/17', { level: 1, index: 5, width: 17 }],
    ['tile/entries/x001/234.p/8', { level: 'entries', index: 1234, width: 8 }],
  ])('%s names one', (path, tile) => {
    expect(parseTilePath(path)).toEqual(tile);
  });

  test.each([
    'tile/00/000',
    'tile/6/000',
    'tile/0/0',
    'tile/0/0000',
    'tile/0/x000/001',
    'tile/0/001/002',
    'tile/0/x001',
    'tile/0/000.p/0',
    'tile/0/000.p/256',
    'tile/0/000.p/08',
    'tile/0/000.p/1/',
    'tile/0/../../keys/log.pem',
    'tile/entries/%2e%2e',
    'tile/data/000',
    '/tile/0/000',
    'tile/0/000\n',
    'tile/0/x999/x999/x999/x999/x999/999',
    '',
  ])('%j names none', (path) => {
    expect(parseTilePath(path)).toBeUndefined();
    expect(open.log.tile(path)).toBeUndefined();
  });

  test('is the same written and read', () => {
    const level = fc.oneof(fc.constant('entries' as const), fc.integer({ min: 0, max: 5 }));
    const tile = fc.record({ level, index: fc.nat(10 ** 14), width: fc.integer({ min: 1, max: 256 }) });
    fc.assert(
      fc.property(tile, (name) => {
        expect(parseTilePath(formatTilePath(name))).toEqual(name);
      }),
    );
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(open.log.tile(text)).toBeUndefined();
      }),
    );
  });

  test('of every tile of a size is told, as in the example of the specification', () => {
    const names = [...tilesOf(70_000)].filter(({ level }) => level !== 'entries');
    const count = (level: number, isFull: boolean) =>
      names.filter((name) => name.level === level && (name.width === 256) === isFull).length;
    expect([count(0, true), count(0, false), count(1, true), count(1, false), count(2, true), count(2, false)]).toEqual(
      [273, 1, 1, 1, 0, 1],
    );
    expect([...tilesOf(256)].map(formatTilePath)).toEqual(['tile/entries/000', 'tile/0/000', 'tile/1/000.p/1']);
  });
});

describe('a tile', () => {
  test('of the log is there up to its size and not past it', () => {
    const sizes = [
      'tile/0/000',
      'tile/0/002.p/88',
      'tile/0/002.p/89',
      'tile/0/002',
      'tile/0/001.p/3',
      'tile/1/000.p/2',
      'tile/1/000.p/3',
    ];
    expect(sizes.map((path) => open.log.tile(path)?.length)).toEqual([
      8192,
      88 * 32,
      undefined,
      undefined,
      96,
      64,
      undefined,
    ]);
    expect(open.log.tile('tile/entries/002.p/89')).toBeUndefined();
    const bundle = Buffer.from(open.log.tile('tile/entries/002.p/88') ?? []);
    const first = open.log.record(512)?.envelope ?? '';
    expect(bundle.readUInt16BE(0)).toBe(first.length);
    expect(bundle.subarray(2, 2 + first.length).toString()).toBe(first);
  });
});

describe('an export', () => {
  test('is a folder that verifies, by itself and with the key from elsewhere', async () => {
    const folder = join(home, 'export');
    expect(await exportLog(asSource(), folder)).toEqual({ entries: 600 });
    expect(readdirSync(folder).sort()).toEqual(['checkpoint', 'keys.json', 'log.vkey', 'records', 'tile']);
    expect(readFileSync(join(folder, 'records', '599.dsse.json'), 'utf8')).toBe(open.log.record(599)?.envelope);
    const report = { ok: true, entries: 600, checkpoints: 1, openIntents: 0 };
    expect(verifyLog(createFolderSource(folder))).toEqual({ ...report, trust: 'self' });
    expect(verifyLog(createFolderSource(folder), { vkey: open.log.vkey() })).toEqual({ ...report, trust: 'pinned' });
  });

  test('is refused with the key of another log', async () => {
    const other = makeHome();
    const { log, close } = await openHome(other);
    const folder = join(other, 'export');
    await exportLog(asSource(), folder);
    expect(verifyLog(createFolderSource(folder), { vkey: log.vkey() })).toMatchObject({
      ok: false,
      firstProblem: { index: -1, code: 'KEY_INVALID' },
    });
    expect(() => verifyLog(createFolderSource(folder), { vkey: 'nonsense' })).toThrow(
      expect.objectContaining({ code: 'USAGE' }),
    );
    await close();
    removeHome(other);
  });

  test('is not written over anything', async () => {
    const folder = join(home, 'taken');
    mkdirSync(folder);
    writeFileSync(join(folder, 'mine'), '');
    await expect(exportLog(asSource(), folder)).rejects.toEqual(expect.objectContaining({ code: 'USAGE' }));
    expect(readdirSync(folder)).toEqual(['mine']);
  });

  test('of a log that lacks what its checkpoint covers is refused, and has no checkpoint', async () => {
    const folder = join(home, 'incomplete');
    const source: ExportSource = {
      ...asSource(),
      tile: async (path) => (path === 'tile/1/000.p/2' ? undefined : open.log.tile(path)),
    };
    await expect(exportLog(source, folder)).rejects.toEqual(expect.objectContaining({ code: 'LOG_TAMPERED' }));
    expect(readdirSync(folder)).not.toContain('checkpoint');
    expect(verifyLog(createFolderSource(folder))).toMatchObject({ ok: false });
  });
});
