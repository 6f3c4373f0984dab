// Requests of plugins through a whole server: what the operator has opened is reached, and nothing else of this machine.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type App, createApp } from '#app.ts';
import { silentLogger } from '#base/log.ts';
import { loadConfig } from '#config/config.ts';
import { homeAt, prepareHome } from '#config/home.ts';
import { productPluginsDirectory } from '#config/product.ts';
import { serve, type TestServer } from '#test/effects/net-world.ts';
import { connectStreamable, receiptOf, type TestClient } from './clients.ts';
import { smcp, temporaryFolder } from './server.ts';

const folder = temporaryFolder();
const home = homeAt(join(folder.path, 'home'));
let app: App;
let server: TestServer;
let other: TestServer;
const clients: { [agent: string]: TestClient } = {};

const CODE = `export const tools = { ask: async ({ url, options }, host) => {
  try {
    const response = await host.fetch(url, options);
    return { status: response.status, ok: response.ok, url: response.url, text: await response.text() };
  } catch ({ code, message, details }) {
    return { refused: { code, message, details } };
  }
} };`;

function writePlugin(net: object): void {
  const directory = join(folder.path, 'plugins', 'asker');
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'index.js'), CODE);
  const input = { type: 'object', properties: { url: { type: 'string' }, options: { type: 'object' } } };
  const manifest = {
    ...{
      manifest: 1,
      name: 'asker',
      version: '1.0.0',
      description: 'Asks',
      runtime: { kind: 'isolate', entry: 'index.js' },
    },
    ...{
      capabilities: { net },
      tools: [{ name: 'ask', description: 'Asks a host.', input, output: { type: 'object' } }],
    },
  };
  writeFileSync(join(directory, 'plugin.json'), JSON.stringify(manifest));
}

beforeAll(async () => {
  server = await serve(
    ({ url }, response) => {
      const leads = new URLSearchParams(url?.split('?')[1]).get('to');
      if (leads === null) response.end('inside');
      else response.writeHead(302, { location: leads }).end();
    },
    { isPlain: true },
  );
  other = await serve((_, response) => response.end('other'), { isPlain: true });
  prepareHome(home);
  const config = 'version: 1\nnet: { loopbackHosts: [localhost] }\n';
  writeFileSync(home.config, config, { mode: 0o600 });
  const policy = `version: 1
agents:
  a: { grants: [{ tools: ["asker__*"] }] }
  narrow: { grants: [{ tools: ["asker__*"], capabilities: { net: [{ host: localhost, paths: ["/only/*"] }] } }] }
`;
  writeFileSync(home.policy, policy, { mode: 0o600 });
  const methods = ['GET', 'POST'];
  writePlugin([
    { host: 'localhost', ports: [server.port], methods, paths: ['/*'] },
    { host: '127.0.0.1', ports: [server.port, other.port] },
    { host: '169.254.169.254', ports: [80, 443] },
  ]);
  app = await createApp({
    ...{ home, config: loadConfig(home.config, {}), host: '127.0.0.1', port: 0, logger: silentLogger },
    ...{ version: '0.0.0', productPlugins: productPluginsDirectory(), externalPlugins: [join(folder.path, 'plugins')] },
  });
  for (const agent of ['a', 'narrow']) {
    const issued = await smcp(['agent', 'token', agent, '--json', '--home', home.directory]);
    clients[agent] = await connectStreamable(app.url, (JSON.parse(issued.stdout) as { token: string }).token);
  }
});

afterAll(async () => {
  for (const client of Object.values(clients)) await client.close();
  await app.close();
  await server.close();
  await other.close();
  folder.remove();
});

async function ask(agent: string, url: string, options: object = {}) {
  const result = await clients[agent]?.call('asker__ask', { url, options });
  if (result === undefined) throw new Error(`no client for ${agent}`);
  return { answer: result.structuredContent as object, result };
}

const at = (path: string, host = 'localhost') => `http://${host}:${server.port}${path}`;
const denied = (fields: object = {}) => ({
  refused: { code: 'CAPABILITY_DENIED', details: { capability: 'net', ...fields } },
});

describe('a request of a plugin', () => {
  test('reaches a host that the operator, the manifest and the grant allow, and the record names it', async () => {
    const { answer, result } = await ask('a', at('/x'), { method: 'POST', body: { text: 'hello' } });
    expect(answer).toEqual({ status: 200, ok: true, url: at('/x'), text: 'inside' });
    expect(server.seen.at(-1)).toMatchObject({ method: 'POST', url: '/x', body: 'hello' });
    const shown = await smcp(['log', 'show', receiptOf(result).invocation, '--json', '--home', home.directory]);
    expect(JSON.parse(shown.stdout).record.predicate.capabilities.used).toEqual([
      expect.objectContaining({ kind: 'net', target: `localhost:${server.port}`, count: 1 }),
    ]);
  });

  test('is refused where the grant leaves the path out', async () => {
    const before = server.seen.length;
    expect((await ask('narrow', at('/x'))).answer).toMatchObject(denied({ asked: `GET ${at('/x')}` }));
    expect((await ask('narrow', at('/only/x'))).answer).toMatchObject({ text: 'inside' });
    expect(server.seen.length).toBe(before + 1);
  });

  test('reaches this machine by no host that the operator has not named, whatever manifest and grant say', async () => {
    const before = server.seen.length + other.seen.length;
    for (const url of [
      at('/', '127.0.0.1'),
      `https://127.0.0.1:${server.port}/`,
      'http://169.254.169.254/latest/meta-data/',
    ]) {
      expect((await ask('a', url)).answer).toMatchObject(denied());
    }
    expect(server.seen.length + other.seen.length).toBe(before);
  });

  test('is not led to another port or host of this machine', async () => {
    const led = [
      `http://localhost:${other.port}/`,
      `http://127.0.0.1:${server.port}/`,
      `//127.0.0.1:${other.port}/`,
      app.url,
    ];
    for (const place of led) {
      const before = server.seen.length;
      expect((await ask('a', at(`/?to=${encodeURIComponent(place)}`))).answer).toMatchObject(denied());
      expect(server.seen.length).toBe(before + 1);
    }
    expect(other.seen).toEqual([]);
    // The same address answers whoever asks it directly.
    expect(await (await fetch(`http://127.0.0.1:${other.port}/`)).text()).toBe('other');
  });
});
