import { expect, test } from 'vitest';
import { referencesOf } from './references.ts';
import { parseSource } from './source-tree.ts';

const read = (text: string, path = 'src/base/x.ts') =>
  referencesOf(parseSource(path, text)).map(({ kind, specifier, names }) => ({ kind, specifier, names }));

test.each([
  ["import { a, b as c } from './x.ts';", 'code', './x.ts', ['a', 'b']],
  ["import './x.ts';", 'code', './x.ts', []],
  ["import x from 'p';", 'code', 'p', ['*']],
  ["import * as x from 'p/q';", 'code', 'p/q', ['*']],
  ["import { type A } from './x.ts';", 'code', './x.ts', ['A']],
  ["import type { A } from './x.ts';", 'type', './x.ts', ['A']],
  ["import x from './x.json' with { type: 'json' };", 'code', './x.json', ['*']],
  ["export { a } from './x.ts';", 'code', './x.ts', ['a']],
  ["export * from './x.ts';", 'code', './x.ts', ['*']],
  ["export type { A } from './x.ts';", 'type', './x.ts', ['A']],
  ["const x = await import('./x.ts');", 'code', './x.ts', ['*']],
  ['const x = await import(`./x.ts`);', 'code', './x.ts', ['*']],
  ["import x = require('p');", 'code', 'p', ['*']],
  ["const x = require('p');", 'code', 'p', ['*']],
  ["const x = require.resolve('p');", 'code', 'p', ['*']],
  ["let x: import('./x.ts').A;", 'type', './x.ts', ['*']],
  ["let x: typeof import('./x.ts');", 'type', './x.ts', ['*']],
  ["const x = new URL('../x.js', import.meta.url);", 'location', '../x.js', []],
  ["new Worker(new URL('./x.js', import.meta.url));", 'location', './x.js', []],
  ["const x = import.meta.resolve('#base/x.ts');", 'location', '#base/x.ts', []],
])('finds the reference in %s', (text, kind, specifier, names) => {
  expect(read(text)).toEqual([{ kind, specifier, names }]);
});

test.each([
  'const x = await import(name);',
  `const x = await import(\`./$${'{name}'}.ts\`);`,
  'const x = require(name);',
  'const x = new URL(name, import.meta.url);',
  'const x = import.meta.resolve(name);',
  'const x = import.meta.dirname;',
  'const x = import.meta.url;',
  "const x = new URL('./x.js', import.meta.dirname);",
  'const { dirname } = import.meta;',
])('says that %s can not be told by reading', (text) => {
  expect(read(text)).toContainEqual(expect.objectContaining({ kind: 'opaque' }));
});

test.each([
  "// import { a } from './x.ts';",
  'const x = "import(\'./x.ts\')";',
  "const x = new URL('https://host.example/');",
  'const x = import.meta.main;',
  'class A { constructor() { new.target; } }',
])('finds none in %s', (text) => {
  expect(read(text)).toEqual([]);
});

test('finds the types that a JavaScript file names in its comments', () => {
  const text = "/** @type {import('./a.ts').A} */\nconst x = 1;\n/** @import { B } from '#base/b.ts' */\n";
  expect(read(text, 'sandbox/warden/x.js')).toEqual([
    { kind: 'type', specifier: './a.ts', names: ['*'] },
    { kind: 'type', specifier: '#base/b.ts', names: ['*'] },
  ]);
});
