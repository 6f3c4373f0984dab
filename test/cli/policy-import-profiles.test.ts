// smcp policy import-profiles as a person runs it: a file in, a policy out, and what is left out on standard error.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { COMMANDS } from '#cli/commands.ts';
import { runCommandLine } from '#cli/run-command.ts';
import { memoryTerminal } from './memory-terminal.ts';

const folder = mkdtempSync(join(tmpdir(), 'smcp-import-'));
const file = (name: string) => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true }));
const PROFILES =
  'default_profile: Reader\nprofiles:\n  Reader: { mode: glob, globs: ["*__read_*", "x__?"] }\n  admin: all\n';
writeFileSync(file('governor.yaml'), PROFILES);
writeFileSync(file('good.yaml'), PROFILES.replace(', "x__?"', ''));

async function smcp(...argv: readonly string[]) {
  const { terminal, written } = memoryTerminal({});
  const code = await runCommandLine(COMMANDS, ['policy', 'import-profiles', ...argv], { terminal, version: '1' });
  return { code, ...written };
}

const POLICY = [
  'version: 1',
  'roles:',
  '  # the profile "Reader"',
  '  "reader":',
  '    grants:',
  '      - tools: ["*__read_*"]',
  '  "admin":',
  '    grants:',
  '      - tools: ["*"]',
  'agents:',
  '  "athena": { roles: ["reader"] }',
  '',
].join('\n');

test('prints the policy, tells what it leaves out with line and column, and ends with 2 for that', async () => {
  const { code, out, err } = await smcp(file('governor.yaml'), '--agent', 'athena');
  expect([code, out]).toEqual([2, POLICY]);
  expect(err).toBe(
    `${file('governor.yaml')}:3:46: error: "x__?" has a sign that no pattern has here: * is the only one (name the tools, or write a pattern with * that matches them and no others)\n`,
  );
});

test('ends with 0 where all was carried over, and writes a file that was not there', async () => {
  const asked = [file('good.yaml'), '--agent', 'athena', '--out', file('policy.yaml')];
  expect(await smcp(...asked)).toMatchObject({ code: 0, out: `wrote ${file('policy.yaml')}\n`, err: '' });
  expect(readFileSync(file('policy.yaml'), 'utf8')).toBe(POLICY);
  expect(await smcp(...asked)).toMatchObject({ code: 2, err: expect.stringContaining('is there already') });
});

test('gives one JSON document with --json', async () => {
  const { code, out, err } = await smcp(file('good.yaml'), '--json');
  expect([code, err, JSON.parse(out)]).toMatchObject([
    ...[0, ''],
    { ok: true, policy: expect.stringContaining('agents: {}'), findings: [{ severity: 'warning', line: 1 }] },
  ]);
});

test('refuses an agent that can be none', async () => {
  expect(await smcp(file('good.yaml'), '--agent', 'admin')).toMatchObject({ code: 2, out: '' });
});
