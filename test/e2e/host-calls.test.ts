// Host calls through a whole server: what a plugin keeps, has run and calls, and what it is refused.

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type App, createApp } from '#app.ts';
import { silentLogger } from '#base/log.ts';
import { loadConfig } from '#config/config.ts';
import { homeAt, prepareHome } from '#config/home.ts';
import { productPluginsDirectory } from '#config/product.ts';
import { connectStreamable, errorOf, receiptOf, type TestClient } from './clients.ts';
import { smcp, temporaryFolder } from './server.ts';

const folder = temporaryFolder();
const home = homeAt(join(folder.path, 'home'));
let app: App;
const clients: { [agent: string]: TestClient } = {};

/** Its one tool does what its arguments say, and hands on how a host call was refused. */
const CODE = `const act = async ({ call, with: given }, host) => {
    const acts = {
      get: () => host.store.get(given[0]), set: () => host.store.set(given[0], given[1]),
      list: () => host.store.list({}), run: () => host.run(given[0], given[1], given[2]),
      tool: () => host.tools.call(given[0], given[1]),
      odd: () => ({
        half: () => host.store.get('\\ud800'),
        halfKept: () => host.store.set('odd', { text: '\\udc00' }),
        halfKey: () => host.store.set('odd', { ['\\ud800']: 1 }),
        prototype: () => host.store.set('odd', JSON.parse('{"__proto__": {"isAdmin": true}}')),
        name: () => host.tools.call('\\ud800', {}),
      })[given[0]](),
    };
    try {
      return { answer: await acts[call]() };
    } catch ({ code, message, details }) {
      return { refused: { code, message, details } };
    }
};
export const tools = { act, brief: act };`;

function writePlugin(name: string, capabilities: object): void {
  const directory = join(folder.path, 'plugins', name);
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'index.js'), CODE);
  const tool = {
    name: 'act',
    description: 'Does what it is told.',
    input: { type: 'object', properties: { call: { type: 'string' }, with: { type: 'array' } } },
  };
  const manifest = {
    ...{ manifest: 1, name, version: '1.0.0', description: 'Acts', runtime: { kind: 'isolate', entry: 'index.js' } },
    ...{ capabilities, tools: [tool, { ...tool, name: 'brief', timeoutMs: 5000 }] },
  };
  writeFileSync(join(directory, 'plugin.json'), JSON.stringify(manifest));
}

const POLICY = `version: 1
agents:
  a: { grants: [{ tools: ["left__*", "right__*", "demo_text__slugify"] }] }
  b: { grants: [{ tools: ["left__*"] }] }
  narrow:
    grants:
      - tools: ["left__*"]
        capabilities: { store: { bytesMax: 64, access: read }, run: [{ program: printf, args: ["%s", "only"] }] }
`;

beforeAll(async () => {
  prepareHome(home);
  writeFileSync(home.policy, POLICY, { mode: 0o600 });
  writePlugin('left', {
    store: { bytesMax: 64 },
    run: [{ program: 'printf', args: ['%s', '*'] }, { program: 'cat' }, { program: 'sleep', args: ['*'] }],
    tools: ['demo_text__slugify', 'right__act', 'left__act'],
  });
  writePlugin('right', { tools: ['left__act', 'right__act'] });
  app = await createApp({
    ...{ home, config: loadConfig(home.config, {}), host: '127.0.0.1', port: 0, logger: silentLogger },
    ...{ version: '0.0.0', productPlugins: productPluginsDirectory(), externalPlugins: [join(folder.path, 'plugins')] },
  });
  for (const agent of ['a', 'b', 'narrow']) {
    const issued = await smcp(['agent', 'token', agent, '--json', '--home', home.directory]);
    clients[agent] = await connectStreamable(app.url, (JSON.parse(issued.stdout) as { token: string }).token);
  }
});

afterAll(async () => {
  for (const client of Object.values(clients)) await client.close();
  await app.close();
  folder.remove();
});

/** Of every process of this machine that is still there to be read. */
function commandLines(): string[] {
  return readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    try {
      return [readFileSync(`/proc/${pid}/cmdline`, 'utf8')];
    } catch {
      return [];
    }
  });
}

type Acted = { readonly answer?: unknown; readonly refused?: { readonly code: string; readonly details?: unknown } };

async function callAs(agent: string, call: string, ...given: unknown[]) {
  const result = await clients[agent]?.call('left__act', { call, with: given });
  if (result === undefined) throw new Error(`no client for ${agent}`);
  return result;
}

const act = async (agent: string, call: string, ...given: unknown[]): Promise<Acted> =>
  (await callAs(agent, call, ...given)).structuredContent as Acted;

async function recordOf(result: Awaited<ReturnType<typeof callAs>>) {
  const shown = await smcp(['log', 'show', receiptOf(result).invocation, '--json', '--home', home.directory]);
  return JSON.parse(shown.stdout) as { record: { predicate: { [key: string]: unknown } }; disclosed: unknown };
}

const denied = (capability: string) => ({
  refused: { code: 'CAPABILITY_DENIED', details: { capability, remedy: expect.stringContaining('plugin.json') } },
});

describe('what a plugin keeps', () => {
  test("is there at the next call of the same agent, and is not another agent's", async () => {
    expect(await act('a', 'set', 'key', { some: 'value' })).toEqual({ answer: null });
    expect(await act('a', 'get', 'key')).toEqual({ answer: { some: 'value' } });
    expect(await act('b', 'get', 'key')).toEqual({ answer: null });
    expect(await act('b', 'list')).toEqual({ answer: { keys: [], isCut: false } });
  });

  test('is not changed where it would be over its quota', async () => {
    expect(await act('a', 'set', 'key', 'x'.repeat(80))).toMatchObject({ refused: { code: 'QUOTA_EXCEEDED' } });
    expect(await act('a', 'get', 'key')).toEqual({ answer: { some: 'value' } });
  });

  test('is only read where the grant says so', async () => {
    expect(await act('narrow', 'set', 'key', 1)).toMatchObject(denied('store'));
    expect(await act('narrow', 'get', 'key')).toEqual({ answer: null });
  });
});

describe('params that no record could hold', () => {
  test.each(['half', 'halfKept', 'halfKey', 'prototype', 'name'])(
    'are refused: %s; the call is recorded',
    async (what) => {
      const result = await callAs('a', 'odd', what);
      expect(result.structuredContent).toMatchObject({ refused: { code: 'REQUEST_INVALID' } });
      expect(await recordOf(result)).toMatchObject({ record: { predicate: { phase: 'outcome' } } });
    },
  );
});

describe('a program that a plugin has run', () => {
  test('answers with what it printed, and is in the record with its transcript', async () => {
    const result = await callAs('a', 'run', 'printf', ['%s', 'some $(id) ; text']);
    expect(result.structuredContent).toEqual({
      answer: { exitCode: 0, stdout: 'some $(id) ; text', stderr: '', isCut: false },
    });
    const { record, disclosed } = await recordOf(result);
    expect(record.predicate).toMatchObject({
      capabilities: { used: [{ kind: 'run', target: 'printf', count: 1 }] },
      sandbox: { engine: expect.stringContaining(process.versions.v8) },
    });
    expect(disclosed).toMatchObject({ transcript: { events: [{ kind: 'asked', name: 'run' }, { kind: 'answered' }] } });
  });

  test.each<[string, unknown[]]>([
    ['another program', ['id', []]],
    ['another number of arguments', ['printf', ['%s', 'a', 'b']]],
    ['an option where a word is meant', ['printf', ['%s', '--help']]],
    ['a path', ['/usr/bin/printf', ['%s', 'x']]],
    ['a way up', ['../bin/printf', ['%s', 'x']]],
    ['arguments where there are none', ['cat', ['/etc/passwd']]],
  ])('is refused: %s', async (_what, given) => {
    expect(await act('a', 'run', ...given)).toMatchObject(denied('run'));
  });

  test('is the one that the grant leaves, with the arguments that it leaves', async () => {
    expect(await act('narrow', 'run', 'printf', ['%s', 'only'])).toMatchObject({ answer: { stdout: 'only' } });
    expect(await act('narrow', 'run', 'printf', ['%s', 'other'])).toMatchObject(denied('run'));
    expect(await act('narrow', 'run', 'cat', [])).toMatchObject(denied('run'));
  });

  test('reads what it is given, and nothing else is there', async () => {
    expect(await act('a', 'run', 'cat', [], { stdin: 'line\n' })).toMatchObject({ answer: { stdout: 'line\n' } });
  });
});

test('a program ends with the call that had it run, also where that runs out of time', async () => {
  const seconds = `861.${process.pid}`;
  const isRunning = () => commandLines().some((line) => line.includes(`sleep\0${seconds}`));
  for (let hasRun = false; !hasRun; ) {
    let isOver = false;
    const call = clients['a']?.call('left__brief', { call: 'run', with: ['sleep', [seconds]] });
    const ended = call?.finally(() => {
      isOver = true;
    });
    // Where its time was up before the program began, there was nothing to see, and it is tried again.
    for (; !hasRun && !isOver; await sleep(20)) hasRun = isRunning();
    expect(errorOf((await ended) as never).code).toBe('TIMEOUT');
    await expect.poll(isRunning).toBe(false);
  }
});

describe("another plugin's tool", () => {
  test("answers under the agent's own grant, and its record names the call that made it", async () => {
    const result = await callAs('a', 'tool', 'demo_text__slugify', { title: 'A Title' });
    expect(JSON.stringify(result.structuredContent)).toContain('a-title');
    const { record } = await recordOf(result);
    expect(record.predicate).toMatchObject({
      capabilities: { used: [{ kind: 'tools', target: 'demo_text__slugify', count: 1 }] },
    });
    const tail = await smcp(['log', 'tail', '--json', '--home', home.directory]);
    expect(tail.stdout).toContain(receiptOf(result).invocation);
  });

  test('is denied to an agent that may not call it itself, through whatever plugin', async () => {
    expect(await act('b', 'tool', 'demo_text__slugify', { title: 'A Title' })).toMatchObject({
      refused: { code: 'DENIED' },
    });
    const direct = await clients['b']?.call('demo_text__slugify', { title: 'A Title' }).catch((error: Error) => error);
    expect(direct instanceof Error || errorOf(direct as never).code === 'DENIED').toBe(true);
  });

  test('is refused where the plugin did not ask for it, though the agent may call it', async () => {
    expect(await act('a', 'tool', 'demo_text__echo', { message: 'x' })).toMatchObject(denied('tools'));
    expect(await act('a', 'tool', 'smcp__status', {})).toMatchObject(denied('tools'));
  });

  test('that calls back and back ends with a code, and the lane goes on', async () => {
    const back = (depth: number): unknown[] =>
      depth === 0
        ? ['demo_text__slugify', { title: 'deep' }]
        : ['right__act', { call: 'tool', with: ['left__act', { call: 'tool', with: back(depth - 1) }] }];
    const looped = JSON.stringify(await act('a', 'tool', ...back(3)));
    expect(looped).toContain('LANE_CONFLICT');
    expect(await act('a', 'get', 'key')).toEqual({ answer: { some: 'value' } });
  });
});

test('the log that all of it left verifies, and one byte of a transcript changed does not', async () => {
  const verify = async () => JSON.parse((await smcp(['log', 'verify', home.directory, '--json'])).stdout) as unknown;
  expect(await verify()).toMatchObject({ ok: true });
  const database = new DatabaseSync(home.database);
  const change = (from: string, to: string) =>
    database.prepare('UPDATE disclosure SET transcript = replace(transcript, ?, ?)').run(from, to);
  change('some $(id)', 'some $(di)');
  expect(await verify()).toMatchObject({ ok: false, firstProblem: { code: 'DISCLOSURE_MISMATCH' } });
  change('some $(di)', 'some $(id)');
  database.close();
  expect(await verify()).toMatchObject({ ok: true });
});
