import { expect, test } from 'vitest';
import { checkOwners, type PackageJson } from './check-owners.ts';
import { OWNERS } from './owners.ts';
import { parseSource } from './source-tree.ts';

const OWNED = [
  { name: 'ajv', owners: ['src/base'], filesMax: 1 },
  { name: '@scope/server', owners: ['src/gateway'] },
  { name: 'vitest', owners: ['test'] },
];
const MANIFEST = { dependencies: { ajv: '8.20.0', '@scope/server': '2.4.0' }, devDependencies: { vitest: '5.1.1' } };
const SOUND = {
  'src/base/schema.ts': "import { Ajv2020 } from 'ajv/dist/2020.js';",
  'src/gateway/mcp.ts': "import { Server } from '@scope/server';",
  'test/base/x.test.ts': "import { test } from 'vitest';",
};

const wrongs = (sources: Record<string, string>, manifest: PackageJson = MANIFEST, tools: readonly string[] = []) => {
  const files = Object.entries({ ...SOUND, ...sources }).map(([path, text]) => parseSource(path, text));
  return checkOwners({ files, owners: OWNED, tools, manifest }).map(({ path, what }) => `${path}: ${what}`);
};

test('accepts packages in their owners, and tools that nobody imports', () => {
  expect(wrongs({})).toEqual([]);
  expect(wrongs({}, { ...MANIFEST, optionalDependencies: { tool: '1.0.0' } }, ['tool'])).toEqual([]);
});

test.each([
  ['src/gateway/x.ts', "import type { Ajv2020 } from 'ajv/dist/2020.js';", 'ajv belongs to src/base'],
  ['src/policy/x.ts', "await import('@scope/server/node');", '@scope/server belongs to src/gateway'],
  ['src/base/x.ts', "import x from 'left-pad';", 'left-pad has no owner'],
  ['src/base/x.ts', "import { test } from 'vitest';", 'vitest belongs to test'],
  ['src/base/x.ts', "import 'ajv';", 'ajv may be imported by 1 file only'],
])('finds it when %s has %s', (path, text, expected) => {
  expect(wrongs({ [path]: text })).toContainEqual(expect.stringContaining(expected));
});

test('finds a dependency that nobody imports', () => {
  const manifest = { ...MANIFEST, dependencies: { ...MANIFEST.dependencies, idle: '1.0.0' } };
  expect(wrongs({}, manifest)).toEqual(['package.json: nobody imports idle']);
});

test.each(['^8.20.0', '~8.20.0', '8', 'latest', '>=8.20.0', 'file:../ajv'])('refuses %s as a version', (version) => {
  const manifest = { ...MANIFEST, dependencies: { ...MANIFEST.dependencies, ajv: version } };
  expect(wrongs({}, manifest)).toEqual([expect.stringContaining('ajv must be pinned exactly')]);
});

test('finds a package that ships but is listed for development only', () => {
  const manifest = { dependencies: { '@scope/server': '2.4.0' }, devDependencies: { ajv: '8.20.0', vitest: '5.1.1' } };
  expect(wrongs({}, manifest)).toContainEqual(expect.stringContaining('ajv is not in package.json under dependencies'));
});

test('no owner of the real table may be everybody', () => {
  expect(OWNERS.filter(({ owners }) => owners.some((owner) => ['', '.', 'src', 'sandbox'].includes(owner)))).toEqual(
    [],
  );
});
