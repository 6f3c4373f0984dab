// Every block of docs/clients.md, started as its client starts it, by something that speaks as that client does.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startServer, type TestServer, temporaryFolder } from '#test/e2e/server.ts';
import { SMCP, untilGone } from '#test/e2e/stdio-process.ts';
import { type Address, filled, type Program, RECIPES, serverOf, words } from './recipes.ts';
import { converse, type Heard, SPEAKERS, type Speaker } from './speak.ts';

const folder = temporaryFolder();
const home = join(folder.path, 'home');
/** A home that no server runs on: the command serves it by itself. */
const ownHome = join(folder.path, 'own');
let server: TestServer;

beforeAll(async () => {
  server = await startServer(home);
});
afterAll(async () => {
  await server.stop();
  folder.remove();
});

const recipe = (name: string, at = home) => filled(name, { home: at, url: server.url, token: server.token });

/** The variables that programs get which are started from a desktop, and nothing of this test's. */
const FEW_VARIABLES = {
  HOME: '/nonexistent',
  LOGNAME: 'me',
  PATH: '/usr/bin:/bin',
  SHELL: '/bin/sh',
  TERM: 'dumb',
  USER: 'me',
};

async function conversation({ command, args, env }: Program, speaker: Speaker): Promise<Heard> {
  const transport = new StdioClientTransport({
    command,
    args: [...args],
    env: { ...FEW_VARIABLES, ...env },
    cwd: '/',
    stderr: 'ignore',
  });
  let pid: number | null = null;
  const start = transport.start.bind(transport);
  transport.start = async () => {
    await start();
    pid = transport.pid;
  };
  const heard = await converse(transport, speaker);
  if (pid !== null) await untilGone([pid]);
  return heard;
}

function programOf(text: string): Program {
  const { command, args, env } = serverOf(text);
  if (command === undefined || args === undefined) throw new Error('a program is expected');
  return { command, args, ...(env === undefined ? {} : { env }) };
}

/** `${NAME}` and `${env:NAME}`, as clients put variables in. */
function addressOf(text: string, variables: { readonly [name: string]: string } = {}): Address {
  const expanded = text.replace(/\$\{(?:env:)?([A-Z_]+)\}/g, (_, name: string) => variables[name] ?? '');
  const { url, headers } = serverOf(expanded);
  if (url === undefined || headers === undefined) throw new Error('an address is expected');
  return { url, headers };
}

const streamable = ({ url, headers }: Address) =>
  new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers: { ...headers } } }) as Transport;

const sse = ({ url, headers }: Address) =>
  new SSEClientTransport(new URL(url), {
    requestInit: { headers: { ...headers } },
    eventSourceInit: { fetch: (input, init) => fetch(input, { ...init, headers: { ...init?.headers, ...headers } }) },
  }) as Transport;

/** What every client must have heard. */
function expectServed(heard: Heard, { version, asksForAll }: Speaker): void {
  expect(heard).toEqual({
    protocolVersion: version,
    tools: expect.arrayContaining(['demo_math__calculate', 'demo_text__echo']),
    missing: asksForAll ? [-32601, -32601, -32601] : [],
    called: { ok: true, output: 'héllo' },
    denied: 'DENIED',
  });
}

const tried = new Set<string>();
/** A test of the block of this name. */
const tries = (name: string, title: string, work: () => Promise<void>) => {
  tried.add(name);
  test(`${name}: ${title}`, work);
};

describe.each(['2025-06-18', '2025-11-25'])('Claude, with %s', (version) => {
  const desktop = SPEAKERS.desktop(version);
  const code = SPEAKERS.code(version);

  tries('claude desktop, stdio', 'through the server of the home', async () => {
    expectServed(await conversation(programOf(recipe('claude desktop, stdio')), desktop), desktop);
  });

  tries('claude desktop, stdio', 'twice at the same time on a home that nothing serves', async () => {
    const program = programOf(recipe('claude desktop, stdio', ownHome));
    const both = await Promise.all([conversation(program, desktop), conversation(program, desktop)]);
    for (const heard of both) expectServed(heard, desktop);
  });

  tries('claude desktop, container', 'what runs inside', async () => {
    const { command, args } = programOf(recipe('claude desktop, container'));
    expect([command, ...args.slice(0, 4)]).toEqual(['docker', 'exec', '-i', 'smcp', 'smcp']);
    // The image links `smcp` to smcp.js and sets SMCP_HOME.
    const inside = { command: process.execPath, args: [SMCP, ...args.slice(4)], env: { SMCP_HOME: home } };
    expectServed(await conversation(inside, desktop), desktop);
  });

  tries('claude desktop, bridge to an address', 'with a token and no home', async () => {
    expectServed(await conversation(programOf(recipe('claude desktop, bridge to an address')), desktop), desktop);
  });

  tries('claude code, stdio command', 'what stands after --', async () => {
    const all = words(recipe('claude code, stdio command'));
    expect(all.slice(0, 7)).toEqual(['claude', 'mcp', 'add', '--scope', 'user', 'smcp', '--']);
    const [command = '', ...args] = all.slice(7);
    expectServed(await conversation({ command, args }, code), code);
  });

  tries('claude code, http command', 'its address and header', async () => {
    const all = words(recipe('claude code, http command'));
    expect(all.slice(0, 8)).toEqual(['claude', 'mcp', 'add', '--scope', 'user', '--transport', 'http', 'smcp']);
    const [url = '', option, header = ''] = all.slice(8);
    expect(option).toBe('--header');
    const [name = '', value = ''] = header.split(': ');
    expectServed(await converse(streamable({ url, headers: { [name]: value } }), code), code);
  });

  tries('claude code, project', 'with the token in a variable', async () => {
    const address = addressOf(recipe('claude code, project'), { SMCP_DEMO_TOKEN: server.token });
    expectServed(await converse(streamable(address), code), code);
  });
});

describe('Cursor', () => {
  const { cursor } = SPEAKERS;

  tries('cursor, stdio', 'through the server of the home', async () => {
    expectServed(await conversation(programOf(recipe('cursor, stdio')), cursor), cursor);
  });

  tries('cursor, http', 'with the token in a variable', async () => {
    const address = addressOf(recipe('cursor, http'), { SMCP_DEMO_TOKEN: server.token });
    expectServed(await converse(streamable(address), cursor), cursor);
  });
});

describe('Letta', () => {
  const { letta } = SPEAKERS;
  type Config = {
    readonly mcp_server_type: string;
    readonly server_url: string;
    readonly auth_header: string;
    readonly auth_token: string;
  };
  const configOf = (name: string) => (JSON.parse(recipe(name)) as { config: Config & Program }).config;
  const remote = (name: string): Address => {
    const { server_url: url, auth_header: header, auth_token: value } = configOf(name);
    return { url, headers: { [header]: value } };
  };

  tries('letta, streamable http', 'with its header', async () => {
    expect(configOf('letta, streamable http').mcp_server_type).toBe('streamable_http');
    expectServed(await converse(streamable(remote('letta, streamable http')), letta), letta);
  });

  tries('letta, sse', 'with its header', async () => {
    expect(configOf('letta, sse').mcp_server_type).toBe('sse');
    expectServed(await converse(sse(remote('letta, sse')), letta), letta);
  });

  tries('letta, stdio', 'through the server of the home', async () => {
    expect(configOf('letta, stdio').mcp_server_type).toBe('stdio');
    expectServed(await conversation(configOf('letta, stdio'), letta), letta);
  });
});

describe('by hand', () => {
  tries('by hand', 'the messages are answered, one a line', async () => {
    const { status, stdout } = spawnSync('/bin/sh', ['-c', recipe('by hand')], {
      cwd: '/',
      env: FEW_VARIABLES,
      encoding: 'utf8',
    });
    const answers = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { id: number });
    expect([status, answers.map(({ id }) => id)]).toEqual([0, [1, 2]]);
  });
});

describe('the page', () => {
  test('has no block that nobody tries', () => {
    expect(RECIPES.length).toBeGreaterThan(10);
    expect(RECIPES.filter(({ name }) => name === undefined)).toEqual([]);
    expect(RECIPES.map(({ name }) => name).toSorted()).toEqual([...tried].toSorted());
  });
});
