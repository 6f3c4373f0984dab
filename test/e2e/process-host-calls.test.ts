// Host calls of a program of the protocol `json` through a whole server, by the kit's library for Python: files, network, store and clock
// under manifest and grant, what the record has of them, and how a refusal that nobody catches reaches the agent.

import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type App, createApp } from '#app.ts';
import { silentLogger } from '#base/log.ts';
import { loadConfig } from '#config/config.ts';
import { homeAt, prepareHome } from '#config/home.ts';
import { serve, type TestServer } from '#test/effects/net-world.ts';
import { connectStreamable, errorOf, receiptOf, type TestClient } from './clients.ts';
import { smcp, temporaryFolder } from './server.ts';

const LIBRARY = fileURLToPath(new URL('../../sandbox/guest/python/smcp_host.py', import.meta.url));

const folder = temporaryFolder();
const home = homeAt(join(folder.path, 'home'));
const plugins = join(folder.path, 'plugins');
let app: App;
let server: TestServer;
const clients: { [agent: string]: TestClient } = {};

/** `act` makes the host calls that it is told and hands on how each ended; `bare` makes one and catches nothing. */
const CODE = `import smcp_host

def made(host, name, params):
    try:
        return {"answer": host.call(name, params)}
    except smcp_host.HostError as error:
        return {"refused": {"code": error.code, "details": error.details}}

smcp_host.serve({
    "act": lambda args, host: {"ends": [made(host, name, params) for name, params in args["calls"]]},
    "bare": lambda args, host: {"ends": [host.call(name, params) for name, params in args["calls"]]},
})
`;

const POLICY = `version: 1
agents:
  athena: { grants: [{ tools: ["program__*"] }] }
  hermes: { grants: [{ tools: ["program__*"] }] }
  narrow:
    grants:
      - tools: ["program__*"]
        capabilities: { files: ["workspace/in:read"], store: { bytesMax: 100, access: read } }
`;

function writePlugin(): void {
  const directory = join(plugins, 'program');
  mkdirSync(directory, { recursive: true });
  copyFileSync(LIBRARY, join(directory, 'smcp_host.py'));
  writeFileSync(join(directory, 'main.py'), CODE);
  const tool = {
    description: 'Does what it is told.',
    input: { type: 'object', properties: { calls: { type: 'array' } } },
  };
  const manifest = {
    ...{ manifest: 1, name: 'program', version: '1.0.0', description: 'Acts' },
    runtime: { kind: 'process', command: ['python3', 'main.py'], protocol: 'json' },
    capabilities: {
      files: [{ path: 'workspace/in', access: 'write' }],
      net: [{ host: 'localhost', ports: [server.port], paths: ['/open/*'] }],
      store: { bytesMax: 100 },
      clock: true,
    },
    tools: [
      { name: 'act', ...tool },
      { name: 'bare', ...tool },
    ],
  };
  writeFileSync(join(directory, 'plugin.json'), JSON.stringify(manifest));
}

beforeAll(async () => {
  server = await serve((_, response) => response.end('inside'), { isPlain: true });
  prepareHome(home);
  writeFileSync(home.policy, POLICY, { mode: 0o600 });
  writeFileSync(home.config, 'version: 1\nnet: { loopbackHosts: [localhost] }\n', { mode: 0o600 });
  writePlugin();
  app = await createApp({
    ...{ home, config: loadConfig(home.config, {}), host: '127.0.0.1', port: 0, logger: silentLogger },
    ...{ version: '0.0.0', productPlugins: plugins, externalPlugins: [] },
  });
  for (const agent of ['athena', 'hermes', 'narrow']) {
    const issued = await smcp(['agent', 'token', agent, '--json', '--home', home.directory]);
    clients[agent] = await connectStreamable(app.url, (JSON.parse(issued.stdout) as { token: string }).token);
  }
});

afterAll(async () => {
  for (const client of Object.values(clients)) await client.close();
  await app.close();
  await server.close();
  folder.remove();
});

type Made = readonly [name: string, params: object];

async function callAs(agent: string, tool: 'act' | 'bare', ...calls: readonly Made[]) {
  const result = await clients[agent]?.call(`program__${tool}`, { calls });
  if (result === undefined) throw new Error(`no client for ${agent}`);
  return result;
}

const act = async (agent: string, ...calls: readonly Made[]) =>
  ((await callAs(agent, 'act', ...calls)).structuredContent as { ends: readonly object[] }).ends;

async function recordOf(result: Awaited<ReturnType<typeof callAs>>) {
  const shown = await smcp(['log', 'show', receiptOf(result).invocation, '--json', '--home', home.directory]);
  return (JSON.parse(shown.stdout) as { record: { predicate: { [key: string]: unknown } } }).record.predicate;
}

const url = (path: string) => `http://localhost:${server.port}${path}`;
const refused = (code: string, details: object = {}) => ({
  refused: { code, details: { remedy: expect.any(String), ...details } },
});

describe('a program of the protocol json', () => {
  test('works with files, network, store and clock, and its record has a line for each', async () => {
    const result = await callAs(
      'athena',
      'act',
      ['files.write', { path: 'workspace/in/a', text: 'one' }],
      ['files.read', { path: 'workspace/in/a' }],
      ['fetch', { url: url('/open/x') }],
      ['store.set', { key: 'k', value: [1] }],
      ['store.get', { key: 'k' }],
      ['now', {}],
    );
    expect(result.structuredContent).toEqual({
      ends: [
        { answer: { bytes: 3 } },
        { answer: { text: 'one', bytes: 3, isCut: false } },
        { answer: expect.objectContaining({ status: 200, body: { text: 'inside' } }) },
        { answer: null },
        { answer: [1] },
        { answer: expect.any(Number) },
      ],
    });
    expect(readFileSync(join(home.workspaces, 'athena/in/a'), 'utf8')).toBe('one');
    expect(await recordOf(result)).toMatchObject({
      sandbox: { tier: 'process' },
      capabilities: {
        used: [
          { kind: 'clock', target: 'now', count: 1 },
          { kind: 'files', target: 'workspace/in', count: 2 },
          { kind: 'net', target: `localhost:${server.port}`, count: 1 },
          { kind: 'store', target: 'store', count: 2 },
        ],
      },
    });
  });

  test("finds nothing of another agent's files and store", async () => {
    await act(
      'athena',
      ['files.write', { path: 'workspace/in/own', text: 'x' }],
      ['store.set', { key: 'own', value: 1 }],
    );
    expect(
      await act(
        'hermes',
        ['files.read', { path: 'workspace/in/own' }],
        ['store.get', { key: 'own' }],
        ['store.list', {}],
      ),
    ).toEqual([
      refused('NOT_FOUND', { asked: 'workspace/in/own' }),
      { answer: null },
      { answer: { keys: [], isCut: false } },
    ]);
  });

  test('is refused what its manifest does not ask, as a value that it can go on from', async () => {
    const before = server.seen.length;
    expect(
      await act(
        'athena',
        ['files.read', { path: 'workspace/out' }],
        ['files.read', { path: 'workspace/in/../../keys' }],
        ['files.write', { path: 'workspace/in/a.', text: '' }],
        ['fetch', { url: url('/closed') }],
        ['fetch', { url: 'http://127.0.0.1/open/x' }],
        ['fetch', { url: url('/open/x'), headers: { host: 'other' } }],
        ['store.set', { key: 'k', value: 'x'.repeat(200) }],
        ['run', { program: 'id' }],
        ['files.chmod', {}],
        ['now', {}],
      ),
    ).toEqual([
      refused('CAPABILITY_DENIED', {
        capability: 'files',
        asked: 'workspace/out:read',
        allowed: ['workspace/in:write'],
      }),
      refused('CAPABILITY_DENIED', { capability: 'files', asked: expect.any(String), allowed: ['workspace/in:write'] }),
      refused('REQUEST_INVALID', { asked: 'workspace/in/a.:write', allowed: ['workspace/in:write'] }),
      refused('CAPABILITY_DENIED', {
        capability: 'net',
        asked: `GET ${url('/closed')}`,
        allowed: [expect.any(String)],
      }),
      refused('CAPABILITY_DENIED', { capability: 'net', asked: expect.any(String), allowed: [expect.any(String)] }),
      refused('REQUEST_INVALID', { asked: 'host', allowed: [expect.any(String)] }),
      refused('QUOTA_EXCEEDED', { bytesMax: 100 }),
      refused('CAPABILITY_DENIED', { capability: 'run', asked: 'run', allowed: ['net', 'files', 'store', 'clock'] }),
      refused('REQUEST_INVALID', { asked: 'files.chmod', allowed: expect.arrayContaining(['files.read']) }),
      { answer: expect.any(Number) },
    ]);
    expect(server.seen).toHaveLength(before);
  });

  test('is refused what the grant leaves out, which the same calls get without it', async () => {
    const calls: readonly Made[] = [
      ['files.write', { path: 'workspace/in/b', text: 'b' }],
      ['fetch', { url: url('/open/x') }],
      ['store.set', { key: 'k', value: 1 }],
      ['now', {}],
    ];
    expect(await act('narrow', ...calls)).toEqual([
      refused('CAPABILITY_DENIED', {
        capability: 'files',
        asked: 'workspace/in/b:write',
        allowed: ['workspace/in:read'],
      }),
      refused('CAPABILITY_DENIED', { capability: 'net', asked: 'fetch', allowed: ['files', 'store'] }),
      refused('CAPABILITY_DENIED', { capability: 'store', asked: 'store.set', allowed: ['store.get', 'store.list'] }),
      refused('CAPABILITY_DENIED', { capability: 'clock', asked: 'now', allowed: ['files', 'store'] }),
    ]);
    expect((await act('hermes', ...calls)).map((end) => Object.keys(end))).toEqual(Array(4).fill(['answer']));
  });

  test('that catches no refusal ends with it: its agent learns code, what was asked, and the remedy', async () => {
    const result = await callAs('athena', 'bare', ['now', {}], ['files.read', { path: 'workspace/out' }]);
    expect(errorOf(result)).toMatchObject({
      code: 'CAPABILITY_DENIED',
      details: { asked: 'workspace/out:read', allowed: ['workspace/in:write'], remedy: expect.any(String) },
    });
    expect(await recordOf(result)).toMatchObject({ result: { class: 'CAPABILITY_DENIED', isError: true } });
    expect((await callAs('athena', 'bare', ['now', {}])).isError).not.toBe(true);
  });
});
