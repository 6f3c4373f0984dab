// A whole server with a plugin that makes every kind of host call in every order, and what records and replays its calls. Shared with
// the stress run.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type App, createApp } from '#app.ts';
import { silentLogger } from '#base/log.ts';
import { loadConfig } from '#config/config.ts';
import { type Home, homeAt, prepareHome } from '#config/home.ts';
import { productPluginsDirectory } from '#config/product.ts';
import { connectStreamable, receiptOf, type TestClient } from './clients.ts';
import { adminTokenOf } from './in-process.ts';
import { smcp, temporaryFolder } from './server.ts';

/** What its tool `act` does, by `case`. `given` is whatever the case takes. */
export const ACTOR = `
const codeOf = (error) => ({ code: error.code, message: error.message, details: error.details ?? null });
const cases = {
  keys: (given) => ({ keys: Object.keys(given), text: JSON.stringify(given) }),
  zero: ({ n }) => ({ isMinus: Object.is(n, -0) }),
  chance: async (_, host) => ({ at: await host.now(), bytes: [...(await host.random(8))], later: await host.now() }),
  all: async (_, host) => {
    const order = [];
    const note = (name, call) => call.then((value) => { order.push(name); return value; });
    const values = await Promise.all([
      note('tool', host.tools.call('demo_text__slugify', { title: 'One Two' })),
      note('now', host.now()),
      note('get', host.store.get('kept')),
      note('set', host.store.set('kept', { at: [1.5, -0, 1e21, 5e-324, 9007199254740993], word: 'žluťoučký 😀' })),
      note('again', host.store.get('kept')),
    ]);
    return { order, values };
  },
  race: async (_, host) => {
    const calls = [
      host.tools.call('demo_text__slugify', { title: 'slow' }).then(() => 'tool'),
      host.now().then(() => 'now'),
      host.store.list().then(() => 'list'),
    ];
    const first = await Promise.race(calls);
    return { first, last: await Promise.race([host.random(2).then((b) => b[0]), calls[0]]) };
  },
  caught: async (_, host) => {
    const seen = [];
    for (const act of [
      () => host.store.set('big', 'x'.repeat(9000)),
      () => host.run('id'),
      () => host.run('printf', ['%s', '--version']),
      () => host.tools.call('demo_math__coin_flip'),
      () => host.tools.call('demo_text__word_count', {}),
    ]) seen.push(await act().then((value) => ({ value }), codeOf));
    return seen;
  },
  keeps: ({ value }, host) => host.store.set('word', value),
  finds: async (_, host) => ({ value: await host.store.get('word') }),
  uncaught: (_, host) => host.store.set('big', 'x'.repeat(9000)),
  between: async (_, host) => {
    host.log('begins');
    const at = await host.now();
    host.progress({ progress: 1, total: 2, message: 'half' });
    console.info('a line', at);
    const more = host.random(1);
    host.log('warn', 'while it waits');
    return { at, byte: (await more)[0] };
  },
  order: async (_, host) => {
    await host.store.set('two', { z: 1, a: 2, '10': 3, '9': 4 });
    const back = await host.store.get('two');
    return { text: JSON.stringify(back), ran: await host.run('printf', ['%s', 'ø$(id)']) };
  },
  loops: async ({ times }, host) => {
    let sum = 0;
    for (let round = 0; round < times; round += 1) sum += (await host.random(1))[0];
    return { sum };
  },
  floods: async (_, host) => { for (;;) await host.now(); },
  throws: (given) => { throw new TypeError('no ' + given.what); },
  odd: () => ({ big: 10n }),
  stack: () => { try { null.x; } catch (error) { return error.stack; } },
  depth: () => { let depth = 0; const down = () => { depth += 1; down(); }; try { down(); } catch {} return depth > 100; },
  deepest: async ({ afterAnswer }, host) => {
    if (afterAnswer) await host.now();
    let depth = 0;
    const down = () => { depth += 1; down(); };
    try { down(); } catch (error) { return { depth, message: error.message }; }
  },
  waits: (_, host) => host.run('sleep', ['30']),
  spins: () => { for (;;); },
  large: ({ length }) => 'é'.repeat(length),
  hoards: async (_, host) => {
    for (let at = 0; at < 12; at += 1) await host.tools.call('demo_text__word_count', { text: 'y'.repeat(95000) });
  },
};
const act = ({ case: name, given = {} }, host) => cases[name](given, host);
export const tools = { act, brief: act };
`;

const MANIFEST = {
  ...{ manifest: 1, name: 'actor', version: '1.0.0', description: 'Acts' },
  runtime: { kind: 'isolate', entry: 'index.js', hostCalls: 60, memoryMiB: 32, cpuMs: 2000 },
  capabilities: {
    ...{ store: { bytesMax: 8192 }, clock: true, random: true },
    run: [
      { program: 'printf', args: ['%s', '*'] },
      { program: 'sleep', args: ['*'] },
    ],
    tools: ['demo_text__slugify', 'demo_text__word_count'],
  },
  tools: ['act', 'brief'].map((name) => ({
    ...{ name, description: 'Does what it is told.' },
    input: { type: 'object', properties: { case: { type: 'string' }, given: { type: 'object' } }, required: ['case'] },
    ...(name === 'brief' ? { timeoutMs: 4_000 } : {}),
  })),
};

/** Without the breaker of loops: the same calls come again and again. */
const POLICY = `version: 1
defaults: { loop: off }
agents:
  a: { grants: [{ tools: ["*", "smcp__log_replay"] }] }
`;

export type Replayed = {
  readonly same: boolean;
  readonly outcome: string;
  readonly reason: string;
  readonly hostCalls: number;
  readonly recorded: unknown;
  readonly replayed: unknown;
  readonly engine: { readonly recorded: string | null; readonly now: string | null };
  readonly difference: { readonly index: number; readonly asked: unknown; readonly recorded: unknown } | null;
};

export type ReplayWorld = AsyncDisposable & {
  readonly home: Home;
  readonly pluginsPath: string;
  readonly app: () => App;
  readonly client: () => TestClient;
  /** Calls a tool. @returns its invocation and what it answered */
  readonly call: (tool: string, args: object) => Promise<{ readonly id: string; readonly value: unknown }>;
  /** `act` of the plugin. */
  readonly act: (name: string, given?: object) => Promise<{ readonly id: string; readonly value: unknown }>;
  readonly replay: (id: string) => Promise<Replayed>;
  readonly admin: (method: string, path: string) => Promise<{ readonly status: number; readonly body: unknown }>;
  /** Does `work` to the home while no server runs on it, then starts one again. */
  readonly whileDown: (work: () => void) => Promise<void>;
};

export function writeActor(directory: string, code: string = ACTOR): void {
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'index.js'), code);
  writeFileSync(join(directory, 'plugin.json'), JSON.stringify(MANIFEST));
}

export async function startReplayWorld(version = '1.2.3'): Promise<ReplayWorld> {
  const folder = temporaryFolder();
  const home = homeAt(join(folder.path, 'home'));
  const pluginsPath = join(folder.path, 'plugins');
  prepareHome(home);
  writeFileSync(home.policy, POLICY, { mode: 0o600 });
  writeFileSync(home.config, 'version: 1\nplugins: { approve: always }\n', { mode: 0o600 });
  writeActor(join(pluginsPath, 'actor'));
  const start = () =>
    createApp({
      ...{ home, config: loadConfig(home.config, {}), host: '127.0.0.1', port: 0, logger: silentLogger },
      ...{ version, productPlugins: productPluginsDirectory(), externalPlugins: [pluginsPath] },
    });
  let app = await start();
  const issued = await smcp(['agent', 'token', 'a', '--json', '--home', home.directory]);
  const { token } = JSON.parse(issued.stdout) as { token: string };
  let client = await connectStreamable(app.url, token);

  const admin: ReplayWorld['admin'] = async (method, path) => {
    const headers = { authorization: `Bearer ${adminTokenOf(home)}`, 'content-type': 'application/json' };
    const body = method === 'POST' ? { body: '{}' } : {};
    const response = await fetch(`${app.url}/admin/v1${path}`, { method, headers, ...body });
    return { status: response.status, body: await response.json() };
  };
  const call: ReplayWorld['call'] = async (tool, args) => {
    const result = await client.call(tool, args as Record<string, unknown>);
    return { id: receiptOf(result).invocation, value: result.structuredContent };
  };
  const stop = async () => {
    await client.close();
    await app.close();
  };
  return {
    ...{ home, pluginsPath, admin, call, app: () => app, client: () => client },
    act: (name, given = {}) => call('actor__act', { case: name, given }),
    replay: async (id) => (await admin('POST', `/log/replays/${id}`)).body as Replayed,
    whileDown: async (work) => {
      await stop();
      work();
      app = await start();
      client = await connectStreamable(app.url, token);
    },
    [Symbol.asyncDispose]: async () => {
      await stop();
      folder.remove();
    },
  };
}
