import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { App } from '#app.ts';
import { homeAt, prepareHome } from '#config/home.ts';
import { connectStreamable, errorOf, receiptOf, type TestClient } from './clients.ts';
import { startInProcess } from './in-process.ts';
import { smcp, temporaryFolder } from './server.ts';

const folder = temporaryFolder();
const home = homeAt(join(folder.path, 'home'));
const PLUGINS = fileURLToPath(new URL('../../plugins', import.meta.url));
let app: App;

const POLICY = `version: 1
defaults: { loop: { repeats: 2, per: 1h } }
agents:
  athena:
    grants:
      - id: few
        tools: ["demo_text__slugify"]
        limits: { calls: 2, per: 30d }
      - tools: ["demo_text__*"]
  boreas:
    grants:
      - tools: ["demo_text__*"]
        hours: { days: [mon, tue, wed, thu, fri, sat, sun], from: "00:00", to: "24:00", timezone: Europe/Lisbon }
`;

const json = async (...args: readonly string[]): Promise<Record<string, unknown>> => {
  const { stdout, stderr } = await smcp([...args, '--json', '--home', home.directory]);
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout);
};

async function connect(agent: string): Promise<TestClient> {
  return connectStreamable(app.url, String((await json('agent', 'token', agent))['token']));
}

const slug = (client: TestClient, title: string) => client.call('demo_text__slugify', { title });

beforeAll(async () => {
  prepareHome(home);
  writeFileSync(home.policy, POLICY, { mode: 0o600 });
  app = await startInProcess(home, PLUGINS);
});
afterAll(async () => {
  await app.close();
  folder.remove();
});

test('a limit holds over a restart, is told by smcp can, and is in the record of what it denied', async () => {
  const before = await connect('athena');
  for (const title of ['one', 'two']) expect((await slug(before, title)).isError ?? false).toBe(false);
  await before.close();
  await app.close();
  app = await startInProcess(home, PLUGINS);

  expect(await json('can', 'athena', 'demo_text__slugify')).toMatchObject({
    decision: 'deny',
    rule: 'few',
    reason: 'the limit few is reached: 2 of 2 calls in 30d are used',
  });
  const client = await connect('athena');
  // It is full, not gone.
  expect(await client.listNames()).toContain('demo_text__slugify');
  const refused = await slug(client, 'three');
  expect(errorOf(refused)).toMatchObject({
    code: 'RATE_LIMITED',
    details: { rule: 'few', unit: 'calls', limit: 2, used: 2, resetsAt: expect.stringMatching(/Z$/) },
  });
  expect(await json('log', 'show', receiptOf(refused).invocation)).toMatchObject({
    record: {
      predicate: {
        phase: 'denied',
        policy: { decision: 'deny', rule: 'few', limit: { unit: 'calls', limit: 2, used: 2 } },
      },
    },
  });
  expect((await json('log', 'verify', home.directory))['ok']).toBe(true);
  await client.close();
});

test('the same call again and again is broken off, and another agent, within its hours, is not concerned', async () => {
  const athena = await connect('athena');
  const boreas = await connect('boreas');
  const echo = (client: TestClient) => client.call('demo_text__echo', { message: 'again' });
  const codes = [];
  for (let n = 0; n < 3; n++) codes.push((await echo(athena)).isError === true ? 'refused' : 'answered');
  expect(codes).toEqual(['answered', 'answered', 'refused']);
  expect(errorOf(await echo(athena))).toMatchObject({
    code: 'LOOP_DETECTED',
    details: { rule: '/defaults/loop', remedy: expect.stringContaining('change something') },
  });
  expect((await echo(boreas)).isError ?? false).toBe(false);
  await Promise.all([athena.close(), boreas.close()]);
});

test('an edit of the policy keeps what was counted', async () => {
  writeFileSync(home.policy, readFileSync(home.policy, 'utf8').replace('calls: 2', 'calls: 3'));
  await json('policy', 'apply', home.policy);
  const client = await connect('athena');
  expect((await slug(client, 'three')).isError ?? false).toBe(false);
  expect(errorOf(await slug(client, 'four')).code).toBe('RATE_LIMITED');
  await client.close();
});
