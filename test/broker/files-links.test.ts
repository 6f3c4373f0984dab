// What somebody else put into a workspace: links, second names, pipes, devices, sockets, other users' files. Each attack is tried with
// the way that most code takes, which joins the path and opens it: there it gets through.

import { execFileSync } from 'node:child_process';
import {
  chownSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Json } from '#base/json.ts';
import { type FilesPlace, openPlace, openSession } from './files-world.ts';

const SECRET = 'what lies outside';

let place: FilesPlace;
beforeEach(() => {
  place = openPlace();
  writeFileSync(join(place.outside, 'secret'), SECRET);
});
afterEach(() => place[Symbol.dispose]());

/** The wall taken away: the path is joined to the workspace's folder and opened as it is. */
const naive = {
  read: (path: string) => readFileSync(place.at('..', path.replace(/^workspace/, 'athena')), 'utf8'),
  write: (path: string, text: string) => writeFileSync(place.at('..', path.replace(/^workspace/, 'athena')), text),
};

/** Every call that could reach something through the path. */
const callsAt = (path: string): readonly (readonly [string, Json])[] => [
  ['files.read', { path }],
  ['files.write', { path, text: 'overwritten' }],
  ['files.write', { path, text: 'overwritten', mode: 'append' }],
  ['files.write', { path, text: 'overwritten', mode: 'create' }],
  ['files.stat', { path }],
  ['files.list', { path }],
  ['files.move', { from: path, to: 'workspace/taken' }],
  ['files.move', { from: 'workspace/own', to: `${path}/own` }],
  ['files.remove', { path }],
];

async function expectAllRefused(path: string) {
  const { ended } = openSession(place.effect);
  for (const [name, params] of callsAt(path)) {
    const end = await ended(name, params);
    expect([name, end]).toEqual([
      name,
      expect.objectContaining({ code: expect.stringMatching(/DENIED|EXISTS|INVALID/) }),
    ]);
  }
  expect(readFileSync(join(place.outside, 'secret'), 'utf8')).toBe(SECRET);
}

describe('a symbolic link in a workspace', () => {
  beforeEach(() => {
    symlinkSync(join(place.outside, 'secret'), place.at('link'));
    symlinkSync(place.outside, place.at('folder'));
    writeFileSync(place.at('own'), 'own');
  });

  test('is followed by no call, at the end of a path or on the way', async () => {
    await expectAllRefused('workspace/link');
    await expectAllRefused('workspace/folder');
    await expectAllRefused('workspace/folder/secret');
  });

  test('is denied in words that name what a person could do, and no path of the machine', async () => {
    const error = await openSession(place.effect)
      .call('files.read', { path: 'workspace/folder/secret' })
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'CAPABILITY_DENIED',
      details: { asked: 'workspace/folder/secret', allowed: ['plain files and folders'], remedy: expect.any(String) },
    });
    expect(JSON.stringify(error) + String(error)).not.toContain(place.outside);
  });

  test('is not listed, nor what has a second name', async () => {
    linkSync(join(place.outside, 'secret'), place.at('second'));
    expect(await openSession(place.effect).call('files.list', {})).toEqual({
      ...{ entries: [{ name: 'own', kind: 'file', bytes: 3 }], isCut: false },
    });
  });

  test('leads the naive way to what lies outside', () => {
    expect(naive.read('workspace/folder/secret')).toBe(SECRET);
    naive.write('workspace/link', 'overwritten');
    expect(readFileSync(join(place.outside, 'secret'), 'utf8')).toBe('overwritten');
  });
});

describe('a workspace that is itself a link', () => {
  test('is served to nobody, and the naive way serves it', async () => {
    rmSync(place.at(), { recursive: true });
    symlinkSync(place.outside, place.at());
    const { ended } = openSession(place.effect);
    for (const path of ['workspace', 'workspace/secret']) {
      expect(await ended('files.stat', { path })).toMatchObject({ code: 'CAPABILITY_UNAVAILABLE' });
    }
    expect(naive.read('workspace/secret')).toBe(SECRET);
  });
});

describe('a file with a second name', () => {
  test('is neither read nor written: the other name may lie outside', async () => {
    linkSync(join(place.outside, 'secret'), place.at('second'));
    writeFileSync(place.at('own'), 'own');
    await expectAllRefused('workspace/second');
    expect(naive.read('workspace/second')).toBe(SECRET);
  });

  test('is read once that name is gone', async () => {
    linkSync(join(place.outside, 'secret'), place.at('second'));
    unlinkSync(join(place.outside, 'secret'));
    expect(await openSession(place.effect).call('files.read', { path: 'workspace/second' })).toMatchObject({
      text: SECRET,
    });
  });
});

describe('what is no file', () => {
  test('a pipe holds no call up, and is refused', async () => {
    execFileSync('mkfifo', [place.at('pipe')]);
    writeFileSync(place.at('own'), 'own');
    await expectAllRefused('workspace/pipe');
    // The naive way waits for a writer that never comes.
    expect(() => execFileSync('cat', [place.at('pipe')], { timeout: 300 })).toThrow(/ETIMEDOUT/);
  });

  test('a socket is refused', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(place.at('socket'), resolve));
    writeFileSync(place.at('own'), 'own');
    await expectAllRefused('workspace/socket');
    await new Promise((resolve) => server.close(resolve));
  });

  test('a device is refused, by what it is and not by whether it opens', async () => {
    // A link to one, where devices can't be made: there the link is what is refused.
    const isMade = process.getuid?.() === 0 && madeDevice(place.at('device'));
    if (!isMade) symlinkSync('/dev/zero', place.at('device'));
    writeFileSync(place.at('own'), 'own');
    await expectAllRefused('workspace/device');
    expect(execFileSync('head', ['-c', '4', isMade ? place.at('device') : '/dev/zero']).length).toBe(4);
  });
});

function madeDevice(path: string): boolean {
  try {
    execFileSync('mknod', [path, 'c', '1', '5'], { stdio: 'ignore' });
    return execFileSync('head', ['-c', '1', path], { stdio: ['ignore', 'pipe', 'ignore'] }).length === 1;
  } catch {
    rmSync(path, { force: true });
    return false;
  }
}

test('another user’s file is refused, where there is one, and the server’s own is read', async () => {
  const own = process.getuid?.() ?? 0;
  writeFileSync(place.at('theirs'), 'x');
  const { ended } = openSession(place.effect);
  expect(await ended('files.read', { path: 'workspace/theirs' })).toMatchObject({ value: { text: 'x' } });
  if (own === 0) chownSync(place.at('theirs'), 60_719, 60_719);
  const end = await ended('files.read', { path: 'workspace/theirs' });
  expect(end).toMatchObject(own === 0 ? { code: 'CAPABILITY_DENIED' } : { value: { text: 'x' } });
});

test('what another file system holds is refused: it is another place', async () => {
  // /proc itself is one: no path of a workspace leads there but by a link, and a mount needs root.
  const { ended } = openSession(place.effect);
  mkdirSync(place.at('mounted'));
  const isMounted = process.getuid?.() === 0 && mounted(place.at('mounted'));
  const end = await ended('files.list', { path: 'workspace/mounted' });
  if (isMounted) execFileSync('umount', [place.at('mounted')]);
  expect(end).toMatchObject(isMounted ? { code: 'CAPABILITY_DENIED' } : { value: { entries: [] } });
});

function mounted(path: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'none', path], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

test('a workspace that is moved away while the server runs gets a new folder under its name', async () => {
  const { call } = openSession(place.effect);
  await call('files.write', { path: 'workspace/f', text: 'x' });
  renameSync(place.at(), join(place.outside, 'gone'));
  await call('files.write', { path: 'workspace/g', text: 'y' });
  expect(readFileSync(place.at('g'), 'utf8')).toBe('y');
});
