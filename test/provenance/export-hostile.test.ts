// A server that lies about its log can't make an export write what its checkpoint does not prove.

import { mkdirSync, readdirSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LIMITS } from '#base/limits.ts';
import { requestBytes } from '#cli/admin-client.ts';
import { type ExportSource, exportLog } from '#provenance/export.ts';
import { leafHash, MerkleTree } from '#provenance/merkle.ts';
import { formatVkey } from '#provenance/signed-note.ts';
import { kernelHoldsBytesMax } from '#test/gateway/http.ts';
import { adminDraft, asExportSource, makeHome, type OpenHome, openHome, removeHome } from './fixture.ts';
import { makePair, noteOf } from './forged-log.ts';

const ORIGIN = 'hostile.example/0011/1';
const pair = makePair();
const root = leafHash(Buffer.from('x'));

let home: string;
let open: OpenHome;
beforeAll(async () => {
  home = makeHome();
  open = await openHome(join(home, 'home'));
  await Promise.all(Array.from({ length: 599 }, () => open.log.append(adminDraft)));
});
afterAll(async () => {
  await open.close();
  removeHome(home);
});

let folders = 0;
function newFolder(): string {
  folders += 1;
  const folder = join(home, `export-${folders}`);
  mkdirSync(folder);
  return folder;
}

/** Serves the checkpoint and junk for each tile; counts what was asked. */
function junkSource(checkpoint: string) {
  const asked: string[] = [];
  const source: ExportSource = {
    checkpoint: async () => checkpoint,
    vkey: async () => formatVkey({ name: ORIGIN, key: pair.key }),
    keys: async () => [],
    tile: async (path, bytesMax) => {
      asked.push(path);
      if (asked.length > 20) throw new Error('it would go on for ever');
      return new Uint8Array(bytesMax);
    },
  };
  return { source, asked };
}

const files = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());

describe('nothing unproven is written', () => {
  test.each([Number.MAX_SAFE_INTEGER, 2 ** 47, 70_000, 1])(
    'of junk under a signed checkpoint of %d records, and the edge alone is asked for',
    async (size) => {
      const folder = newFolder();
      const { source, asked } = junkSource(noteOf(pair, { origin: ORIGIN, size, root }));
      await expect(exportLog(source, folder)).rejects.toMatchObject({ code: 'LOG_TAMPERED' });
      expect(files(folder)).toEqual([]);
      expect(asked.length).toBeLessThanOrEqual(6);
    },
  );

  test('under a checkpoint that another key signed', async () => {
    const folder = newFolder();
    const { source, asked } = junkSource(noteOf(makePair(), { origin: ORIGIN, size: 1, root }));
    await expect(exportLog(source, folder)).rejects.toMatchObject({ code: 'LOG_TAMPERED' });
    expect(files(folder)).toEqual([]);
    expect(asked).toEqual([]);
  });

  test('more than what a bundle proves, of a log whose tiles are all the same', async () => {
    // The same tile at every place: a tree of 2^40 leaves that takes six hashes to make.
    const entry = Buffer.from('x');
    const bundle = Buffer.concat([Buffer.from([0, 1]), entry]);
    const tiles: Buffer[] = [];
    let hash: Uint8Array = leafHash(entry);
    for (let level = 0; level < 5; level += 1) {
      tiles.push(Buffer.concat(Array.from({ length: 256 }, () => hash)));
      const tree = new MerkleTree();
      for (let position = 0; position < 256; position += 1) tree.append(hash);
      hash = tree.root();
    }
    let left = 3;
    const { source } = junkSource(noteOf(pair, { origin: ORIGIN, size: 256 ** 5, root: hash }));
    const endless: ExportSource = {
      ...source,
      tile: async (path) => {
        if (path.startsWith('tile/entries')) {
          left -= 1;
          if (left === 0) return Buffer.concat(Array.from({ length: 255 }, () => bundle));
          return Buffer.concat(Array.from({ length: 256 }, () => bundle));
        }
        return path === 'tile/5/000.p/1' ? hash : tiles[Number(path.split('/')[1])];
      },
    };
    const folder = newFolder();
    // A bundle that is short ends it at once; what came before was proven.
    await expect(exportLog(endless, folder)).rejects.toMatchObject({
      code: 'LOG_TAMPERED',
      message: expect.stringContaining('tile/entries/002'),
    });
    expect(readdirSync(join(folder, 'records')).length).toBe(512);
  });
});

test('an export leaves room on the disk, since a server proves a log of any length', async () => {
  const folder = newFolder();
  const full = exportLog(asExportSource(open.log), folder, {
    freeBytes: () => LIMITS.exportDiskFreeBytesMin + (readdirSync(folder).includes('records') ? 0 : 2 ** 30),
  });
  await expect(full).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE' });
  expect(readdirSync(join(folder, 'records')).length).toBe(256);
});

describe('an export ends at the first tile that is not of the log', () => {
  const changed = (bytes: Uint8Array | undefined) => {
    const copy = Buffer.from(bytes ?? []);
    copy[40] = (copy[40] ?? 0) ^ 1;
    return copy;
  };
  test.each([
    ['tile/1/000.p/2', 0],
    ['tile/0/001', 256],
    ['tile/0/002.p/88', 0],
    ['tile/entries/001', 256],
    ['tile/entries/002.p/88', 512],
  ])('%s, with no record after those before it', async (wrong, records) => {
    const honest = asExportSource(open.log);
    const tile = async (path: string) => (path === wrong ? changed(open.log.tile(path)) : open.log.tile(path));
    const folder = newFolder();
    await expect(exportLog({ ...honest, tile }, folder)).rejects.toMatchObject({ code: 'LOG_TAMPERED' });
    expect(files(folder).filter(({ name }) => name.endsWith('.dsse.json')).length).toBe(records);
    expect(readdirSync(folder)).not.toContain('checkpoint');
  });

  test('and writes all of it where every tile is', async () => {
    const folder = newFolder();
    expect(await exportLog(asExportSource(open.log), folder)).toEqual({ entries: 600 });
    expect(readdirSync(join(folder, 'records')).length).toBe(600);
  });
});

describe('an answer of the server', () => {
  async function withServer<Result>(handle: RequestListener, work: (url: string) => Promise<Result>): Promise<Result> {
    const server = createServer(handle);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      return await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  }
  const ask = (url: string, bytesMax: number) => requestBytes({ url, token: 't' }, '/x', bytesMax);

  test.each([200, 500])('without end and with status %d is read no further than it may be long', async (status) => {
    let sent = 0;
    const endless: RequestListener = (_request, response) => {
      response.writeHead(status);
      const more = () => {
        while (!response.destroyed && response.write(Buffer.alloc(64 * 1024))) sent += 64 * 1024;
        sent += 64 * 1024;
      };
      response.on('drain', more);
      more();
    };
    await expect(withServer(endless, (url) => ask(url, 8192))).rejects.toMatchObject({ code: 'SERVER_UNAVAILABLE' });
    // What the kernel takes, and what Node does beside it.
    expect(sent).toBeLessThan(kernelHoldsBytesMax() + 16 * 1024 * 1024);
  });

  test('is taken up to its bound, refused one byte past it, and nothing where there is none', async () => {
    const bytes: RequestListener = ({ url }, response) => {
      response.statusCode = url === '/x' ? 200 : 404;
      response.end(Buffer.alloc(100, 1));
    };
    await withServer(bytes, async (url) => {
      expect((await ask(url, 100))?.length).toBe(100);
      await expect(ask(url, 99)).rejects.toMatchObject({ code: 'SERVER_UNAVAILABLE' });
      expect(await requestBytes({ url, token: 't' }, '/y', 100)).toBeUndefined();
    });
  });
});
