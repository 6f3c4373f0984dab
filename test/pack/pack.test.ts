// The package as a user gets it: what `npm pack` makes of the tree, installed into an empty folder, run by npx.

import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { firstMinute, type Installation, runSmcp } from '#test/smoke/first-minute.ts';
import { removeFolder } from '#test/smoke/remove-folder.ts';

const ROOT = join(import.meta.dirname, '../..');
const INSTALL_MS_MAX = 540_000;

const work = mkdtempSync(join(tmpdir(), 'smcp-pack-'));
const source = join(work, 'source');
const user = join(work, 'user');
const installed = join(user, 'node_modules/smcp');

/** The environment of a user who has only npm: nothing of the npm script that runs this test, no Node of this tree. */
const env: NodeJS.ProcessEnv = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(npm_|SMCP_|NODE_|VITEST)/i.test(name))),
  PATH: (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter((folder) => !folder.startsWith(ROOT))
    .join(delimiter),
};

function npm(cwd: string, ...words: readonly string[]): SpawnSyncReturns<string> {
  const ended = spawnSync('npm', [...words], { cwd, env, encoding: 'utf8', timeout: INSTALL_MS_MAX });
  if (ended.status !== 0) throw new Error(`npm ${words.join(' ')} ended with ${ended.status}:\n${ended.stderr}`);
  return ended;
}

type Packed = {
  readonly filename: string;
  readonly files: readonly { readonly path: string; readonly mode: number }[];
};
let packed: Packed;

beforeAll(() => {
  const notPacked = new Set(['node_modules', '.git', '.smcp', 'coverage', 'test', 'bench']);
  mkdirSync(source);
  for (const name of readdirSync(ROOT)) {
    if (!notPacked.has(name)) cpSync(join(ROOT, name), join(source, name), { recursive: true });
  }
  const answer = JSON.parse(npm(source, 'pack', '--json').stdout) as
    | readonly Packed[]
    | { readonly [name: string]: Packed };
  const [first] = Object.values(answer) as readonly Packed[];
  if (first === undefined) throw new Error('npm pack made nothing');
  packed = first;
  mkdirSync(user);
  writeFileSync(join(user, 'package.json'), '{ "private": true }\n');
  npm(user, 'install', '--prefer-offline', '--no-audit', '--no-fund', join(source, packed.filename));
});

afterAll(() => removeFolder(work));

describe('the tarball', () => {
  test('holds what runs, and what tells about it', () => {
    const paths = packed.files.map(({ path }) => path);
    expect(paths).toEqual(
      expect.arrayContaining(['LICENSE', 'README.md', 'SECURITY.md', 'package.json', 'src/smcp.js']),
    );
    for (const folder of ['src/', 'sandbox/', 'plugins/', 'schemas/', 'docs/']) {
      expect(paths.some((path) => path.startsWith(folder))).toBe(true);
    }
  });

  test('holds no tests (the expectations of a policy are an example), settings of development or homes', () => {
    const unwanted = packed.files.filter(({ path }) =>
      /(^|\/)(test|bench|\.ci|\.smcp|node_modules)\/|\.test\.[jt]s$|tsconfig|biome|vitest/.test(path),
    );
    // Expectations of the worked policies are documents; the guest's settings are handed to authors of plugins.
    const isWanted = (path: string) => /^docs\/examples\/|sandbox\/guest\/tsconfig\.json$/.test(path);
    expect(unwanted.map(({ path }) => path).filter((path) => !isWanted(path))).toEqual([]);
  });

  test('holds each file byte for byte as the tree does', () => {
    const changed = packed.files.filter(
      ({ path }) => !readFileSync(join(installed, path)).equals(readFileSync(join(ROOT, path))),
    );
    expect(changed).toEqual([]);
  });
});

describe('the installed package', () => {
  const npx: Installation = { program: 'npx', words: ['smcp'], cwd: user, env };

  test('runs by npx on the Node that came with it, and Node says nothing about types', () => {
    const help = runSmcp(npx, ['--help']);
    // npm itself may have something to say about its settings.
    const stderr = help.stderr.split('\n').filter((line) => line !== '' && !line.startsWith('npm '));
    expect({ status: help.status, stderr }).toEqual({ status: 0, stderr: [] });
    expect(help.stdout).toContain('serve');
  });

  test('serves, runs a call in the sandbox, records it and stops', async () => {
    const path = `${join(user, 'node_modules/.bin')}${delimiter}${env['PATH']}`;
    const bin = { program: join(user, 'node_modules/.bin/smcp'), words: [], cwd: user, env: { ...env, PATH: path } };
    await expect(firstMinute(bin)).resolves.toBeUndefined();
  });

  test('says on an older Node what is wrong and what to do, and runs nothing', () => {
    // A stand-in for an old Node: the same file, told that it is one.
    const old = spawnSync(
      process.execPath,
      [
        '--import',
        `data:text/javascript,Object.defineProperty(process.versions,'node',{value:'20.20.2'})`,
        join(installed, 'src/smcp.js'),
        'serve',
      ],
      { cwd: user, env, encoding: 'utf8' },
    );
    expect(old).toMatchObject({ status: 3, stdout: '' });
    expect(old.stderr).toMatch(/^NODE_UNSUPPORTED: smcp needs Node 24\.15 or later.*\n.*npx/);
  });
});

test('npx runs the command in a clone, too', () => {
  const help = runSmcp({ program: 'npx', words: ['smcp'], cwd: ROOT, env }, ['--help']);
  expect(help.stdout).toContain('serve');
  expect(help.status).toBe(0);
});

test('the oldest Node that the bin takes is the one that package.json names', () => {
  const { engines } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { engines: { node: string } };
  const [, major, minor] =
    /const oldestNode = \[(\d+), (\d+)\]/.exec(readFileSync(join(ROOT, 'src/smcp.js'), 'utf8')) ?? [];
  expect(engines.node).toBe(`>=${major}.${minor}`);
});
