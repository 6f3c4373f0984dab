import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DOORS, errorOf, receiptOf } from './clients.ts';
import { smcp, startServer, type TestServer, temporaryFolder } from './server.ts';

let server: TestServer;
const folder = temporaryFolder();

beforeAll(async () => {
  server = await startServer(join(folder.path, 'home'));
});

afterAll(async () => {
  await server.stop();
  folder.remove();
});

describe.each(DOORS)('over %s', (_, connect) => {
  test('the demo agent sees the demo tools in a stable order, and nothing else', async () => {
    const client = await connect(server.url, server.token);
    const names = await client.listNames();
    expect(names).toEqual([
      'demo_math__calculate',
      'demo_math__coin_flip',
      'demo_math__format_bytes',
      'demo_text__echo',
      'demo_text__hash_preview',
      'demo_text__slugify',
      'demo_text__word_count',
    ]);
    await client.close();
  });

  test('a granted call answers with its value and a receipt that the log knows', async () => {
    const client = await connect(server.url, server.token);
    const result = await client.call('demo_text__slugify', { title: 'Hello, Wörld again' });
    expect(result.isError ?? false).toBe(false);
    const receipt = receiptOf(result);
    const shown = await server.json('log', 'show', receipt.invocation);
    expect(shown).toMatchObject({
      index: receipt.index,
      leaf: receipt.leaf,
      invocation: receipt.invocation,
      record: {
        predicate: {
          phase: 'outcome',
          agent: 'demo',
          tool: { name: 'demo_text__slugify', plugin: 'demo_text', effect: 'pure' },
          policy: { decision: 'allow', rule: 'demo-plugins', version: 1 },
          sandbox: { tier: 'isolate' },
        },
      },
      disclosed: { args: { title: 'Hello, Wörld again' } },
    });
    await client.close();
  });

  test('a call without a grant is denied with the rule and a remedy, and recorded', async () => {
    const client = await connect(server.url, server.token);
    const result = await client.call('shell__run', { command: 'id' });
    expect(result.isError).toBe(true);
    expect(errorOf(result)).toMatchObject({
      code: 'DENIED',
      details: { rule: 'default-deny', remedy: expect.stringMatching(/\S/) },
    });
    const { invocation } = receiptOf(result);
    expect(await server.json('log', 'show', invocation)).toMatchObject({
      record: {
        predicate: { phase: 'denied', agent: 'demo', tool: { name: 'shell__run' }, policy: { decision: 'deny' } },
      },
    });
    await client.close();
  });

  test('a name of any length is denied and recorded, cut to what a record holds', async () => {
    const client = await connect(server.url, server.token);
    const result = await client.call(`demo_text__${'x'.repeat(3000)}`);
    expect(errorOf(result)).toMatchObject({ code: 'DENIED' });
    expect(await server.json('log', 'show', receiptOf(result).invocation)).toMatchObject({
      record: { predicate: { phase: 'denied', tool: { name: expect.stringMatching(/^demo_text__x+/) } } },
    });
    await client.close();
  });

  test('arguments that do not fit name the place', async () => {
    const client = await connect(server.url, server.token);
    const result = await client.call('demo_text__slugify', { title: 7 });
    expect(errorOf(result)).toMatchObject({
      code: 'ARGUMENTS_INVALID',
      details: { problems: [{ pointer: '/title' }] },
    });
    await client.close();
  });

  test('a tool that a grant covers and nobody has is a protocol error without names', async () => {
    const client = await connect(server.url, server.token);
    await expect(client.call('demo_text__nothing')).rejects.toThrow(/unknown tool/);
    await expect(client.call('demo_text__nothing')).rejects.not.toThrow(/slugify/);
    await client.close();
  });

  test('a revoked token is refused from then on', async () => {
    const { id, token } = (await server.json('agent', 'token', 'demo')) as { id: string; token: string };
    const client = await connect(server.url, token);
    await client.listNames();
    await client.close();
    expect((await server.smcp('agent', 'revoke', id)).code).toBe(0);
    await expect(connect(server.url, token)).rejects.toThrow();
  });

  test('an expired token is refused', async () => {
    const { token } = (await server.json('agent', 'token', 'demo', '--expires', '1ms')) as { token: string };
    await expect(connect(server.url, token)).rejects.toThrow();
  });
});

describe('the commands', () => {
  test('call and tools go through MCP as the agent', async () => {
    const called = await server.smcp('call', 'demo_math__calculate', '--args', '{"operation":"multiply","a":6,"b":7}');
    expect(called.stdout).toContain('42');
    expect(called.code).toBe(0);
    const tools = (await server.json('tools', '--agent', 'demo')) as { name: string; effect: string }[];
    expect(tools.find(({ name }) => name === 'demo_math__coin_flip')?.effect).toBe('pure');
  });

  test('a call that is denied exits with 1 and says why', async () => {
    const { code, stdout } = await server.smcp('call', 'shell__run');
    expect(code).toBe(1);
    expect(stdout).toMatch(/^DENIED \(default-deny\): /);
  });

  test('can answers yes with 0, no with 1 and what would change it', async () => {
    expect(await server.smcp('can', 'demo', 'demo_text__echo')).toMatchObject({ code: 0 });
    const no = await server.smcp('can', 'demo', 'shell__run', '--json');
    expect(no.code).toBe(1);
    expect(JSON.parse(no.stdout)).toMatchObject({ decision: 'deny', rule: 'default-deny', remedy: expect.any(String) });
  });

  test('an unknown agent, a wrong option and a misspelt command are usage errors with a remedy', async () => {
    expect(await server.smcp('agent', 'token', 'nobody')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('smcp agent add nobody'),
    });
    expect(await server.smcp('status', '--colour')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('USAGE'),
    });
    expect(await server.smcp('statsu')).toMatchObject({ code: 2, stderr: expect.stringContaining('status') });
  });

  test('status and plugin list say what runs', async () => {
    expect(await server.json('status')).toMatchObject({ ready: true, plugins: { ready: 5, refused: 0 } });
    const plugins = (await server.json('plugin', 'list')) as { name: string; digest: string; state: string }[];
    expect(plugins.map(({ name, state }) => [name, state])).toEqual([
      ['demo_math', 'ready'],
      ['demo_text', 'ready'],
      ['http_fetch', 'ready'],
      ['notes', 'ready'],
      ['shell', 'ready'],
    ]);
  });

  test('tools and call say what a bad or an admin token is', async () => {
    const at = { SMCP_URL: server.url };
    const admin = readFileSync(join(server.home, 'admin.token'), 'utf8').trim();
    expect(await smcp(['tools'], { ...at, SMCP_TOKEN: 'smcp_nothing' })).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^UNAUTHENTICATED/),
    });
    expect(await smcp(['tools'], { ...at, SMCP_TOKEN: admin })).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^FORBIDDEN[\s\S]*--agent/),
    });
    expect(await smcp(['tools', '--agent', 'demo'], { ...at, SMCP_TOKEN: admin })).toMatchObject({ code: 0 });
    expect(await smcp(['tools'], { ...at, SMCP_TOKEN: server.token })).toMatchObject({ code: 0 });
    expect(await smcp(['tools'], { SMCP_URL: 'http://127.0.0.1:1', SMCP_TOKEN: 'x' })).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(/^SERVER_UNAVAILABLE/),
    });
  });

  test('a command on a home without a server says how to start one', async () => {
    const { code, stderr } = await smcp(['status', '--home', join(folder.path, 'empty')]);
    expect(code).toBe(3);
    expect(stderr).toContain('smcp serve');
  });
});

describe('the log', () => {
  test('verifies while the server runs, and exports to a folder that verifies by itself and with the key', async () => {
    expect(await server.json('log', 'verify')).toMatchObject({ ok: true, trust: 'pinned' });
    const target = join(folder.path, 'export');
    expect((await server.smcp('log', 'export', target)).code).toBe(0);
    expect(await server.json('log', 'verify', target)).toMatchObject({ ok: true, trust: 'self' });
    const key = join(server.home, 'keys', 'log.vkey');
    expect(await server.json('log', 'verify', target, '--key', key)).toMatchObject({ ok: true, trust: 'pinned' });
  });

  test('fails with 4 and names the record after one byte of it was changed', async () => {
    const copy = join(folder.path, 'tampered');
    mkdirSync(join(copy, 'keys'), { recursive: true, mode: 0o700 });
    for (const name of ['keys/log.vkey', 'checkpoint']) copyFileSync(join(server.home, name), join(copy, name));
    const source = new DatabaseSync(join(server.home, 'smcp.db'), { readOnly: true });
    source.exec(`VACUUM INTO '${join(copy, 'smcp.db')}'`);
    source.close();
    expect(await server.json('log', 'verify', copy)).toMatchObject({ ok: true, trust: 'self' });
    const database = new DatabaseSync(join(copy, 'smcp.db'));
    const changed = database.prepare(
      "UPDATE record SET envelope = substr(envelope, 1, 40) || iif(substr(envelope, 41, 1) = 'A', 'B', 'A') || substr(envelope, 42) WHERE idx = 3",
    );
    expect(changed.run().changes).toBe(1);
    database.close();
    const { code, stdout } = await server.smcp('log', 'verify', copy, '--json');
    expect(code).toBe(4);
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, firstProblem: { index: 3 } });
  });
});
