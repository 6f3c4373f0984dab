// The project itself, held against its tables. That each check finds what it looks for is tested beside it.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ERRORS } from '#base/error-table.ts';
import { LIMITS } from '#base/limits.ts';
import { checkEscapes } from './check-escapes.ts';
import { checkLayers, type ImportMap } from './check-layers.ts';
import { checkUnused, namesRead, stringsOf } from './check-names.ts';
import { checkOwners, type PackageJson } from './check-owners.ts';
import { checkTidy } from './check-tidy.ts';
import { checkVerifier } from './check-verifier.ts';
import { ESCAPES, TIDY_EXCEPTIONS } from './escapes.ts';
import { AREAS } from './layers.ts';
import { OWNERS, TOOLS } from './owners.ts';
import { describeViolation, ROOT, readSources, type Violation } from './source-tree.ts';

const files = readSources();
const shipped = files.filter(({ path }) => /^(src|sandbox)\//.test(path));
const readText = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const manifest = JSON.parse(readText('package.json')) as PackageJson & { readonly imports: ImportMap };

const expectNone = (violations: readonly Violation[]): void => {
  expect(violations.map(describeViolation)).toEqual([]);
};

describe('every file of the project', () => {
  test('is read: the checks below look at something', () => {
    expect(shipped.length).toBeGreaterThan(20);
  });

  test('imports only what the layer table allows', () => {
    expectNone(checkLayers(files, AREAS, manifest.imports));
  });

  test('imports third-party packages only where their owner lives', () => {
    const tools = TOOLS.map(({ name }) => name);
    expectNone(checkOwners({ files, owners: OWNERS, tools, manifest }));
  });

  test('is tidy', () => {
    expectNone(checkTidy(files, TIDY_EXCEPTIONS));
  });

  test('switches a check off only where the list of escapes says why', () => {
    expectNone(checkEscapes(files, ESCAPES));
  });
});

test('the verifier reaches nothing that signs', () => {
  expect(files.some(({ path }) => path.startsWith('src/provenance/verify'))).toBe(true);
  expectNone(checkVerifier(files, 'src/provenance/verify', manifest.imports));
});

test('every bound is used', () => {
  // A schema can't import: what it bounds is held to LIMITS by its test.
  const readers = [...shipped, ...files.filter(({ path }) => path.startsWith('test/schemas/'))];
  expectNone(checkUnused('src/base/limits.ts', Object.keys(LIMITS), namesRead(readers, 'LIMITS')));
});

test('every error code is used', () => {
  const others = shipped.filter(({ path }) => path !== 'src/base/error-table.ts');
  const inUse = new Set([...stringsOf(others), 'INTERNAL']);
  expectNone(checkUnused('src/base/error-table.ts', Object.keys(ERRORS), inUse));
});

test.each(TOOLS)('the package $name is used where the table says', ({ seenIn, text }) => {
  expect(readText(seenIn)).toContain(text);
});
