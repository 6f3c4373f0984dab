// Where the commands look for the server of a home, and what they say of one that has no address yet.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findServer } from '#cli/admin-client.ts';
import { type Home, homeAt } from '#config/home.ts';
import { lockHome } from '#store/lock-home.ts';
import { memoryTerminal } from './memory-terminal.ts';

let home: Home;
const find = () => findServer(home, memoryTerminal().terminal);
const writeServer = () => writeFileSync(home.server, JSON.stringify({ url: 'http://127.0.0.1:1', pid: 1 }));

beforeEach(() => {
  home = homeAt(mkdtempSync(join(tmpdir(), 'smcp-find-')));
  writeFileSync(home.adminToken, 'secret\n', { mode: 0o600 });
});
afterEach(() => rmSync(home.directory, { recursive: true, force: true }));

describe('a home', () => {
  test('that a server has, and that names no address, has one that is starting', async () => {
    using _lock = lockHome(home.directory);
    await expect(find()).rejects.toMatchObject({
      code: 'SERVER_UNAVAILABLE',
      message: expect.stringContaining('is starting'),
      details: { remedy: expect.stringContaining('try again') },
    });
    writeServer();
    expect(await find()).toEqual({ url: 'http://127.0.0.1:1', token: 'secret' });
  });

  test('that nobody has runs none, whatever address a crash left in it', async () => {
    writeServer();
    await expect(find()).rejects.toMatchObject({
      code: 'SERVER_UNAVAILABLE',
      message: expect.stringContaining('no server runs'),
    });
  });
});
