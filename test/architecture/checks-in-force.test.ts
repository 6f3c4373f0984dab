// The layer and tidy tests lean on Biome, tsc and vitest for the rest: those must not be switched off in their settings.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from './source-tree.ts';

type Tree = { readonly [key: string]: Tree | string | boolean };

const readJson = (path: string): Tree => JSON.parse(readFileSync(join(ROOT, path), 'utf8')) as Tree;

/** Paths of a JSON tree's leaves with their values, as `a.b: value`. */
const leaves = (tree: Tree | string | boolean, path = ''): readonly string[] =>
  typeof tree === 'object'
    ? Object.entries(tree).flatMap(([key, value]) => leaves(value, path === '' ? key : `${path}.${key}`))
    : [`${path}: ${tree}`];

test('Biome checks every file, with its recommended rules and ours, and one rule of style off', () => {
  const settings = readJson('biome.json');
  expect(Object.keys(settings)).not.toContain('overrides');
  expect(settings['files']).toEqual({ includes: ['**', '!package-lock.json'] });
  const rules = leaves((settings['linter'] as Tree)['rules'] as Tree);
  expect(rules.filter((rule) => !rule.endsWith(': error'))).toEqual(['complexity.useLiteralKeys: off']);
  expect(rules).toEqual(
    expect.arrayContaining([
      'style.noDefaultExport: error',
      'style.noNonNullAssertion: error',
      'style.noEnum: error',
      'style.noParameterProperties: error',
      'style.noNamespace: error',
      'suspicious.noExplicitAny: error',
    ]),
  );
});

test('tsc checks strictly, and only what Node can strip', () => {
  expect(readJson('tsconfig.json')['compilerOptions']).toMatchObject({
    strict: true,
    erasableSyntaxOnly: true,
    verbatimModuleSyntax: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
  });
  expect(readJson('tsconfig.json')['include']).toEqual(expect.arrayContaining(['src', 'test', 'sandbox/host']));
});

test('vitest refuses a test that asserts nothing', () => {
  expect(readFileSync(join(ROOT, 'vitest.config.ts'), 'utf8')).toContain('requireAssertions: true');
});

test('npm runs no code of a dependency', () => {
  expect(readFileSync(join(ROOT, '.npmrc'), 'utf8').split('\n')).toContain('ignore-scripts=true');
});
