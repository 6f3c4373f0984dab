import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Json } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import { EVERYTHING, type FilesPlace, openPlace, openSession } from './files-world.ts';

let place: FilesPlace;
beforeEach(() => {
  place = openPlace();
});
afterEach(() => place[Symbol.dispose]());

const refused = (code: string) => expect.objectContaining({ code });

describe('a file', () => {
  test('is written with the folders above it, and is the agent’s alone on the disk', async () => {
    const { call } = openSession(place.effect);
    expect(await call('files.write', { path: 'workspace/a/b/c.txt', text: 'één' })).toEqual({ bytes: 5 });
    expect(readFileSync(place.at('a/b/c.txt'), 'utf8')).toBe('één');
    const modes = ['.', 'a', 'a/b', 'a/b/c.txt'].map((name) => statSync(place.at(name)).mode & 0o777);
    expect(modes).toEqual([0o700, 0o700, 0o700, 0o600]);
    expect(readdirSync(place.at('a/b'))).toEqual(['c.txt']);
  });

  test('is replaced, appended to, or created only where nothing is', async () => {
    const { call, ended } = openSession(place.effect);
    const write = (text: string, mode: string) => ended('files.write', { path: 'workspace/f', text, mode });
    expect(await write('one', 'create')).toEqual({ value: { bytes: 3 } });
    expect(await write('no', 'create')).toMatchObject({ code: 'FILE_EXISTS', details: { asked: 'workspace/f' } });
    expect(await write('two', 'append')).toEqual({ value: { bytes: 6 } });
    expect(await write('x', 'replace')).toEqual({ value: { bytes: 1 } });
    expect(await call('files.write', { path: 'workspace/new', base64: '/w==', mode: 'append' })).toEqual({ bytes: 1 });
    expect(await call('files.read', { path: 'workspace/f' })).toEqual({ text: 'x', bytes: 1, isCut: false });
    expect(await call('files.read', { path: 'workspace/new', as: 'base64' })).toMatchObject({ base64: '/w==' });
  });

  test('is read in pieces, of which none cuts a character in two', async () => {
    const { call, ended } = openSession(place.effect);
    const text = 'aé€😀b';
    await call('files.write', { path: 'workspace/f', text });
    let read = '';
    for (let isCut = true; isCut; ) {
      const piece = { path: 'workspace/f', offset: Buffer.byteLength(read), length: 4 };
      const answer = (await call('files.read', piece)) as { text: string; isCut: boolean };
      read += answer.text;
      ({ isCut } = answer);
    }
    expect(read).toBe(text);
    expect(await call('files.read', { path: 'workspace/f', offset: 99 })).toEqual({
      text: '',
      bytes: 11,
      isCut: false,
    });
    expect(await ended('files.read', { path: 'workspace/f', offset: 6, length: 3 })).toEqual(
      refused('REQUEST_INVALID'),
    );
    expect(await ended('files.read', { path: 'workspace/f', offset: 2 })).toEqual(refused('REQUEST_INVALID'));
  });

  test('that is no text is read as base64, and as text it is refused rather than changed', async () => {
    writeFileSync(place.at('f'), Buffer.from([0xff, 0x00]));
    const { call, ended } = openSession(place.effect);
    expect(await ended('files.read', { path: 'workspace/f' })).toMatchObject({
      ...{ code: 'REQUEST_INVALID', details: { remedy: 'read it as base64' } },
    });
    expect(await call('files.read', { path: 'workspace/f', as: 'base64' })).toMatchObject({ base64: '/wA=' });
  });

  test.each([
    ['letters', 'x', LIMITS.fileReadBytesMax],
    ['what JSON writes six times as long', '\u0001', LIMITS.fileTextBytesSure],
  ])('as long as any gives an answer that fits: %s', async (_what, character, expected) => {
    writeFileSync(place.at('f'), character.repeat(LIMITS.fileReadBytesMax + 7));
    const { call } = openSession(place.effect);
    const text = (await call('files.read', { path: 'workspace/f' })) as { text: string; isCut: boolean };
    expect([text.text.length, text.isCut]).toEqual([expected, true]);
    const base64 = await call('files.read', { path: 'workspace/f', as: 'base64', length: 10 ** 9 });
    for (const answer of [text, base64]) {
      expect(Buffer.byteLength(JSON.stringify(answer))).toBeLessThan(LIMITS.hostAnswerBytesMax);
    }
  });
});

describe('a folder', () => {
  test('is listed in the order of its names’ bytes, page by page', async () => {
    const { call } = openSession(place.effect);
    const names = Array.from({ length: LIMITS.fileEntriesListedMax + 5 }, (_, at) => `n${String(at).padStart(5, '0')}`);
    for (const name of names) writeFileSync(place.at(name), 'x');
    const first = (await call('files.list', {})) as { entries: { name: string }[]; isCut: boolean };
    expect(first.entries.map(({ name }) => name)).toEqual(names.slice(0, LIMITS.fileEntriesListedMax));
    expect(first.isCut).toBe(true);
    const rest = await call('files.list', { path: 'workspace', after: first.entries.at(-1)?.name ?? '' });
    expect(rest).toEqual({
      entries: names.slice(LIMITS.fileEntriesListedMax).map((name) => ({ name, kind: 'file', bytes: 1 })),
      isCut: false,
    });
  });

  test('is made, looked at, moved and removed', async () => {
    const { call, ended } = openSession(place.effect);
    expect(await call('files.makeFolder', { path: 'workspace/a/b' })).toBeNull();
    expect(await call('files.makeFolder', { path: 'workspace/a/b' })).toBeNull();
    await call('files.write', { path: 'workspace/a/b/f', text: 'x' });
    expect(await call('files.move', { from: 'workspace/a', to: 'workspace/in/c' })).toBeNull();
    expect(await call('files.stat', { path: 'workspace/in/c/b/f' })).toEqual({ kind: 'file', bytes: 1 });
    expect(await ended('files.remove', { path: 'workspace/in/c/b' })).toEqual(refused('REQUEST_INVALID'));
    expect(await call('files.remove', { path: 'workspace/in/c/b/f' })).toBeNull();
    expect(await call('files.remove', { path: 'workspace/in/c/b' })).toBeNull();
    expect(await call('files.list', { path: 'workspace/in' })).toEqual({
      ...{ entries: [{ name: 'c', kind: 'folder' }], isCut: false },
    });
    expect(await ended('files.stat', { path: 'workspace/a' })).toMatchObject({ code: 'NOT_FOUND' });
  });

  test('moves to no place where what is in it would have no path any more', async () => {
    const { call, ended } = openSession(place.effect);
    const deep = ['workspace', ...Array.from({ length: LIMITS.filePathDepthMax }, () => 'd')].join('/');
    await call('files.makeFolder', { path: deep });
    expect(await ended('files.move', { from: 'workspace/d', to: 'workspace/e/d' })).toEqual(refused('REQUEST_INVALID'));
    expect(await call('files.move', { from: 'workspace/d', to: 'workspace/e' })).toBeNull();
  });
});

describe('params of files that are none', () => {
  test.each<[string, Json]>([
    ['files.read', null],
    ['files.read', {}],
    ['files.read', { path: 1 }],
    ['files.read', { path: 'workspace/f', as: 'bytes' }],
    ['files.read', { path: 'workspace/f', offset: -1 }],
    ['files.read', { path: 'workspace/f', length: 1.5 }],
    ['files.read', { path: 'workspace/f', offset: '0' }],
    ['files.read', { path: 'workspace/f', encoding: 'utf8' }],
    ['files.write', { path: 'workspace/f' }],
    ['files.write', { path: 'workspace/f', text: 'x', base64: '' }],
    ['files.write', { path: 'workspace/f', text: 'a\ud800' }],
    ['files.write', { path: 'workspace/f', base64: 'YQ' }],
    ['files.write', { path: 'workspace/f', base64: 'Y Q==' }],
    ['files.write', { path: 'workspace/f', text: 'x', mode: 'overwrite' }],
    ['files.list', { path: 'workspace', after: 1 }],
    ['files.move', { from: 'workspace/f' }],
    ['files.remove', { path: 'workspace', recursive: true }],
  ])('%s with %j is refused, and nothing is done', async (name, params) => {
    const { ended, used } = openSession(place.effect);
    expect(await ended(name, params)).toEqual(refused('REQUEST_INVALID'));
    expect([used(), readdirSync(place.at())]).toEqual([[], []]);
  });
});

describe('what a call was given', () => {
  const files = [
    { path: 'workspace/in', access: 'read' },
    { path: 'workspace/out', access: 'write' },
  ] as const;

  test('is read and written, each where it may be', async () => {
    await openSession(place.effect).call('files.write', { path: 'workspace/in/a', text: 'a' });
    const { call, used } = openSession(place.effect, { files });
    expect(await call('files.read', { path: 'workspace/in/a' })).toMatchObject({ text: 'a' });
    await call('files.makeFolder', { path: 'workspace/out' });
    await call('files.write', { path: 'workspace/out/b', text: 'b' });
    await call('files.move', { from: 'workspace/out/b', to: 'workspace/out/c' });
    expect(used().map(({ target, count }) => [target, count])).toEqual([
      ['workspace/in', 1],
      ['workspace/out', 3],
    ]);
  });

  test.each<[string, Json, string]>([
    ['files.write', { path: 'workspace/in/a', text: '' }, 'this call may only read there'],
    ['files.remove', { path: 'workspace/in/a' }, 'this call may only read there'],
    ['files.makeFolder', { path: 'workspace/in/b' }, 'this call may only read there'],
    ['files.move', { from: 'workspace/in/a', to: 'workspace/out/a' }, 'this call may only read there'],
    ['files.move', { from: 'workspace/out/a', to: 'workspace/in/a' }, 'this call may only read there'],
    ['files.read', { path: 'workspace/input/a' }, 'this call was not given this path'],
    ['files.list', {}, 'this call was not given this path'],
    ['files.stat', { path: 'workspace' }, 'this call was not given this path'],
    ['files.write', { path: 'workspace/a', text: '' }, 'this call was not given this path'],
  ])(
    'is all that it may use: %s of %j is denied, with what is allowed and the remedy',
    async (name, params, message) => {
      const { call, used } = openSession(place.effect, { files });
      await expect(call(name, params)).rejects.toMatchObject({
        ...{ code: 'CAPABILITY_DENIED', message },
        details: {
          capability: 'files',
          asked: expect.stringMatching(/:(read|write)$/),
          allowed: ['workspace/in:read', 'workspace/out:write'],
          remedy: expect.stringContaining('plugin.json'),
        },
      });
      expect(used()).toEqual([]);
    },
  );

  test('names the narrowest folder in the record, and for a move the one that holds both ends', async () => {
    const given = [...EVERYTHING, ...files, { path: 'workspace/out/deep', access: 'write' }] as const;
    const { call, used } = openSession(place.effect, { files: given });
    await call('files.write', { path: 'workspace/out/deep/f', text: '' });
    await call('files.move', { from: 'workspace/out/deep/f', to: 'workspace/out/f' });
    await call('files.move', { from: 'workspace/out/f', to: 'workspace/in/f' });
    expect(used().map(({ target, count }) => [target, count])).toEqual([
      ['workspace', 1],
      ['workspace/out', 1],
      ['workspace/out/deep', 1],
    ]);
  });
});

test('a call that is being ended does nothing more, though it waits in the workspace already', async () => {
  const { call } = openSession(place.effect);
  const ending = new AbortController();
  const first = call('files.write', { path: 'workspace/first', text: 'x'.repeat(200_000) });
  const second = call('files.write', { path: 'workspace/second', text: 'x' }, ending.signal);
  ending.abort();
  await expect(second).rejects.toEqual(refused('CANCELLED'));
  await first;
  expect(readdirSync(place.at())).toEqual(['first']);
});

test('so many calls wait in a workspace, and one more is refused', async () => {
  const { call } = openSession(place.effect);
  const calls = Array.from({ length: LIMITS.workspaceWaitingMax + 2 }, () => call('files.stat', { path: 'workspace' }));
  const ends = await Promise.allSettled(calls);
  expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(LIMITS.workspaceWaitingMax);
  expect(ends.at(-1)).toMatchObject({ status: 'rejected', reason: { code: 'QUEUE_FULL' } });
  expect(await call('files.stat', { path: 'workspace' })).toEqual({ kind: 'folder' });
});

test('the files of two agents lie apart, and those of agents who share a workspace together', async () => {
  const [athena, hermes] = [openSession(place.effect), openSession(place.effect, { agent: 'hermes' })];
  await athena.call('files.write', { path: 'workspace/f', text: 'mine' });
  expect(await hermes.ended('files.read', { path: 'workspace/f' })).toMatchObject({ code: 'NOT_FOUND' });
  const shared = openSession(place.effect, { agent: 'hermes', workspace: 'athena' });
  expect(await shared.call('files.read', { path: 'workspace/f' })).toMatchObject({ text: 'mine' });
  expect(readdirSync(join(place.directory, 'hermes'))).toEqual([]);
});
