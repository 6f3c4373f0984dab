import { readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { type Ended, type FilesPlace, openPlace, openSession } from './files-world.ts';

let place: FilesPlace | undefined;
afterEach(() => place?.[Symbol.dispose]());

const open = (most: { readonly bytes?: number; readonly files?: number }) => {
  place = openPlace(most);
  return { ...openSession(place.effect), place };
};

const FULL = expect.objectContaining({ code: 'QUOTA_EXCEEDED' });

describe('a workspace', () => {
  test('takes what there is room for, to the byte, and says what is full and how much room there is', async () => {
    const { ended } = open({ bytes: 10 });
    const write = (name: string, text: string, mode = 'replace') =>
      ended('files.write', { path: `workspace/${name}`, text, mode });
    expect(await write('a', '123456')).toEqual({ value: { bytes: 6 } });
    expect(await write('b', '1234')).toEqual({ value: { bytes: 4 } });
    expect(await write('c', '1')).toMatchObject({
      code: 'QUOTA_EXCEEDED',
      details: { bytes: 10, bytesMax: 10, files: 2, remedy: expect.stringContaining('config.yaml') },
    });
    expect(await write('a', '1', 'append')).toEqual(FULL);
    expect(await write('a', '1234567')).toEqual(FULL);
    expect(await ended('files.read', { path: 'workspace/a' })).toMatchObject({ value: { text: '123456' } });
    // A smaller file in place of a larger one makes room; so does a removal.
    expect(await write('a', '1')).toEqual({ value: { bytes: 1 } });
    expect(await write('c', '12345')).toEqual({ value: { bytes: 5 } });
    await ended('files.remove', { path: 'workspace/c' });
    expect(await write('d', '12345')).toEqual({ value: { bytes: 5 } });
  });

  test('has so many files and folders, those made on the way among them', async () => {
    const { ended, place: at } = open({ files: 3 });
    expect(await ended('files.write', { path: 'workspace/a/b/f', text: '' })).toEqual({ value: { bytes: 0 } });
    expect(await ended('files.write', { path: 'workspace/g', text: '' })).toEqual(FULL);
    expect(await ended('files.makeFolder', { path: 'workspace/c' })).toEqual(FULL);
    expect(await ended('files.move', { from: 'workspace/a/b/f', to: 'workspace/new/f' })).toEqual(FULL);
    expect(await ended('files.move', { from: 'workspace/a/b/f', to: 'workspace/f' })).toEqual({ value: null });
    expect(readdirSync(at.at(), { recursive: true }).sort()).toEqual(['a', 'a/b', 'f']);
  });

  test('that is refused a write has no folder more than before', async () => {
    const { ended, place: at } = open({ bytes: 1 });
    expect(await ended('files.write', { path: 'workspace/a/b/f', text: '12' })).toEqual(FULL);
    expect(readdirSync(at.at())).toEqual([]);
  });

  test('is counted as it is, also where a person has filled or emptied it', async () => {
    const { ended, place: at } = open({ bytes: 100 });
    writeFileSync(at.at('theirs'), 'x'.repeat(95));
    expect(await ended('files.write', { path: 'workspace/a', text: '123456' })).toEqual(FULL);
    rmSync(at.at('theirs'));
    await expect
      .poll(() => ended('files.write', { path: 'workspace/a', text: '123456' }), { interval: 100 })
      .toEqual({ value: { bytes: 6 } });
  });

  test('with more than can be counted takes nothing more, and what makes it smaller', async () => {
    const { ended, place: at } = open({ files: 3 });
    for (const name of ['a', 'b', 'c', 'd', 'e']) writeFileSync(at.at(name), 'xx');
    expect(await ended('files.write', { path: 'workspace/a', text: 'xxx' })).toMatchObject({
      ...{ code: 'QUOTA_EXCEEDED', details: { files: null } },
    });
    expect(await ended('files.write', { path: 'workspace/a', text: 'x' })).toEqual({ value: { bytes: 1 } });
    expect(await ended('files.remove', { path: 'workspace/b' })).toEqual({ value: null });
  });

  test('loses what a crash left half written, and nothing else', async () => {
    const { ended, place: at } = open({ bytes: 10 });
    writeFileSync(at.at('.smcp-0011'), 'x'.repeat(10));
    writeFileSync(at.at('.smcp'), '');
    expect(await ended('files.write', { path: 'workspace/a', text: '1234567890' })).toEqual({ value: { bytes: 10 } });
    expect(readdirSync(at.at()).sort()).toEqual(['.smcp', 'a']);
  });
});

describe('writes at the same time', () => {
  const SIZE = 100;
  const texts = Array.from({ length: 50 }, (_, at) => ({ path: `workspace/f${at}`, text: 'x'.repeat(SIZE) }));
  const done = (ends: readonly Ended[]) => ends.filter((end) => 'value' in end).length;
  const bytesIn = (at: FilesPlace) => readdirSync(at.at()).reduce((sum, name) => sum + statSync(at.at(name)).size, 0);

  test('are never more than there is room for', async () => {
    const { ended, place: at } = open({ bytes: 10 * SIZE });
    const ends = await Promise.all(texts.map((params) => ended('files.write', params)));
    expect([done(ends), bytesIn(at)]).toEqual([10, 10 * SIZE]);
  });

  test('by two agents who share a workspace are not, either', async () => {
    const { ended, place: at } = open({ bytes: 10 * SIZE });
    const other = openSession(at.effect, { agent: 'hermes', workspace: 'athena' });
    const ends = await Promise.all(
      texts.map((params, index) => (index % 2 === 0 ? ended : other.ended)('files.write', params)),
    );
    expect([done(ends), bytesIn(at)]).toEqual([10, 10 * SIZE]);
  });

  test('would be more where each looks at the room by itself', async () => {
    const { place: at } = open({});
    const bytesMax = 10 * SIZE;
    const racing = async ({ path, text }: { readonly path: string; readonly text: string }) => {
      const held = bytesIn(at);
      await new Promise((resolve) => setImmediate(resolve));
      if (held + text.length <= bytesMax) writeFileSync(at.at(path.slice('workspace/'.length)), text);
    };
    await Promise.all(texts.map(racing));
    expect(bytesIn(at)).toBeGreaterThan(bytesMax);
  });
});
