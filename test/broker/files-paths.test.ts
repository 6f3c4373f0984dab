import { readFileSync, statSync } from 'node:fs';
import { join, sep } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LIMITS } from '#base/limits.ts';
import { isAtOrBelow } from '#domain/narrow.ts';
import { isWorkspaceFileName, readWorkspacePath } from '#domain/workspace-path.ts';
import { filesSpellings, type Spelling } from './corpus/files-spellings.ts';
import { type FilesPlace, openPlace, openSession } from './files-world.ts';

const CORPUS = readFileSync(join(import.meta.dirname, 'corpus/files.jsonl'), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line) as Spelling);
const hostile = CORPUS.filter(({ isHarmless }) => !isHarmless).map(({ path }) => path);
const harmless = CORPUS.filter(({ isHarmless }) => isHarmless).map(({ path }) => path);

let place: FilesPlace;
beforeAll(() => {
  place = openPlace();
});
afterAll(() => place[Symbol.dispose]());

describe('the corpus of spellings', () => {
  test('is what its generator makes, and large', () => {
    expect([...filesSpellings()]).toEqual(CORPUS);
    expect(CORPUS.length).toBeGreaterThan(5_000);
    expect(harmless.length).toBeGreaterThan(200);
  });

  test('has no spelling by which a call gets out of the workspace: each is refused before anything is opened', async () => {
    const through: string[] = [];
    // Reading anything is given: what is refused here is refused for what it is.
    for (let from = 0; from < hostile.length; from += LIMITS.hostCallsMax) {
      const { ended, used } = openSession(place.effect);
      for (const path of hostile.slice(from, from + LIMITS.hostCallsMax)) {
        const end = await ended('files.stat', { path });
        if (!('code' in end) || !/^(REQUEST_INVALID|CAPABILITY_DENIED)$/.test(end.code)) through.push(path);
      }
      expect(used()).toEqual([]);
    }
    expect(through).toEqual([]);
  });

  test('has harmless spellings, each of which names a file of the workspace and no other', async () => {
    const { ended } = openSession(place.effect);
    for (const path of harmless) {
      expect([path, await ended('files.stat', { path })]).toEqual([
        path,
        expect.objectContaining({ code: 'NOT_FOUND' }),
      ]);
    }
    const shallow = harmless.filter((path) => path.split('/').length === 2);
    for (const path of shallow) {
      expect(await ended('files.write', { path, text: path })).toEqual({ value: { bytes: Buffer.byteLength(path) } });
      expect(statSync(place.at(path.slice('workspace/'.length))).isFile()).toBe(true);
    }
    const { value } = (await ended('files.list', {})) as { value: { entries: readonly { name: string }[] } };
    expect(value.entries.map(({ name }) => `workspace/${name}`).sort()).toEqual(shallow.toSorted());
  });

  test('gets out of a workspace by a share of its spellings where a path is only joined', () => {
    const root = '/srv/workspaces/athena';
    const isOut = (path: string): boolean => {
      const joined = join(root, path.replace(/^workspace[\\/]/, '').replaceAll('\\', '/'));
      return joined !== root && !joined.startsWith(`${root}${sep}`);
    };
    expect(hostile.filter(isOut).length / hostile.length).toBeGreaterThan(0.2);
    expect(harmless.filter(isOut)).toEqual([]);
  });
});

describe('a path that is taken', () => {
  const signs = fc.constantFrom(
    '.',
    '..',
    '/',
    '\\',
    'a',
    'é',
    'e\u0301',
    ' ',
    '\0',
    '\u202e',
    'workspace',
    '%2e',
    '~',
    '\n',
  );
  const path = fc.array(signs, { maxLength: 12 }).map((parts) => `workspace/${parts.join('')}`);

  test('lies below the workspace by any reading, and is its own only spelling', () => {
    fc.assert(
      fc.property(path, (text) => {
        const reading = readWorkspacePath(text);
        fc.pre(reading.kind === 'path');
        const { names } = reading.path;
        expect(['workspace', ...names].join('/')).toBe(text);
        expect(join('/', text)).toBe(`/${text}`);
        expect(text.normalize('NFC')).toBe(text);
        for (const name of names) expect(isWorkspaceFileName(name)).toBe(true);
        expect(isAtOrBelow(text, 'workspace')).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  test('has at most so many names, and so many bytes', () => {
    const of = (count: number) => readWorkspacePath(['workspace', ...Array(count).fill('a')].join('/')).kind;
    expect([of(LIMITS.filePathDepthMax), of(LIMITS.filePathDepthMax + 1)]).toEqual(['path', 'unwritable']);
    const long = `workspace/${'x'.repeat(250)}/${'x'.repeat(250)}/${'x'.repeat(250)}/${'x'.repeat(250)}`;
    expect(Buffer.byteLength(long)).toBeLessThan(LIMITS.filePathBytesMax);
    expect(readWorkspacePath(long).kind).toBe('path');
    expect(readWorkspacePath(`${long}/${'x'.repeat(20)}`).kind).toBe('unwritable');
  });
});
