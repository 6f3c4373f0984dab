// A whole server, a real host on loopback that says again whatever it was sent, and plugins that try to get a secret out: by requests
// that carry it, and by a program that is shown it.

import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type App, createApp } from '#app.ts';
import type { LogFields, Logger } from '#base/log.ts';
import { loadConfig } from '#config/config.ts';
import { homeAt, prepareHome } from '#config/home.ts';
import { productPluginsDirectory } from '#config/product.ts';
import { serve, type TestServer } from '#test/effects/net-world.ts';
import { reveals } from '#test/secrets/forms.ts';
import { connectStreamable, receiptOf, type TestClient } from './clients.ts';
import { smcp, temporaryFolder } from './server.ts';

const TOKEN = 'ghp_0aZ9bY8cX7dW6eV5';
const SHOWN = 'shown-to-a-program-77';

const folder = temporaryFolder();
const home = homeAt(join(folder.path, 'home'));
let app: App;
let host: TestServer;
const clients: { [agent: string]: TestClient } = {};
const lines: string[] = [];
const line = (message: string, fields?: LogFields) => void lines.push(JSON.stringify({ message, ...fields }));
const logger: Logger = { debug: line, info: line, warn: line, error: line };

const ASKER = `export const tools = { ask: async ({ url, options, then }, host) => {
  try {
    const response = await host.fetch(url, options);
    const text = await response.text();
    const all = { status: response.status, url: response.url, headers: response.headers, text };
    host.log('info', JSON.stringify(all));
    host.progress({ progress: 1, total: 2, message: text });
    if (then === 'throw') throw new Error(text);
    if (then === 'key') return { [text]: 1 };
    if (then === 'store') await host.store.set(text.slice(0, 100), text);
    if (then === 'list') return { kept: await host.store.list({}) };
    if (then === 'tool') return { slug: await host.tools.call('demo_text__slugify', { text }) };
    if (then === 'again') return { again: await (await host.fetch(url + '?q=' + encodeURIComponent(text))).text() };
    return all;
  } catch ({ code, message, details }) {
    if (then === 'throw') throw new Error(message);
    return { refused: { code, message, details } };
  }
} };`;

/** What it is told to do with the variable that it is shown. */
const SHOWER = `import base64, json, os, sys
request = json.load(sys.stdin)
value = os.environ.get("SHOWN", "nothing")
how = request["arguments"]["how"]
said = {"plain": value, "base64": base64.b64encode(("x" + value).encode()).decode(), "hex": value.encode().hex(),
        "length": len(value), "backwards": value[::-1]}
print("on the way: " + value, file=sys.stderr)
if how == "fail":
    print(json.dumps({"error": {"message": "failed with " + value}}))
else:
    print(json.dumps({"result": {"said": said[how], "names": sorted(os.environ)}}))
`;

function writePlugin(name: string, files: { readonly [file: string]: string }, manifest: object): void {
  const directory = join(folder.path, 'plugins', name);
  mkdirSync(directory, { recursive: true });
  for (const [file, text] of Object.entries(files)) writeFileSync(join(directory, file), text);
  const about = { manifest: 1, name, version: '1.0.0', description: 'A plugin of a test of secrets.' };
  writeFileSync(join(directory, 'plugin.json'), JSON.stringify({ ...about, ...manifest }));
}

const ANY = { type: 'object' };
const tool = (name: string) => ({ name, description: 'Does what a test says.', input: ANY, output: ANY });

beforeAll(async () => {
  host = await serve(
    ({ url = '', headers }, response) => {
      const sent = `${headers.authorization} ${headers['x-api-key'] ?? ''}`;
      const [path] = url.split('?');
      if (path === '/moved')
        return void response.writeHead(302, { location: `/landed?token=${headers.authorization}` }).end();
      if (path === '/away')
        return void response.writeHead(302, { location: `http://127.0.0.1:${host.port}/echo` }).end();
      const said = path === '/base64' ? Buffer.from(sent).toString('base64') : `sent: ${sent} to ${url}`;
      response.setHeader('x-echo', sent.trim());
      response.end(said);
    },
    { isPlain: true },
  );
  const net = [
    { host: 'localhost', ports: [host.port] },
    { host: '127.0.0.1', ports: [host.port] },
  ];
  const secrets = [{ name: 'TOKEN', hosts: ['localhost'], header: 'Authorization', prefix: 'Bearer ' }];
  writePlugin(
    'asker',
    { 'index.js': ASKER },
    {
      runtime: { kind: 'isolate', entry: 'index.js' },
      capabilities: { net, secrets, store: { bytesMax: 10_000 }, tools: ['demo_text__slugify'] },
      tools: [tool('ask')],
    },
  );
  writePlugin(
    'unset',
    { 'index.js': ASKER },
    {
      runtime: { kind: 'isolate', entry: 'index.js' },
      capabilities: { net, secrets: [{ ...secrets[0], name: 'NOBODY_SET_IT' }] },
      tools: [tool('ask')],
    },
  );
  writePlugin(
    'shower',
    { 'main.py': SHOWER },
    {
      runtime: { kind: 'process', command: ['python3', 'main.py'], protocol: 'json' },
      capabilities: { secrets: [{ name: 'SHOWN', expose: 'env' }] },
      tools: [tool('show')],
    },
  );
  prepareHome(home);
  writeFileSync(home.config, 'version: 1\nnet: { loopbackHosts: [localhost, 127.0.0.1] }\n', { mode: 0o600 });
  const policy = `version: 1
agents:
  a: { grants: [{ tools: ["asker__*", "unset__*", "shower__*", "demo_text__*"] }] }
  less: { grants: [{ tools: ["asker__*", "shower__*"], capabilities: { net: ["localhost:${host.port}"] } }] }
`;
  writeFileSync(home.policy, policy, { mode: 0o600 });
  app = await createApp({
    ...{ home, config: loadConfig(home.config, {}), host: '127.0.0.1', port: 0, logger },
    ...{ version: '0.0.0', productPlugins: productPluginsDirectory(), externalPlugins: [join(folder.path, 'plugins')] },
  });
  const admin = readFileSync(home.adminToken, 'utf8').trim();
  for (const [name, value] of [
    ['TOKEN', TOKEN],
    ['SHOWN', SHOWN],
  ]) {
    const headers = { authorization: `Bearer ${admin}`, 'content-type': 'application/json' };
    await fetch(`${app.url}/admin/v1/secrets/${name}`, { method: 'POST', headers, body: JSON.stringify({ value }) });
  }
  for (const agent of ['a', 'less']) {
    const issued = await smcp(['agent', 'token', agent, '--json', '--home', home.directory]);
    clients[agent] = await connectStreamable(app.url, (JSON.parse(issued.stdout) as { token: string }).token);
  }
});

afterAll(async () => {
  for (const client of Object.values(clients)) await client.close();
  await app.close();
  await host.close();
  folder.remove();
});

async function call(agent: string, name: string, args: Record<string, unknown>) {
  const result = await clients[agent]?.call(name, args);
  if (result === undefined) throw new Error(`no client for ${agent}`);
  return result;
}
const url = (path: string, name = 'localhost') => `http://${name}:${host.port}${path}`;
const usedOf = async (result: Awaited<ReturnType<typeof call>>) => {
  const shown = await smcp(['log', 'show', String(receiptOf(result).index), '--json', '--home', home.directory]);
  const { record } = JSON.parse(shown.stdout) as {
    record: { predicate: { capabilities: { used: { kind: string; target: string; count: number }[] } } };
  };
  return record.predicate.capabilities.used.map(({ kind, target, count }) => [kind, target, count]);
};

describe('a request of a plugin', () => {
  test('carries the secret to its host, over what the plugin wrote there, and the record says so', async () => {
    const result = await call('a', 'asker__ask', { url: url('/x'), options: { headers: { authorization: 'mine' } } });
    // The control: the host did get it, and did say it again.
    expect(host.seen.at(-1)?.headers).toMatchObject({ authorization: `Bearer ${TOKEN}` });
    expect(result.structuredContent).toMatchObject({ status: 200, text: 'sent: Bearer [secret]  to /x' });
    expect(await usedOf(result)).toEqual([
      ['net', `localhost:${host.port}`, 1],
      ['secrets', 'TOKEN', 1],
    ]);
  });

  test('carries it to no other name of the same host, nor along a redirection to one', async () => {
    await call('a', 'asker__ask', { url: url('/x', '127.0.0.1') });
    expect(host.seen.at(-1)?.headers).not.toHaveProperty('authorization');
    await call('a', 'asker__ask', { url: url('/away') });
    expect(host.seen.at(-2)?.headers).toMatchObject({ authorization: `Bearer ${TOKEN}` });
    expect(host.seen.at(-1)?.headers).not.toHaveProperty('authorization');
  });

  test('carries none where the grant gives none', async () => {
    await call('less', 'asker__ask', { url: url('/x') });
    expect(host.seen.at(-1)?.headers).not.toHaveProperty('authorization');
  });

  test.each(['throw', 'key', 'store', 'list', 'tool', 'again', 'return'])(
    'gives it to nobody when the plugin goes on with: %s',
    async (then) => {
      for (const path of ['/x', '/base64', '/moved']) {
        const result = await call('a', 'asker__ask', { url: url(path), then });
        expect(reveals(JSON.stringify(result), TOKEN)).toBe(false);
      }
    },
  );

  test('ends with SECRET_MISSING where nobody has set it, and no request is made', async () => {
    const before = host.seen.length;
    const result = await call('a', 'unset__ask', { url: url('/x') });
    expect(result.structuredContent).toMatchObject({
      refused: {
        code: 'SECRET_MISSING',
        details: { secret: 'NOBODY_SET_IT', remedy: 'a person sets it with: smcp secret set NOBODY_SET_IT' },
      },
    });
    expect(host.seen).toHaveLength(before);
  });
});

test('a call that was given a secret comes to the same result again, from texts in which the secret is not', async () => {
  for (const path of ['/x', '/base64', '/moved']) {
    const result = await call('a', 'asker__ask', { url: url(path) });
    const asked = host.seen.length;
    const { invocation } = receiptOf(result);
    const { stdout } = await smcp(['log', 'replay', invocation, '--json', '--home', home.directory]);
    expect(JSON.parse(stdout)).toMatchObject({ same: true, outcome: 'same' });
    expect(reveals(stdout, TOKEN)).toBe(false);
    expect(host.seen.length).toBe(asked);
  }
});

describe('a program that is shown a secret', () => {
  test.each(['plain', 'base64', 'hex', 'backwards', 'fail'])('does not reveal it: %s', async (how) => {
    const result = await call('a', 'shower__show', { how });
    expect(JSON.stringify(result)).toContain('[secret]');
    expect(reveals(JSON.stringify(result), SHOWN)).toBe(false);
  });

  test('has it all the same, and the record has a line for it', async () => {
    const result = await call('a', 'shower__show', { how: 'length' });
    expect(result.structuredContent).toMatchObject({ said: SHOWN.length, names: expect.arrayContaining(['SHOWN']) });
    expect(await usedOf(result)).toEqual([['secrets', 'SHOWN', 1]]);
  });

  test('is shown none where the grant gives none', async () => {
    const result = await call('less', 'shower__show', { how: 'plain' });
    expect(result.structuredContent).toMatchObject({ said: 'nothing' });
    expect(JSON.stringify(result)).not.toContain('"SHOWN"');
  });
});

test('no file of the home, no line of the server and no command has a value', async () => {
  const shown = await smcp(['log', 'tail', '--json', '--home', home.directory]);
  const said = [shown.stdout, ...lines].join('\n');
  expect(said.includes('[secret]')).toBe(true);
  const files = readdirSync(home.directory, { recursive: true, encoding: 'utf8' }).map((name) =>
    join(home.directory, name),
  );
  const texts = files.filter((file) => statSync(file).isFile()).map((file) => readFileSync(file, 'latin1'));
  for (const value of [TOKEN, SHOWN]) {
    expect(reveals(said, value)).toBe(false);
    for (const text of texts) expect(reveals(text, value)).toBe(false);
  }
  // The control: what the log does keep of the same calls is found in these texts.
  expect(texts.some((text) => text.includes('on the way') || text.includes('sent: Bearer [secret]'))).toBe(true);
});
