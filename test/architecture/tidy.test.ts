import { describe, expect, test } from 'vitest';
import { checkEscapes } from './check-escapes.ts';
import { checkUnused, namesRead, stringsOf } from './check-names.ts';
import { checkTidy } from './check-tidy.ts';
import { parseSource } from './source-tree.ts';

const HEADER = '// Its job.\n';
const rules = (path: string, text: string) => checkTidy([parseSource(path, text)], []).map(({ rule }) => rule);
const lines = (count: number) =>
  Array.from({ length: count }, (_, index) => `export const a${index} = ${index};`).join('\n');
const longFunction = (count: number) => `export function f() {\n${'  f();\n'.repeat(count - 2)}}\n`;

test.each([
  `${HEADER}export const a = 1;\n`,
  `#!/usr/bin/env node\n${HEADER}export const a = 1;\n`,
  `${HEADER}export const TABLE = new Map([[1, 2]]);\n`,
  `${HEADER}const made = make({});\nfunction make(x: object) { let y = x; return y; }\n`,
  `${HEADER}declare let a: number;\n`,
  `${HEADER}${longFunction(70)}`,
  `${HEADER}export function createX() {\n  ${'function g() {\n'.concat('f();\n'.repeat(60), '}\n').repeat(2)}}\n`,
])('accepts a tidy file', (text) => {
  expect(rules('src/base/some-file.ts', text)).toEqual([]);
});

test.each([
  ['size', `${HEADER}${lines(300)}\n`],
  ['function', `${HEADER}${longFunction(71)}`],
  ['parameters', `${HEADER}export const f = (a: 1, b: 2, c: 3, d: 4, e: 5) => [a, b, c, d, e];\n`],
  ['header', 'export const a = 1;\n'],
  ['leftover', `${HEADER}export const a = 1; // ${'TO'}${'DO'} later\n`],
  ['state', `${HEADER}let count = 0;\nexport const next = () => count++;\n`],
  ['state', `${HEADER}export let count = 0;\n`],
  ['state', `${HEADER}const cache = new Map<string, string>();\nexport const get = () => cache;\n`],
  ['state', `${HEADER}const all: string[] = [];\nexport const get = () => all;\n`],
  ['import-time', `${HEADER}start();\nfunction start() {}\n`],
  ['import-time', `${HEADER}if (a) throw a;\n`],
  ['import-time', `${HEADER}await import('./x.ts');\n`],
  ['default-export', `${HEADER}export default 1;\n`],
  ['barrel', `${HEADER}export * from './a.ts';\nexport { b } from './b.ts';\n`],
])('finds what breaks the rule "%s"', (rule, text) => {
  expect(rules('src/base/some-file.ts', text)).toEqual([rule]);
});

test.each(['src/base/someFile.ts', 'src/base/some_file.ts', 'src/base/Some.ts'])('refuses the name %s', (path) => {
  expect(rules(path, `${HEADER}export const a = 1;\n`)).toEqual(['name']);
});

test('an exception covers one rule of one file, and is refused when nothing needs it', () => {
  const file = parseSource('src/base/a.ts', 'export const a = 1;\n');
  const exception = { path: 'src/base/a.ts', rule: 'header', why: 'a test' };
  expect(checkTidy([file], [exception])).toEqual([]);
  expect(checkTidy([file], [{ ...exception, path: 'src/base/b.ts' }]).map(({ rule }) => rule)).toEqual([
    'header',
    'exception',
  ]);
});

describe('a comment that switches a check off', () => {
  const directive = (tool: string) => `biome-${tool}`;
  const ignore = directive('ignore');
  const file = (...comments: readonly string[]) =>
    parseSource('src/base/a.ts', `${comments.join('\n')}\nexport const a = 1;\n`);
  const row = { path: 'src/base/a.ts', directive: `${ignore} lint/style/useConst`, count: 1, why: 'a test' };

  test.each([
    `// ${ignore} lint/style/useConst: x`,
    `// @ts-${'expect-error'} x`,
    `/* @ts-${'ignore'} */`,
    `// @ts-${'nocheck'}`,
  ])('is found: %s', (comment) => {
    expect(checkEscapes([file(comment)], [])).toHaveLength(1);
  });

  test('is allowed by its row as often as the row says', () => {
    const comment = `// ${ignore} lint/style/useConst: x`;
    expect(checkEscapes([file(comment)], [row])).toEqual([]);
    expect(checkEscapes([file(comment, comment)], [row])).toHaveLength(1);
    expect(checkEscapes([file(`// ${ignore} lint/style/useEnum: x`)], [row])).toHaveLength(2);
  });

  test('leaves a stale row when it is gone', () => {
    expect(checkEscapes([file('// nothing')], [row]).map(({ what }) => what)).toEqual([
      expect.stringContaining('1 more than there are'),
    ]);
  });
});

describe('a row of a table', () => {
  const user = parseSource('src/a.ts', "const { b } = TABLE;\nf(TABLE.a, TABLE['c'], OTHER.d, 'E');\n");

  test('counts as used when it is read in any of the usual ways', () => {
    expect([...namesRead([user], 'TABLE')].sort()).toEqual(['a', 'b', 'c']);
    expect([...stringsOf([user])]).toContain('E');
  });

  test('is found when nothing uses it', () => {
    expect(checkUnused('src/t.ts', ['a', 'd'], namesRead([user], 'TABLE')).map(({ what }) => what)).toEqual([
      'nothing uses d',
    ]);
  });
});
