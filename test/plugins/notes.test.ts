import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import type { JsonObject } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import { type CallOptions, type StartedPlugin, startPlugin } from '#sandbox/harness/start-plugin.ts';
import { attackTools } from '#sandbox/harness/try-tools.ts';
import type { World } from '#sandbox/harness/world.ts';

const DIRECTORY = join(import.meta.dirname, '../../plugins/notes');

let plugin: StartedPlugin | undefined;
afterEach(() => plugin?.close());

/** The plugin in the real sandbox, with a made-up workspace. `ask` gives a tool's value, or the code that it ended with. */
async function open(world: World = {}) {
  const started = await startPlugin(DIRECTORY, { world });
  plugin = started;
  const ask = async (tool: string, args: JsonObject = {}, options: CallOptions = {}): Promise<unknown> => {
    const call = await started.call(tool, args, options);
    return call.ok ? call.value : call.error.code;
  };
  return { ask, started };
}

describe('a note', () => {
  test('is written as a Markdown file, read, added to and removed', async () => {
    const { ask, started } = await open();
    expect(await ask('write', { name: 'projects/alpha', text: '# Alpha', tags: ['Work', 'a'] })).toEqual({
      ...{ name: 'projects/alpha', bytes: 7, tags: ['a', 'work'] },
    });
    expect(await ask('append', { name: 'projects/alpha', text: 'more\n' })).toEqual({
      name: 'projects/alpha',
      bytes: 13,
    });
    expect(await ask('append', { name: 'projects/alpha', text: 'and more' })).toMatchObject({ bytes: 21 });
    expect(await ask('append', { name: 'new', text: 'x' })).toEqual({ name: 'new', bytes: 1 });
    expect(started.files()).toEqual({
      'workspace/notes/projects/alpha.md': '# Alpha\nmore\nand more',
      'workspace/notes/new.md': 'x',
    });
    expect(await ask('read', { name: 'projects/alpha' })).toEqual({
      ...{ name: 'projects/alpha', text: '# Alpha\nmore\nand more', tags: ['a', 'work'], bytes: 21 },
    });
    expect(await ask('remove', { name: 'new' })).toEqual({ name: 'new' });
    expect([await ask('read', { name: 'new' }), await ask('remove', { name: 'new' })]).toEqual([
      'NOT_FOUND',
      'NOT_FOUND',
    ]);
  });

  test('is written over unless it has to be new, and keeps its tags unless others are given', async () => {
    const { ask } = await open();
    await ask('write', { name: 'n', text: 'one', tags: ['a', 'b'] });
    expect(await ask('write', { name: 'n', text: 'two', onlyNew: true })).toBe('FILE_EXISTS');
    expect(await ask('write', { name: 'n', text: 'three' })).toMatchObject({ tags: ['a', 'b'] });
    expect(await ask('write', { name: 'n', text: 'four', tags: ['b', 'c'] })).toMatchObject({ tags: ['b', 'c'] });
    const tagged = async (tag: string) => ((await ask('list', { tag })) as { notes: object[] }).notes.length;
    expect([await tagged('a'), await tagged('B'), await tagged('c')]).toEqual([0, 1, 1]);
    await ask('write', { name: 'n', text: 'five', tags: [] });
    expect(await ask('read', { name: 'n' })).toMatchObject({ text: 'five', tags: [] });
  });

  test('that is long is read in pieces that make the whole', async () => {
    const text = `${'é'.repeat(20_000)}😀`;
    const { ask } = await open({ files: { 'workspace/notes/long.md': text.repeat(20) } });
    let read = '';
    for (let next: number | undefined = 0; next !== undefined; ) {
      const piece = (await ask('read', { name: 'long', offset: next })) as { text: string; next?: number };
      read += piece.text;
      next = piece.next;
    }
    expect(read).toBe(text.repeat(20));
  });

  test('grows to its bound and not beyond', async () => {
    const { ask } = await open({ files: { 'workspace/notes/n.md': 'x'.repeat(256 * 1024 - 3) } });
    expect(await ask('append', { name: 'n', text: 'xy' })).toMatchObject({ bytes: 256 * 1024 });
    expect(await ask('append', { name: 'n', text: 'x' })).toBe('TOOL_FAILED');
    expect(await ask('append', { name: 'other', text: 'x'.repeat(50_001) })).toBe('ARGUMENTS_INVALID');
  });

  test('has one name in whatever form it is written', async () => {
    const { ask, started } = await open();
    await ask('write', { name: 'cafe\u0301', text: 'x' });
    expect(Object.keys(started.files())).toEqual(['workspace/notes/caf\u00e9.md']);
    expect(await ask('read', { name: 'caf\u00e9' })).toMatchObject({ text: 'x' });
  });
});

describe('notes', () => {
  const files = {
    'workspace/notes/b.md': 'two\nlines with Été in them',
    'workspace/notes/a/c.md': 'a.c\nabc',
    'workspace/notes/a/deep/d.md': 'x',
    'workspace/notes/other.txt': 'no note',
    'workspace/elsewhere.md': 'été',
  };

  test('are listed by name, also those that a person put there, and only they', async () => {
    const { ask } = await open({ files });
    expect(await ask('list')).toEqual({
      notes: [
        { name: 'a/c', bytes: 7, tags: [] },
        { name: 'a/deep/d', bytes: 1, tags: [] },
        { name: 'b', bytes: 28, tags: [] },
      ],
      isCut: false,
    });
    expect(await ask('list', { after: 'a/c' })).toMatchObject({ notes: [{ name: 'a/deep/d' }, { name: 'b' }] });
    expect(await (await open()).ask('list')).toEqual({ notes: [], isCut: false });
  });

  test('are listed a page at a time', async () => {
    const many = Array.from({ length: 250 }, (_, at) => [`workspace/notes/n${String(at).padStart(3, '0')}.md`, '']);
    const { ask } = await open({ files: Object.fromEntries(many) });
    const first = (await ask('list')) as { notes: { name: string }[]; isCut: boolean };
    expect([first.notes.length, first.isCut]).toEqual([200, true]);
    const rest = (await ask('list', { after: first.notes.at(-1)?.name ?? '' })) as typeof first;
    expect([rest.notes.length, rest.isCut]).toEqual([50, false]);
  });

  test('are searched for words as they are, in any case, with the lines that hold them', async () => {
    const { ask } = await open({ files });
    expect(await ask('search', { words: 'été' })).toEqual({
      ...{ matches: [{ name: 'b', line: 2, text: 'lines with Été in them' }], isCut: false },
    });
    expect(await ask('search', { words: 'a.c' })).toMatchObject({ matches: [{ name: 'a/c', line: 1 }] });
    expect(await ask('search', { words: '.*' })).toEqual({ matches: [], isCut: false });
    await ask('write', { name: 'tagged', text: 'abc', tags: ['t'] });
    expect(await ask('search', { words: 'abc', tag: 't' })).toMatchObject({ matches: [{ name: 'tagged' }] });
  });

  test('with more matches than are shown say so, and lines are cut', async () => {
    const { ask } = await open({ files: { 'workspace/notes/n.md': `${'x'.repeat(400)}\n`.repeat(150) } });
    const found = (await ask('search', { words: 'x' })) as { matches: { text: string }[]; isCut: boolean };
    expect([found.matches.length, found.matches[0]?.text.length, found.isCut]).toEqual([100, 300, true]);
  });

  test('of two agents are apart, tags too', async () => {
    const { ask } = await open();
    await ask('write', { name: 'n', text: 'mine', tags: ['t'] }, { agent: 'athena' });
    expect(await ask('read', { name: 'n' }, { agent: 'hermes' })).toBe('NOT_FOUND');
    expect(await ask('list', { tag: 't' }, { agent: 'hermes' })).toEqual({ notes: [], isCut: false });
  });

  test('can be given to be read only', async () => {
    const { ask } = await open({ files });
    const grant = {
      files: [{ path: 'workspace/notes', access: 'read' }],
      store: { bytesMax: 100, access: 'read' },
    } as const;
    expect(await ask('read', { name: 'b' }, { grant })).toMatchObject({ bytes: 28 });
    expect(await ask('write', { name: 'b', text: 'x' }, { grant })).toBe('CAPABILITY_DENIED');
    expect(await ask('remove', { name: 'b' }, { grant })).toBe('CAPABILITY_DENIED');
  });
});

describe('under attack', () => {
  test.each([
    '../secret',
    'a/../../secret',
    '/etc/passwd',
    '..',
    'a//b',
    'a\\b',
    'a\0b',
    'a\nb',
    '.hidden',
    'a/.smcp-1',
    'a.',
    'a ',
    ' a',
    '\u202ea',
    '',
    'x'.repeat(81),
  ])('a name that is none is refused before the plugin runs: %j', async (name) => {
    const { started } = await open({ files: { 'workspace/secret.md': 'no' } });
    for (const [tool, more] of [
      ['read', {}],
      ['write', { text: 'x' }],
      ['append', { text: 'x' }],
      ['remove', {}],
    ] as const) {
      expect(await started.call(tool, { name, ...more })).toMatchObject({ error: { code: 'ARGUMENTS_INVALID' } });
    }
    expect(started.files()).toEqual({ 'workspace/secret.md': 'no' });
  });

  test('no hostile arguments crash a tool, hold it up, or lead it to what it was not given', async () => {
    const { started } = await open();
    const { trials, findings } = await attackTools(started);
    expect(findings).toEqual([]);
    expect(trials.map(({ tool }) => tool).sort()).toEqual(['append', 'list', 'read', 'remove', 'search', 'write']);
    expect(trials.every(({ denied }) => denied === 0)).toBe(true);
    expect(Object.keys(started.files()).every((path) => path.startsWith('workspace/notes/'))).toBe(true);
  });

  test('texts and tags that look like keys, code or escapes are texts and tags', async () => {
    const { ask } = await open();
    const text = '__proto__ \u0000 \u001b[2J <script> #{x} ```\n---\n{{template}}';
    await ask('write', { name: 'constructor', text, tags: ['constructor', 'tag', 'of'] });
    expect(await ask('read', { name: 'constructor' })).toMatchObject({ text, tags: ['constructor', 'of', 'tag'] });
    expect(await ask('list', { tag: 'constructor' })).toMatchObject({ notes: [{ name: 'constructor' }] });
    expect(await ask('list', { tag: 'a/b' })).toBe('ARGUMENTS_INVALID');
  });

  test('files that are no text are passed over in a search, and refused when read', async () => {
    const { ask } = await open({
      files: { 'workspace/notes/bytes.md': { base64: '/w==' }, 'workspace/notes/n.md': 'found' },
    });
    expect(await ask('search', { words: 'found' })).toMatchObject({ matches: [{ name: 'n' }] });
    expect(await ask('read', { name: 'bytes' })).toBe('REQUEST_INVALID');
  });

  test('a note for which the workspace has no room is refused', async () => {
    const names = Array.from({ length: LIMITS.workspaceFilesDefault }, (_, at) => [`workspace/f${at}`, '']);
    const { ask } = await open({ files: Object.fromEntries(names) });
    expect(await ask('write', { name: 'n', text: 'x' })).toBe('QUOTA_EXCEEDED');
  });
});
