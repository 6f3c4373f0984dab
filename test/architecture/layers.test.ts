import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { areaOf, checkLayers } from './check-layers.ts';
import { checkVerifier } from './check-verifier.ts';
import { AREAS, SIDEWAYS } from './layers.ts';
import { parseSource, ROOT } from './source-tree.ts';

const MAP = { '#base/*': './src/base/*', '#domain/*': './src/domain/*', '#policy/*': './src/policy/*' };
const ALL = { ...MAP, '#sandbox/*': './sandbox/*', '#plugins/*': './plugins/*', '#provenance/*': './src/provenance/*' };

const wrongs = (path: string, text: string) =>
  checkLayers([parseSource(path, text)], AREAS, ALL).map(({ what }) => what);

describe('the layer table', () => {
  test('goes down only, but for the exceptions that it names', () => {
    const layerOf = (path: string) => Number(areaOf(path, AREAS)?.layer);
    const up = AREAS.filter(({ layer }) => layer !== 'outside').flatMap(({ path, layer, imports }) =>
      (imports === 'all' ? ['everything'] : imports)
        .filter((to) => !(layerOf(to) < Number(layer)))
        .map((to) => ({ from: path, to })),
    );
    expect(up).toEqual(SIDEWAYS.map(({ from, to }) => ({ from, to })));
  });

  test('names only what is there', () => {
    const named = AREAS.flatMap(({ path, imports, locates }) => [
      path,
      ...(imports === 'all' ? [] : imports),
      ...locates,
    ]);
    expect(named.filter((path) => path !== 'all' && !existsSync(join(ROOT, path)))).toEqual([]);
  });

  test('keeps the host away from the guest and from the code of plugins', () => {
    const host = AREAS.filter(({ path }) => path.startsWith('src/') || path === 'sandbox/host');
    const reach = host.flatMap(({ imports }) => imports);
    expect(reach).not.toContain('plugins');
    expect(reach).not.toContain('sandbox/guest');
    expect(reach).not.toContain('all');
  });
});

test.each([
  ['src/policy/decide.ts', "import { SmcpError } from '#base/errors.ts';"],
  ['src/policy/decide.ts', "import { match } from './match.ts';"],
  ['src/policy/decide.ts', 'export const f = (at: { now: number }) => ({ performance: at.now, process: f.fetch });'],
  ['src/gateway/server.ts', "import fastify from 'fastify';\nimport { createHash } from 'node:crypto';"],
  ['sandbox/host/runtime.ts', "const x = new URL('../warden/main.js', import.meta.url);"],
  ['test/base/x.test.ts', "import '#sandbox/guest/prelude.js';\nconst x = await import(name);"],
])('lets %s do %s', (path, text) => {
  expect(wrongs(path, text)).toEqual([]);
});

test.each([
  [
    'a feature imports another',
    'src/gateway/x.ts',
    "import { a } from '#policy/decide.ts';",
    'may not import src/policy',
  ],
  ['also for a type', 'src/gateway/x.ts', "import type { A } from '#policy/decide.ts';", 'may not import src/policy'],
  ['also late', 'src/gateway/x.ts', "await import('#policy/decide.ts');", 'may not import src/policy'],
  ['base imports up', 'src/base/x.ts', "export * from '#domain/ports.ts';", 'may not import src/domain'],
  ['../ gets round the map', 'src/base/x.ts', "import '../domain/ports.ts';", 'write #layer/file.ts'],
  ['a specifier is not in the map', 'src/base/x.ts', "import '#nowhere/x.ts';", 'not in the imports map'],
  ['domain uses Node', 'src/domain/x.ts', "import { readFileSync } from 'node:fs';", 'may not use node:fs'],
  ['domain reads the clock', 'src/domain/x.ts', 'export const f = () => Date.now();', 'not on Date.now'],
  ['a decision reads the environment', 'src/policy/decide.ts', 'export const f = () => process.env;', 'not on process'],
  ['the prefix node: is missing', 'src/base/x.ts', "import { hash } from 'crypto';", 'write node:crypto'],
  [
    'the host imports the guest',
    'sandbox/host/x.ts',
    "import '#sandbox/guest/prelude.js';",
    'may not import sandbox/guest',
  ],
  ['the host imports a plugin', 'src/app.ts', "import '#plugins/demo/index.js';", 'may not import plugins'],
  ['the warden imports the host', 'sandbox/warden/x.js', "import '#base/errors.ts';", 'may not import src/base'],
  [
    'a feature points at the guest',
    'src/broker/x.ts',
    "new URL('../../sandbox/guest/a.js', import.meta.url);",
    'point at',
  ],
  [
    'an import has a computed name',
    'src/base/x.ts',
    'export const f = (name: string) => import(name);',
    "can't be told",
  ],
  ['a require is made', 'src/base/x.ts', "import { createRequire } from 'node:module';", 'gets round the layers'],
  ['a file has no area', 'src/elsewhere/x.ts', 'export const a = 1;', 'no area of the layer table'],
])('finds it when %s', (_, path, text, expected) => {
  expect(wrongs(path, text)).toEqual([expect.stringContaining(expected)]);
});

describe('the verifier', () => {
  const verify = parseSource('src/provenance/verify/log.ts', "import { tree } from '#provenance/merkle.ts';");
  const entry = 'src/provenance/verify';

  test('is refused when what it imports can sign, and the way there is named', () => {
    const merkle = parseSource('src/provenance/merkle.ts', "import { a } from './signer.ts';");
    const signer = parseSource('src/provenance/signer.ts', "import { sign } from 'node:crypto';");
    const found = checkVerifier([verify, merkle, signer], entry, ALL);
    expect(found.map(({ path, what }) => `${path}: ${what}`)).toEqual([
      'src/provenance/signer.ts: can sign (sign of node:crypto): src/provenance/verify/log.ts → src/provenance/merkle.ts → src/provenance/signer.ts',
    ]);
  });

  test('is refused when it takes all of node:crypto, which would hide what it uses', () => {
    const file = parseSource('src/provenance/verify/a.ts', "import * as crypto from 'node:crypto';");
    expect(checkVerifier([file], entry, ALL)).toHaveLength(1);
  });

  test('may check signatures, and know the type of a signer', () => {
    const merkle = parseSource('src/provenance/merkle.ts', "import { hash, verify } from 'node:crypto';");
    const typed = parseSource('src/provenance/verify/b.ts', "import type { Signer } from '#provenance/signer.ts';");
    const signer = parseSource('src/provenance/signer.ts', "import { sign } from 'node:crypto';");
    expect(checkVerifier([verify, merkle, typed, signer], entry, ALL)).toEqual([]);
  });
});
