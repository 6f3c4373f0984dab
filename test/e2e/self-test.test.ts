// The self-test of a whole server: it leaves no record, and a server whose check of tokens was broken from outside serves nobody.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { smcp, startServer, temporaryFolder } from './server.ts';

const folder = temporaryFolder();
afterAll(folder.remove);

/** What an attacker who may set NODE_OPTIONS would do: every token equals every other. */
const BREAK_TOKENS = `import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
crypto.timingSafeEqual = () => true;
syncBuiltinESMExports();
`;

const preloadIn = (name: string, text: string): { readonly NODE_OPTIONS: string } => {
  mkdirSync(join(folder.path, name));
  const file = join(folder.path, name, 'preload.mjs');
  writeFileSync(file, text);
  return { NODE_OPTIONS: `--import ${file}` };
};

test('a server that would take any token does not start: exit code 3, with what let it through', async () => {
  const home = join(folder.path, 'broken');
  const { code, stderr, stdout } = await smcp(
    ['serve', '--json', '--port', '0', '--home', home],
    preloadIn('breaks', BREAK_TOKENS),
  );
  expect(code).toBe(3);
  expect(stdout).toBe('');
  expect(stderr).toContain('SELF_TEST_FAILED');
  expect(stderr).toContain('an invented token');
  // Nothing tells a client of a server, and the home is free again.
  expect(existsSync(join(home, 'server.json'))).toBe(false);
  const mended = await startServer(home);
  expect(await mended.stop()).toBe(0);
});

test('a server whose doors hold starts, with the same preload that breaks nothing, and the log has no record of the test', async () => {
  const server = await startServer(join(folder.path, 'sound'), [], preloadIn('harmless', 'export {};\n'));
  const records = (await server.json('log', 'tail')) as readonly { readonly record: { predicate: object } }[];
  expect(records.length).toBeGreaterThan(0);
  expect(records.filter(({ record }) => 'door' in record.predicate)).toEqual([]);
  expect(await server.json('status')).toMatchObject({ calls: 0, callsUnderWay: 0 });
  const agents = (await server.json('agent', 'list')) as readonly { readonly name: string }[];
  expect(agents.map(({ name }) => name)).toEqual(['demo']);
  expect(await server.stop()).toBe(0);
});

test('a server starts with what a person left in force that refuses everybody: a freeze, and a deny for all', async () => {
  const home = join(folder.path, 'frozen');
  const first = await startServer(home);
  await first.smcp('freeze');
  expect(await first.stop()).toBe(0);
  const policy = join(home, 'policy.yaml');
  writeFileSync(policy, `${readFileSync(policy, 'utf8')}\ndeny:\n  - tools: ["*", "smcp__*"]\n`, { mode: 0o600 });
  const frozen = await startServer(home);
  await frozen.smcp('unfreeze');
  expect(await frozen.stop()).toBe(0);
  const denied = await startServer(home);
  expect(await denied.stop()).toBe(0);
});
