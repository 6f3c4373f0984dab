// Reviews of a policy on a running server, from calls that really ran: what is asked at the command line, what the log then holds.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectStreamable, receiptOf } from './clients.ts';
import { smcp, startServer, type TestServer, temporaryFolder } from './server.ts';

const folder = temporaryFolder();
const file = (name: string) => join(folder.path, name);
const POLICY = `version: 1
agents:
  athena:
    grants:
      - { id: text, tools: ["demo_text__*"] }
      - { id: tried, tools: ["demo_math__*"], shadow: true }
    deny:
      - { id: no-shouting, tools: ["*__echo"], when: args.message.endsWith("!"), shadow: true }
      - { id: idle, tools: ["x__*"] }
`;

let server: TestServer;
let shouted = '';

beforeAll(async () => {
  mkdirSync(file('home'), { mode: 0o700 });
  writeFileSync(file('home/policy.yaml'), POLICY, { mode: 0o600 });
  server = await startServer(file('home'));
  const { token } = (await server.json('agent', 'token', 'athena')) as { token: string };
  const client = await connectStreamable(server.url, token);
  await client.call('demo_text__echo', { message: 'hello' });
  shouted = receiptOf(await client.call('demo_text__echo', { message: 'hello!' })).invocation;
  await client.call('demo_math__calculate', { operation: 'add', a: 1, b: 2 });
  await client.call('evil\u202e\u001b[2J', {});
  await client.close();
});

afterAll(async () => {
  await server.stop();
  folder.remove();
});

describe('a rule in shadow', () => {
  test('let the call through, and its record says what it would have done', async () => {
    expect(await server.json('log', 'show', shouted)).toMatchObject({
      record: {
        predicate: {
          phase: 'outcome',
          policy: { decision: 'allow', rule: 'text', shadow: [{ rule: 'no-shouting', decision: 'deny' }] },
        },
      },
    });
    expect((await server.smcp('log', 'tail')).stdout).toContain('(in shadow: deny by no-shouting)');
    const asked = ['can', 'athena', 'demo_math__calculate'];
    expect(await server.json(...asked)).toMatchObject({
      decision: 'deny',
      shadow: [{ rule: 'tried', decision: 'allow' }],
    });
    expect((await server.smcp(...asked)).stdout).toContain('in shadow: tried would say allow\n');
  });

  test('is counted by what the log tells, beside those that decided nothing', async () => {
    expect(await server.json('policy', 'unused', '--since', '1d')).toMatchObject({
      unused: [{ rule: 'idle', effect: 'deny' }],
      shadows: [
        { rule: 'tried', calls: 1 },
        { rule: 'no-shouting', calls: 1 },
      ],
    });
  });

  test('leaves a log that verifies', async () => {
    expect(await server.json('log', 'verify')).toMatchObject({ ok: true });
  });
});

describe('another policy', () => {
  test('is tried on what happened, and nothing of it is put in force', async () => {
    writeFileSync(file('next.yaml'), POLICY.replaceAll(', shadow: true', ''));
    const { stdout, code } = await server.smcp('policy', 'simulate', file('next.yaml'));
    expect(code).toBe(0);
    expect(stdout).toMatch(/demo_text__echo +allow \(text\) +→ deny \(no-shouting\)/);
    expect(stdout).toMatch(/demo_math__calculate +deny \(default-deny\) +→ allow \(tried\)/);
    expect(stdout).toContain('2 would change, 2 stay the same');
    expect(await server.json('policy', 'show')).toMatchObject({ version: 1 });
  });

  test('with a limit tells the calls that it would have stopped, as a denial would have', async () => {
    const limit = 'limits: { calls: 1, per: 31d }';
    writeFileSync(file('limited.yaml'), POLICY.replace('tools: ["demo_text__*"]', `tools: ["demo_text__*"], ${limit}`));
    expect(await server.json('policy', 'simulate', file('limited.yaml'))).toMatchObject({
      changed: 1,
      limits: [{ rule: 'text', unit: 'calls', limit: 1, calls: 1, changes: 1 }],
      counting: { partial: [], neverRan: 0, late: 0 },
      changes: [
        {
          invocation: shouted,
          wouldBe: { decision: 'deny', rule: 'text', limit: { unit: 'calls', limit: 1, used: 1 } },
        },
      ],
    });
    const { stdout } = await server.smcp('policy', 'simulate', file('limited.yaml'));
    expect(stdout).toContain('the limit text is reached: 1 of 1 calls in 31d are used');
    expect(stdout).toContain('the limit text, 1 calls in 31d, would stop 1 call, 1 of them not denied then\n');
  });

  test('that is in force changes nothing of what its own limits stopped, in a burst', async () => {
    const limited =
      '      - { id: few, tools: ["demo_text__slugify"], limits: { calls: 6, per: 31d, concurrent: 3 } }\n';
    writeFileSync(file('few.yaml'), POLICY.replace('    grants:\n', `    grants:\n${limited}`));
    await server.smcp('policy', 'apply', file('few.yaml'));
    const { token } = (await server.json('agent', 'token', 'athena')) as { token: string };
    const client = await connectStreamable(server.url, token);
    const burst = Array.from({ length: 12 }, (_, n) => client.call('demo_text__slugify', { title: `Call ${n}` }));
    const answers = await Promise.all(burst);
    await client.close();
    const stopped = answers.filter(({ isError }) => isError === true).length;
    expect(stopped).toBeGreaterThanOrEqual(6);
    expect(await server.json('policy', 'simulate', file('few.yaml'), '--last', '12')).toMatchObject({
      ...{ same: 12, changed: 0, changes: [], log: { decisions: 12 } },
    });
  });

  test('that is wrong is refused with line and column', async () => {
    writeFileSync(file('wrong.yaml'), 'version: 1\nagents: { athena: { grant: [] } }\n');
    const { stderr, code } = await server.smcp('policy', 'simulate', file('wrong.yaml'));
    expect([code, stderr]).toEqual([2, expect.stringContaining(':2:21: unknown key "grant"')]);
  });
});

test('who can call a tool is told with the rule and what it depends on', async () => {
  expect(await server.json('policy', 'who-can', 'demo_text__echo')).toMatchObject({
    ...{ isKnown: true, counts: { allow: 1, deny: 0 } },
    agents: [{ agent: 'athena', decision: 'allow', rule: 'text', conditions: [] }],
  });
});

test('what is suggested passes policy check, and no name that an agent made up moves a cursor', async () => {
  const { stdout } = await server.smcp('policy', 'suggest', '--agent', 'athena');
  writeFileSync(file('needed.yaml'), stdout);
  expect(await smcp(['policy', 'check', file('needed.yaml')])).toMatchObject({ code: 0 });
  expect(stdout).toContain('- tools: ["demo_text__echo"]\n        capabilities: []\n');
  expect(stdout).toContain('# evil\\u{202e}\\u{1b}[2J, 1 call: no tool has this name today');
  expect(stdout).not.toMatch(/\p{Cc}(?<!\n)|\p{Cf}/u);
});
