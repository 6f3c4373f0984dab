// smcp policy test as a person and a CI run it: files in, lines and an exit code out.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { COMMANDS } from '#cli/commands.ts';
import { runCommandLine } from '#cli/run-command.ts';
import { memoryTerminal } from './memory-terminal.ts';

const folder = mkdtempSync(join(tmpdir(), 'smcp-policy-test-'));
const file = (name: string) => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true }));
beforeAll(() => {
  writeFileSync(
    file('policy.yaml'),
    'version: 1\nagents:\n  athena:\n    grants: [{ id: it, tools: ["demo_math__*"] }]\n',
  );
  writeFileSync(file('policy.test.yaml'), '- { agent: athena, tool: demo_math__calculate, expect: allow }\n');
  writeFileSync(
    file('wrong.yaml'),
    '- { agent: athena, tool: demo_text__echo, args: { message: "\\u202e" }, expect: allow, why: it speaks }\n',
  );
});

async function smcp(...argv: readonly string[]) {
  const { terminal, written } = memoryTerminal({});
  const code = await runCommandLine(COMMANDS, ['--home', file('home'), ...argv], { terminal, version: '1' });
  return { code, ...written };
}

test('ends with 0 where all that is expected is met', async () => {
  expect(await smcp('policy', 'test', file('policy.yaml'))).toMatchObject({
    code: 0,
    out: '1 expectation met, 0 not\n',
  });
});

test('ends with 2 where something is not, and says where, what was expected and why it is not so', async () => {
  const { code, out } = await smcp('policy', 'test', file('policy.yaml'), '--expectations', file('wrong.yaml'));
  expect(code).toBe(2);
  expect(out).toBe(
    [
      `${file('wrong.yaml')}:1:3: athena demo_text__echo {"message":"\\u202e"}`,
      '  for: it speaks',
      '  expected allow, got deny (default-deny): no grant of the agent athena covers demo_text__echo',
      '  to allow it, a person adds to agents.athena.grants in the policy:',
      '  - tools: ["demo_text__echo"]',
      '0 expectations met, 1 not',
      '',
    ].join('\n'),
  );
});

test('gives one JSON document with --json', async () => {
  const { code, out } = await smcp(
    'policy',
    'test',
    file('policy.yaml'),
    '--json',
    '--expectations',
    file('wrong.yaml'),
  );
  expect([code, JSON.parse(out)]).toMatchObject([
    2,
    {
      ...{ ok: false, passed: 0, failed: 1, policyFindings: [], findings: [] },
      results: [
        {
          ...{ line: 1, column: 3, agent: 'athena', tool: 'demo_text__echo', args: { message: '\u202e' } },
          ...{ expect: 'allow', expectedRule: null, isMet: false, decision: 'deny', rule: 'default-deny', at: null },
        },
      ],
    },
  ]);
});

test.each([
  ['a file that is not there', 'other.yaml', 'USAGE'],
  ['no file', '', 'USAGE'],
])('ends with 2 for %s', async (_, name, code) => {
  const asked = await smcp('policy', 'test', ...(name === '' ? [] : [file(name)]));
  expect([asked.code, asked.err]).toEqual([2, expect.stringContaining(code)]);
});

test('ends with 2 where the policy is wrong, with line and column', async () => {
  writeFileSync(file('bad.yaml'), 'version: 1\nagnts: {}\n');
  const { code, out } = await smcp('policy', 'test', file('bad.yaml'), '--expectations', file('policy.test.yaml'));
  expect([code, out]).toEqual([
    2,
    expect.stringMatching(/bad\.yaml:2:1: error: unknown key "agnts"[\s\S]*nothing was tried\n/),
  ]);
});
