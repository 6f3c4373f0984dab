import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { App } from '#app.ts';
import { homeAt, prepareHome } from '#config/home.ts';
import { connectStreamable, errorOf, type TestClient } from './clients.ts';
import { adminTokenOf, startInProcess } from './in-process.ts';
import { childPids } from './processes.ts';
import { smcp, temporaryFolder } from './server.ts';

const folder = temporaryFolder();
const home = homeAt(join(folder.path, 'home'));
const AGENTS = ['a', 'b', 'c', 'd', 'e'];
const CALLS_EACH = 10;
let app: App;
const clients = new Map<string, TestClient>();

const policyOf = (agents: readonly string[]) =>
  `version: 1\nagents:\n${agents.map((name) => `  ${name}:\n    grants:\n      - tools: ["slow__*"]\n`).join('')}`;

const start = () => startInProcess(home, fileURLToPath(new URL('./slow-plugins', import.meta.url)));

const json = async (...args: readonly string[]): Promise<Record<string, unknown>> => {
  const { code, stdout, stderr } = await smcp([...args, '--json', '--home', home.directory]);
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
};

async function connect(agent: string): Promise<{ client: TestClient; tokenId: string }> {
  const issued = await json('agent', 'token', agent);
  const client = await connectStreamable(app.url, String(issued['token']));
  return { client, tokenId: String(issued['id']) };
}

/** Waits until as many calls run as are asked for. */
async function untilRunning(count: number): Promise<void> {
  const authorization = `Bearer ${adminTokenOf(home)}`;
  for (;;) {
    const response = await fetch(`${app.url}/admin/v1/status`, { headers: { authorization } });
    const { lanes } = (await response.json()) as { lanes: { name: string; running: number }[] };
    if ((lanes.find(({ name }) => name === 'main')?.running ?? 0) >= count) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const clientOf = (agent: string): TestClient => {
  const client = clients.get(agent);
  if (client === undefined) throw new Error(`no client of ${agent}`);
  return client;
};

const codeOf = async (call: ReturnType<TestClient['call']>) => errorOf(await call).code;

beforeAll(async () => {
  prepareHome(home);
  writeFileSync(home.policy, policyOf(AGENTS), { mode: 0o600 });
  app = await start();
  for (const agent of AGENTS) clients.set(agent, (await connect(agent)).client);
});

afterAll(async () => {
  for (const client of clients.values()) await client.close();
  await app.close();
  folder.remove();
});

describe('with fifty calls running, freezing', () => {
  test('ends every call and every process before the command returns', async () => {
    const calls = AGENTS.flatMap((agent) =>
      Array.from({ length: CALLS_EACH }, (_, index) => clientOf(agent).call(index === 0 ? 'slow__spin' : 'slow__wait')),
    );
    await untilRunning(AGENTS.length * CALLS_EACH);
    expect(childPids().length).toBeGreaterThan(0);
    await json('freeze');
    expect(childPids()).toEqual([]);
    expect(new Set(await Promise.all(calls.map(codeOf)))).toEqual(new Set(['FROZEN']));
    expect(await codeOf(clientOf('a').call('slow__quick'))).toBe('FROZEN');
    expect(childPids()).toEqual([]);
  });

  test('outlives a restart, and needs no policy that works', async () => {
    for (const client of clients.values()) await client.close();
    await app.close();
    app = await start();
    for (const agent of AGENTS) clients.set(agent, (await connect(agent)).client);
    expect(await codeOf(clientOf('a').call('slow__quick'))).toBe('FROZEN');
    writeFileSync(home.policy, 'version: 1\nagents: [this is no policy\n');
    await json('unfreeze');
    expect((await clientOf('a').call('slow__quick')).isError).not.toBe(true);
    await json('freeze', '--agent', 'a');
    expect(await codeOf(clientOf('a').call('slow__quick'))).toBe('FROZEN');
    expect((await clientOf('b').call('slow__quick')).isError).not.toBe(true);
    await json('unfreeze', '--agent', 'a');
    writeFileSync(home.policy, policyOf(AGENTS));
  });
});

describe('what runs ends when', () => {
  test('its agent is frozen, before the command returns', async () => {
    const calls = ['slow__spin', 'slow__wait'].map((tool) => clientOf('a').call(tool));
    const other = clientOf('b').call('slow__wait');
    await untilRunning(3);
    expect(await json('freeze', '--agent', 'a')).toMatchObject({ scope: 'agent', name: 'a', ending: [] });
    const { calls: left } = (await json('queue')) as { calls: { agent: string; invocation: string }[] };
    expect(left.map(({ agent }) => agent)).toEqual(['b']);
    expect(await Promise.all(calls.map(codeOf))).toEqual(['FROZEN', 'FROZEN']);
    await json('queue', 'cancel', String(left[0]?.invocation));
    expect(await codeOf(other)).toBe('CANCELLED');
    await json('unfreeze');
  });

  test('its token is revoked', async () => {
    const { client, tokenId } = await connect('a');
    const call = client.call('slow__wait');
    await untilRunning(1);
    await json('agent', 'revoke', tokenId);
    expect(await codeOf(call)).toBe('UNAUTHENTICATED');
    await client.close();
  });

  test('its grant is removed from the policy', async () => {
    const call = clientOf('b').call('slow__spin');
    await untilRunning(1);
    writeFileSync(home.policy, policyOf(AGENTS).replace(/ {2}b:\n.*\n.*\n/, '  b: {}\n'));
    expect(await codeOf(call)).toBe('DENIED');
    expect(readFileSync(home.policy, 'utf8')).toContain('b: {}');
  });

  test('its plugin is disabled, and the plugin’s processes with it', async () => {
    const call = clientOf('c').call('slow__spin');
    await untilRunning(1);
    await json('plugin', 'disable', 'slow');
    expect(childPids()).toEqual([]);
    expect(await codeOf(call)).toBe('TOOL_UNKNOWN');
    await json('plugin', 'enable', 'slow');
    expect((await clientOf('c').call('slow__quick')).isError).not.toBe(true);
  });

  test('an operator cancels it', async () => {
    const call = clientOf('d').call('slow__wait');
    await untilRunning(1);
    const { calls } = (await json('queue')) as { calls: { invocation: string }[] };
    await json('queue', 'cancel', String(calls[0]?.invocation));
    expect(await codeOf(call)).toBe('CANCELLED');
  });
});
