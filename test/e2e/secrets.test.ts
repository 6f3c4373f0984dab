// Secrets through a whole server: set by a person, listed, removed; and nowhere to be found in the home, the log or what was said.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { homeAt } from '#config/home.ts';
import { patternsOf } from '#secrets/mask-patterns.ts';
import { connectStreamable, errorOf } from './clients.ts';
import { adminTokenOf } from './in-process.ts';
import { startServer, type TestServer, temporaryFolder } from './server.ts';

const SMCP = fileURLToPath(new URL('../../src/smcp.js', import.meta.url));
const VALUE = 'ghp_0aZ9bY8cX7dW6eV5/+';
/** Sent by agents and in bad requests: it never becomes a secret, and is none of the log's business either. */
const SENT = 'value-that-an-agent-sent-42';
/** The control: an ordinary argument of an ordinary tool, which the log keeps. */
const ORDINARY = 'ordinary-argument-of-a-tool-7';

const folder = temporaryFolder();
const home = join(folder.path, 'home');
let server: TestServer;
let agentToken = '';
const said: string[] = [];

/** `smcp secret set NAME` with this on its stdin. */
async function set(name: string, value: string, ...more: readonly string[]) {
  const child = spawn(process.execPath, [SMCP, 'secret', 'set', name, '--home', home, ...more], {
    env: { PATH: process.env['PATH'] ?? '' },
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output.stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output.stderr += text;
  });
  child.stdin.on('error', () => {});
  child.stdin.end(value);
  const [code] = await once(child, 'close');
  said.push(output.stdout, output.stderr);
  return { code: code as number, ...output };
}

async function rest(token: string, method: string, path: string, body?: unknown) {
  const response = await fetch(`${server.url}/admin/v1${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  said.push(text);
  return { status: response.status, answer: JSON.parse(text) as { readonly error?: { readonly code: string } } };
}

/** Files below the home in which the value stands, as it is, in base64 at any place, in hexadecimal, UTF-16 or backwards. */
function filesWith(value: string): readonly string[] {
  const forms = patternsOf(value).map((form) => Buffer.from(form));
  return readdirSync(home, { recursive: true, encoding: 'utf8' }).filter((name) => {
    const path = join(home, name);
    if (!statSync(path).isFile()) return false;
    const bytes = readFileSync(path);
    return forms.some((form) => bytes.includes(form));
  });
}

beforeAll(async () => {
  server = await startServer(home);
  writeFileSync(join(home, 'config.yaml'), 'version: 1\nlogging: { level: debug }\n', { mode: 0o600 });
  writeFileSync(
    join(home, 'policy.yaml'),
    'version: 1\nagents:\n  op: { grants: [{ tools: ["smcp__*", "demo_text__*"] }] }\n',
    { mode: 0o600 },
  );
  await server.stop();
  server = await startServer(home);
  agentToken = ((await server.json('agent', 'token', 'op')) as { token: string }).token;
});
afterAll(async () => {
  await server.stop();
  folder.remove();
});

describe('smcp secret', () => {
  test('set takes the value from standard input, and says the name only', async () => {
    expect(await set('TOKEN', `${VALUE}\n`)).toEqual({ code: 0, stdout: 'TOKEN is set\n', stderr: '' });
    expect(statSync(join(home, 'keys', 'secrets.key')).mode & 0o777).toBe(0o600);
  });

  test('set refuses a value as an argument, an empty one and a short one', async () => {
    const { code, stderr } = await server.smcp('secret', 'set', 'TOKEN', VALUE);
    expect([code, stderr]).toEqual([2, expect.stringContaining('USAGE: smcp secret set takes no argument')]);
    expect(await set('TOKEN', '')).toMatchObject({ code: 2, stderr: expect.stringContaining('SECRET_INVALID') });
    expect(await set('TOKEN', 'short')).toMatchObject({ code: 2, stderr: expect.stringContaining('8 bytes') });
    expect(await set('not-a-name', VALUE)).toMatchObject({ code: 2 });
  });

  test('list shows names, where they come from and when they were set: no value, no length, no digest', async () => {
    const listed = await server.json('secret', 'list');
    expect(listed).toEqual([{ name: 'TOKEN', source: 'stored', setAt: expect.any(String), askedBy: [] }]);
    const { stdout } = await server.smcp('secret', 'list');
    expect(stdout).toMatch(/^TOKEN {2}stored {2}set \S+ {2}no plugin asks for it\n$/);
  });

  test('rm removes it, once', async () => {
    await set('OLD', 'a value to remove');
    expect(await server.smcp('secret', 'rm', 'OLD')).toMatchObject({ code: 0, stdout: 'OLD is removed\n' });
    expect(await server.smcp('secret', 'rm', 'OLD')).toMatchObject({ code: 2 });
  });
});

describe('over HTTP', () => {
  test('an administrator sets and lists; there is no route that gives a value', async () => {
    const admin = adminTokenOf(homeAt(home));
    expect(await rest(admin, 'POST', '/secrets/VIA_HTTP', { value: VALUE })).toMatchObject({ status: 200 });
    expect(await rest(admin, 'GET', '/secrets')).toMatchObject({ status: 200 });
    expect((await rest(admin, 'GET', '/secrets/VIA_HTTP')).status).toBe(404);
    for (const body of [{ value: [SENT] }, { value: SENT, more: SENT }, { valu: SENT }, SENT, [SENT]]) {
      expect((await rest(admin, 'POST', '/secrets/BAD', body)).status).toBe(400);
    }
  });

  test('an agent that was granted every admin tool can list names, and neither set nor remove', async () => {
    expect(await rest(agentToken, 'GET', '/secrets')).toMatchObject({ status: 200 });
    for (const body of [{ value: SENT }, { value: { nested: SENT } }, SENT, [SENT]]) {
      const { status, answer } = await rest(agentToken, 'POST', '/secrets/MINE', body);
      expect([status, answer.error?.code]).not.toContain(200);
    }
    expect((await rest(agentToken, 'DELETE', '/secrets/TOKEN')).status).toBe(403);
    const listed = (await server.json('secret', 'list')) as readonly { readonly name: string }[];
    expect(listed.map(({ name }) => name)).toEqual(['TOKEN', 'VIA_HTTP']);
  });

  test('nor as a tool, which is not listed', async () => {
    const client = await connectStreamable(server.url, agentToken);
    const names = (await client.listNames()).filter((name) => name.startsWith('smcp__secret'));
    expect(names).toEqual(['smcp__secret_list']);
    const result = await client.call('smcp__secret_set', { name: 'MINE', value: SENT });
    said.push(JSON.stringify(result));
    expect(errorOf(result).code).toBe('PERSON_NEEDED');
    await client.call('demo_text__slugify', { text: ORDINARY });
    await client.close();
  });
});

describe('the value', () => {
  test('is in the record as a name only', async () => {
    const { stdout } = await server.smcp('log', 'tail');
    said.push(stdout);
    expect(stdout).toContain('by=admin operation=secret_set subject=TOKEN');
    expect(stdout).toContain('op smcp__secret_set');
  });

  test('is nowhere in the home while the server runs, nor in what it and its commands said', () => {
    for (const value of [VALUE, SENT]) {
      expect(filesWith(value)).toEqual([]);
      expect(said.join('\n')).not.toContain(value);
      expect(server.stderr()).not.toContain(value);
    }
    // The control: what the log does keep is found by the same search.
    expect(filesWith(ORDINARY)).not.toEqual([]);
  });

  test('nor after it was stopped, when the database is one file', async () => {
    await server.stop();
    try {
      for (const value of [VALUE, SENT]) expect(filesWith(value)).toEqual([]);
      expect(filesWith(ORDINARY)).toContain('smcp.db');
    } finally {
      server = await startServer(home);
    }
  });
});
