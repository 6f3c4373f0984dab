import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { type CallTool, loadBundled } from './bundled.ts';

const moduleOf = async <T>(file: string): Promise<T> =>
  (await import(pathToFileURL(join(import.meta.dirname, '../../plugins/demo_text', file)).href)) as T;

let call: CallTool;
beforeAll(async () => {
  call = (await loadBundled('demo_text')).call;
});

test('demo_text has the tools that its manifest names, and asks for nothing', async () => {
  const { names, manifest } = await loadBundled('demo_text');
  expect(names).toEqual(['echo', 'word_count', 'slugify', 'hash_preview']);
  expect(manifest.tools.map(({ name }) => name)).toEqual(names);
  expect(manifest.capabilities).toBeUndefined();
});

describe('echo', () => {
  test.each([
    [{ message: 'hello' }, 'hello'],
    [{ message: ' a\nb ' }, ' a\nb '],
    [{ message: 'm', prefix: 'p' }, 'p: m'],
    [{ message: 'm', prefix: '  two words\u0085' }, 'two words: m'],
    [{ message: 'm', prefix: ' \t\u00a0\u001c' }, 'm'],
    [{ message: 'm', prefix: '' }, 'm'],
    [{ message: '' }, ''],
  ])('of %j is %j', async (args, output) => {
    expect(await call('echo', args)).toEqual({ ok: true, output });
  });

  test.each([{}, { message: 1 }, { message: 'm', prefix: null }, { message: 'x'.repeat(100_001) }])(
    'takes no %.40j',
    async (args) => {
      await expect(call('echo', args)).rejects.toThrow('arguments');
    },
  );
});

describe('word_count', () => {
  test.each([
    ['', 0, 0],
    ['   ', 0, 3],
    ['one', 1, 3],
    [' two  words\n', 2, 12],
    ['a\u0085b\u001cc\u2028d\u3000e', 5, 9],
    ['a\ufeffb', 1, 3],
    ['😀 😀', 2, 3],
    ['e\u0301', 1, 2],
  ])('finds in %j %d words and %d characters', async (text, words, characters) => {
    expect(await call('word_count', { text })).toEqual({ ok: true, words, characters });
  });

  test('finds as many words as were joined by white space', async () => {
    const word = fc.stringMatching(/^[a-zé😀.,-]{1,8}$/u);
    const space = fc.constantFrom(' ', '\t', '\n', '\u00a0', '  ');
    await fc.assert(
      fc.asyncProperty(fc.array(word), space, async (words, separator) => {
        expect(await call('word_count', { text: words.join(separator) })).toMatchObject({ words: words.length });
      }),
    );
  });
});

describe('slugify', () => {
  test.each([
    ['Hello, World!', 'hello-world'],
    ['  --Already--Slugged--  ', 'already-slugged'],
    ['Olá Mundo 2', 'ol-mundo-2'],
    ['C++ & C#', 'c-c'],
    ['日本語', 'untitled'],
    ['', 'untitled'],
    ['\u212aelvin', 'kelvin'],
  ])('of %j is %s', async (title, slug) => {
    expect(await call('slugify', { title })).toEqual({ ok: true, slug });
  });

  test('is a slug, and the slug of a slug is the slug', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary' }), async (title) => {
        const { slug } = (await call('slugify', { title })) as { slug: string };
        expect(slug).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
        expect(await call('slugify', { title: slug })).toEqual({ ok: true, slug });
      }),
    );
  });
});

describe('hash_preview', () => {
  test.each([
    ['', 'e3b0c44298fc1c14'],
    ['abc', 'ba7816bf8f01cfea'],
    ['abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq', '248d6a61d20638b8'],
  ])('of %j is the value of FIPS 180', async (text, preview) => {
    expect(await call('hash_preview', { text })).toEqual({ ok: true, sha256_preview: preview, algorithm: 'sha256' });
  });

  test('takes a text of the full length', async () => {
    const text = '😀'.repeat(50_000);
    const expected = createHash('sha256').update(text).digest('hex').slice(0, 16);
    expect(await call('hash_preview', { text })).toMatchObject({ sha256_preview: expected });
  });
});

describe('the plain JavaScript below it', () => {
  test('hashes any bytes as node:crypto does, around every padding', async () => {
    const { sha256Hex } = await moduleOf<{ sha256Hex: (bytes: Uint8Array) => string }>('sha256.js');
    for (let length = 0; length <= 130; length++) {
      const bytes = new Uint8Array(length).fill(length);
      expect(sha256Hex(bytes)).toBe(createHash('sha256').update(bytes).digest('hex'));
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(sha256Hex(bytes)).toBe(createHash('sha256').update(bytes).digest('hex'));
      }),
    );
  });

  test('encodes any text as TextEncoder does, halves of pairs included', async () => {
    const { utf8Bytes } = await moduleOf<{ utf8Bytes: (text: string) => Uint8Array }>('utf8.js');
    fc.assert(
      fc.property(fc.array(fc.nat(0xffff)), (units) => {
        const text = String.fromCharCode(...units);
        expect(utf8Bytes(text)).toEqual(new TextEncoder().encode(text));
      }),
    );
    expect([...utf8Bytes('\u007f\u0080\u07ff\u0800\uffff\u{10000}\u{10ffff}\ud800')]).toEqual([
      ...new TextEncoder().encode('\u007f\u0080\u07ff\u0800\uffff\u{10000}\u{10ffff}\ufffd'),
    ]);
  });
});
