// `smcp stdio` as a bridge to a server that runs on the home: what agents see, and what happens when either side ends.

import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, lstatSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { StdioClientTransport as ModernStdio } from '@modelcontextprotocol/client/stdio';
import { StdioClientTransport as LegacyStdio } from '@modelcontextprotocol/sdk/client/stdio.js';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { LINE_CLIENTS } from '#test/stdio/clients.ts';
import { initialize, rpc, stateless } from '#test/stdio/door.ts';
import { smcp, startServer, type TestServer, temporaryFolder } from './server.ts';
import { SMCP, type StdioProcess, startStdio, untilGone, wardensOf } from './stdio-process.ts';

const folder = temporaryFolder();
const home = join(folder.path, 'home');
const started: StdioProcess[] = [];
let server: TestServer;

const start = (...args: readonly string[]) => {
  const stdio = startStdio(args.length > 0 ? args : ['--agent', 'demo', '--home', home]);
  started.push(stdio);
  return stdio;
};
const echo = (id: unknown, message = 'hello') =>
  stateless(id, 'tools/call', { name: 'demo_text__echo', arguments: { message } });

beforeAll(async () => {
  server = await startServer(home);
});
afterEach(async () => {
  for (const stdio of started.splice(0)) if (stdio.child.exitCode === null) await stdio.kill('SIGKILL');
});
afterAll(async () => {
  await server.stop();
  folder.remove();
});

const SPAWNED = { command: process.execPath, args: [SMCP, 'stdio', '--agent', 'demo', '--home', home] };

describe.each(LINE_CLIENTS)('$title', ({ title, connect: connectClient }) => {
  test('starts it, lists, calls with a record of the door, is denied, and ends it', async () => {
    const Transport = title.includes('1.x') ? LegacyStdio : ModernStdio;
    const transport = new Transport({ ...SPAWNED, stderr: 'pipe' });
    const client = await connectClient(transport as never);
    const pid = transport.pid ?? 0;
    const { tools } = await client.list();
    expect(tools.map(({ name }) => name)).toContain('demo_text__echo');
    const result = await client.call({ name: 'demo_text__echo', arguments: { message: 'über' } });
    expect(result).toMatchObject({ structuredContent: { ok: true, output: 'über' } });
    const { invocation } = (result['_meta'] as { 'smcp/receipt': { invocation: string } })['smcp/receipt'];
    expect(await server.json('log', 'show', invocation)).toMatchObject({
      record: { predicate: { agent: 'demo', door: 'stdio', tool: { name: 'demo_text__echo' } } },
    });
    const denied = await client.call({ name: 'other__tool', arguments: {} });
    expect(denied).toMatchObject({ isError: true, structuredContent: { error: { code: 'DENIED' } } });
    await client.close();
    await untilGone([pid]);
  });
});

describe('the bridge', () => {
  test('starts no plugin itself, and lets the server be administered', async () => {
    const stdio = start();
    await stdio.ask(echo(1));
    expect(wardensOf(stdio.pid)).toEqual([]);
    expect(await server.json('status')).toMatchObject({ lanes: expect.any(Array) });
    expect(await stdio.end()).toBe(0);
  });

  test('hears at once of a changed policy, and an agent that it names no more loses everything', async () => {
    await server.smcp('agent', 'add', 'guest');
    const stdio = start('--agent', 'guest', '--home', home);
    await stdio.ask(initialize('2025-06-18'));
    stdio.send({ jsonrpc: '2.0', method: 'notifications/initialized' });
    expect(await stdio.ask(rpc(1, 'tools/list'))).toMatchObject({ result: { tools: [] } });
    const file = join(folder.path, 'policy.yaml');
    const grant = 'grants:\n      - tools: ["demo_text__echo"]\n';
    writeFileSync(file, `version: 1\nagents:\n  demo:\n    ${grant}  guest:\n    ${grant}`);
    expect(await server.smcp('policy', 'apply', file)).toMatchObject({ code: 0 });
    await stdio.find(({ method }) => method === 'notifications/tools/list_changed');
    const call = { name: 'demo_text__echo', arguments: { message: 'hi' } };
    expect(await stdio.ask(rpc(2, 'tools/call', call))).toMatchObject({
      result: { structuredContent: { output: 'hi' } },
    });
    writeFileSync(file, `version: 1\nagents:\n  demo:\n    ${grant}`);
    expect(await server.smcp('policy', 'apply', file)).toMatchObject({ code: 0 });
    expect(await stdio.ask(rpc(3, 'tools/call', call))).toMatchObject({
      result: { isError: true, structuredContent: { error: { code: 'DENIED' } } },
    });
    expect(await stdio.ask(rpc(4, 'tools/list'))).toMatchObject({ result: { tools: [] } });
    expect(await stdio.end()).toBe(0);
    const again = await smcp(['stdio', '--agent', 'guest', '--home', home]);
    expect([again.code, again.stdout]).toEqual([2, '']);
    expect(again.stderr).toContain('AGENT_UNKNOWN: the policy names no agent guest');
  });

  test('answers lines that are no messages by itself, and goes on', async () => {
    const stdio = start();
    stdio.write('hello\n\n{"jsonrpc":"2.0"}\n[]\n');
    stdio.child.stdin.write(Buffer.from([0xff, 0xfe, 0x0a]));
    stdio.write(`${'x'.repeat(1024 * 1024 + 1)}\n`);
    stdio.write(`{"jsonrpc":"2.0","id":1,"method":"x","params":${'['.repeat(70)}${']'.repeat(70)}}\n`);
    expect(await stdio.ask(echo('after'))).toMatchObject({ result: { structuredContent: { output: 'hello' } } });
    const codes = stdio.lines.slice(0, 6).map(({ error }) => (error as { code: number }).code);
    expect(codes).toEqual([-32700, -32600, -32600, -32700, -32600, -32700]);
    expect(stdio.strays).toEqual([]);
    expect(await stdio.end()).toBe(0);
  });

  test('ends with the server, and says so', async () => {
    const own = join(folder.path, 'stopped');
    const other = await startServer(own);
    const stdio = start('--agent', 'demo', '--home', own);
    await stdio.ask(echo(1));
    expect(await other.stop()).toBe(0);
    expect(await stdio.ended).toBe(3);
    expect(stdio.stderr()).toContain('SERVER_UNAVAILABLE: the server of this home went away');
  });

  test('answers what was under way when the server is killed', async () => {
    const own = join(folder.path, 'killed');
    const other = await startServer(own);
    const stdio = start('--agent', 'demo', '--home', own);
    await stdio.ask(echo(1));
    const wardens = wardensOf(other.pid);
    for (const pid of wardens) process.kill(pid, 'SIGSTOP');
    stdio.send(echo('lost'));
    await stdio.ask(stateless(2, 'tools/list'));
    await other.kill();
    expect(await stdio.ended).toBe(3);
    expect(stdio.lines.find(({ id }) => id === 'lost')).toMatchObject({
      error: { code: -32003, data: { code: 'INTERRUPTED' } },
    });
    expect(stdio.stderr()).toContain('1 request was under way');
    for (const pid of wardens) process.kill(pid, 'SIGKILL');
  });

  test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
    'ends with code 0 at %s, and its calls are cancelled',
    async (signal) => {
      const stdio = start();
      await stdio.ask(echo(1));
      expect(await stdio.kill(signal)).toBe(0);
      expect(await server.json('status')).toMatchObject({ lanes: expect.any(Array) });
    },
  );

  test('refuses a token without an address only where an address is given', async () => {
    const { code, stderr } = await smcp(['stdio', '--agent', 'demo', '--home', home], { SMCP_URL: server.url });
    expect([code, stderr]).toEqual([2, expect.stringContaining('SMCP_URL is set without SMCP_TOKEN')]);
  });
});

describe('something else in the place of the socket', () => {
  const socket = join(home, 'agents.sock');
  const aside = join(home, 'agents.sock.aside');
  let impostor: Server | undefined;
  const listen = (path: string, answer: string) =>
    new Promise<void>((resolve) => {
      impostor = createServer((connection) => {
        connection.on('error', () => {}).resume();
        connection.write(answer);
      }).listen(path, resolve);
    });

  afterEach(async () => {
    await new Promise<void>((resolve) => (impostor === undefined ? resolve() : impostor.close(() => resolve())));
    impostor = undefined;
    rmSync(socket, { force: true });
    renameSync(aside, socket);
  });

  test('is refused where it is a link, even to a socket', async () => {
    renameSync(socket, aside);
    symlinkSync(aside, socket);
    const { code, stdout, stderr } = await smcp(['stdio', '--agent', 'demo', '--home', home]);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain('HOME_UNSAFE');
    // The control: whoever does not look first is let through.
    const connection = connect(socket);
    await once(connection, 'connect');
    connection.destroy();
  });

  test.each([0o666, 0o660, 0o604])('is refused where others could open it (mode %o)', async (mode) => {
    renameSync(socket, aside);
    await listen(socket, '{"smcp":1,"agent":"demo","version":"1","command":"serve"}\n');
    chmodSync(socket, mode);
    const { code, stderr } = await smcp(['stdio', '--agent', 'demo', '--home', home]);
    expect([code, stderr]).toEqual([1, expect.stringContaining('HOME_UNSAFE')]);
  });

  test.each([
    ['speaks another protocol', 'HTTP/1.1 400 Bad Request\r\n\r\n'],
    ['is of another version', '{"smcp":2,"agent":"demo","version":"9","command":"serve"}\n'],
    ['answers with an error that is none of ours', '{"smcp":1,"error":{"code":"X","message":"no"}}\n'],
  ])('is told from a server where it %s', async (_what, answer) => {
    renameSync(socket, aside);
    await listen(socket, answer);
    chmodSync(socket, 0o600);
    const { code, stdout, stderr } = await smcp(['stdio', '--agent', 'demo', '--home', home]);
    expect([code, stdout]).toEqual([3, '']);
    expect(stderr).toContain('SERVER_UNAVAILABLE: the server of the home is of another version');
  });
});

describe('another user of the machine', () => {
  /** Opens the socket as `nobody`; only root may become somebody else. */
  const asNobody = () => {
    const source = `require('node:net').connect(${JSON.stringify(join(home, 'agents.sock'))})
      .on('connect', () => { console.log('open'); process.exit(); }).on('error', (e) => console.log(e.code))`;
    return spawnSync(process.execPath, ['-e', source], { uid: 65534, gid: 65534, encoding: 'utf8' }).stdout.trim();
  };

  test('can not open the socket; where its mode let them, they could', () => {
    const { mode } = lstatSync(join(home, 'agents.sock'));
    expect(mode & 0o777).toBe(0o600);
    // Whoever runs the tests as somebody else than root sees the mode only.
    if (process.getuid?.() !== 0) return;
    const parents = [folder.path, home];
    for (const parent of parents) chmodSync(parent, 0o711);
    try {
      expect(asNobody()).toBe('EACCES');
      chmodSync(join(home, 'agents.sock'), 0o666);
      expect(asNobody()).toBe('open');
    } finally {
      chmodSync(join(home, 'agents.sock'), 0o600);
      for (const parent of parents) chmodSync(parent, 0o700);
    }
  });
});
