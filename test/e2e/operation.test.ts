// How a server is run: starts, refusals to start, policy at run time, bad plugins, the end.

import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { connectStreamable, errorOf, receiptOf } from './clients.ts';
import { smcp, startServer, temporaryFolder } from './server.ts';

const folder = temporaryFolder();
let home: string;
let count = 0;

beforeEach(() => {
  count += 1;
  home = join(folder.path, `home-${count}`);
});

afterAll(() => folder.remove());

const POLICY = 'version: 1\nagents:\n  demo:\n    grants:\n      - tools: ["demo_text__echo"]\n';

function writePolicy(text: string): void {
  mkdirSync(home, { recursive: true, mode: 0o700 });
  writeFileSync(join(home, 'policy.yaml'), text, { mode: 0o600 });
}

describe('the first start', () => {
  test('makes a home that only its user can read, and shows the token once', async () => {
    const server = await startServer(home);
    expect(server.token).toMatch(/^smcp_/);
    expect(statSync(home).mode & 0o777).toBe(0o700);
    for (const name of ['admin.token', 'policy.yaml', 'smcp.db', 'keys/record.pem', 'keys/log.pem']) {
      expect([name, statSync(join(home, name)).mode & 0o077]).toEqual([name, 0]);
    }
    const secret = server.token.split('_').at(-1) ?? '';
    expect(readFileSync(join(home, 'smcp.db')).includes(secret)).toBe(false);
    expect(server.stderr()).not.toContain(secret);
    expect(await server.stop()).toBe(0);
    const again = await startServer(home);
    expect(again.token).toBe('');
    await again.stop();
  });

  test('after init is the same; the token is shown by the first server that gets as far as serving', async () => {
    const made = await smcp(['init', '--home', home, '--json']);
    expect(JSON.parse(made.stdout)).toMatchObject({ made: ['policy', 'adminToken', 'keys'] });
    expect(JSON.parse((await smcp(['init', '--home', home, '--json'])).stdout)).toMatchObject({ made: [] });
    const other = await startServer(join(folder.path, `taken-${count}`));
    const refused = await smcp(['serve', '--home', home, '--port', new URL(other.url).port]);
    expect(refused).toMatchObject({ code: 3, stdout: '' });
    await other.stop();
    const server = await startServer(home);
    expect(server.token).toMatch(/^smcp_/);
    expect(await server.json('agent', 'list')).toMatchObject([{ name: 'demo', tokens: [{ state: 'valid' }] }]);
    await server.stop();
  });
});

describe('a server does not start', () => {
  test.each([
    ['on a home that another server uses', 'HOME_LOCKED'],
    ['on a port that is taken', 'SERVER_UNAVAILABLE'],
  ])('%s', async (_, code) => {
    const first = await startServer(home);
    const other = code === 'HOME_LOCKED' ? home : join(folder.path, 'other');
    const refused = await smcp(['serve', '--home', other, '--port', new URL(first.url).port]);
    expect(refused).toMatchObject({ code: 3, stderr: expect.stringContaining(code) });
    expect((await first.smcp('status')).code).toBe(0);
    await first.stop();
  });

  test('on an address that others can reach, unless that is said', async () => {
    const refused = await smcp(['serve', '--home', home, '--port', '0', '--host', '0.0.0.0']);
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('--allow-external') });
  });

  test('with a policy that has a typo: line, column and the nearest name', async () => {
    writePolicy('version: 1\nagents:\n  demo:\n    grant:\n      - tools: ["*"]\n');
    const refused = await smcp(['serve', '--home', home, '--port', '0']);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/POLICY_INVALID[\s\S]*4:5[\s\S]*grants/);
  });

  test('with a policy that is a link or that others can write', async () => {
    writePolicy(POLICY);
    chmodSync(join(home, 'policy.yaml'), 0o666);
    expect(await smcp(['serve', '--home', home, '--port', '0'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('HOME_UNSAFE'),
    });
    const linked = join(folder.path, `linked-${count}.yaml`);
    symlinkSync(join(home, 'policy.yaml'), linked);
    expect(
      await smcp(['serve', '--home', join(folder.path, `h-${count}`), '--port', '0', '--policy', linked]),
    ).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('HOME_UNSAFE'),
    });
  });

  test('in a directory that holds something else, or with a broken configuration', async () => {
    mkdirSync(home, { mode: 0o700 });
    writeFileSync(join(home, 'diary.txt'), 'dear diary');
    expect(await smcp(['serve', '--home', home, '--port', '0'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('HOME_INVALID'),
    });
    const other = join(folder.path, `config-${count}`);
    mkdirSync(other, { mode: 0o700 });
    writeFileSync(join(other, 'config.yaml'), 'version: 1\nserver:\n  prot: 8000\n');
    expect(await smcp(['serve', '--home', other, '--port', '0'])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/CONFIG_INVALID[\s\S]*3:3[\s\S]*port/),
    });
  });
});

describe('the policy of a running server', () => {
  test('is read again on SIGHUP, and takes effect on the next call', async () => {
    writePolicy(POLICY);
    const server = await startServer(home);
    const { token } = (await server.json('agent', 'token', 'demo')) as { token: string };
    const client = await connectStreamable(server.url, token);
    expect(await client.listNames()).toEqual(['demo_text__echo']);
    writePolicy(POLICY.replace('demo_text__echo', 'demo_text__slugify'));
    server.signal('SIGHUP');
    await expect.poll(() => client.listNames()).toEqual(['demo_text__slugify']);
    const denied = await client.call('demo_text__echo', { message: 'x' });
    expect(errorOf(denied)).toMatchObject({ code: 'DENIED' });
    expect(await server.json('policy', 'show')).toMatchObject({ version: 2 });
    expect(await server.json('log', 'verify')).toMatchObject({ ok: true });
    await client.close();
    await server.stop();
  });

  test('that is gone at the next start is not replaced by the first one, unless a person asks for it', async () => {
    await (await startServer(home)).stop();
    rmSync(join(home, 'policy.yaml'));
    expect(await smcp(['serve', '--home', home, '--port', '0'])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/POLICY_INVALID[\s\S]*smcp init/),
    });
    expect(existsSync(join(home, 'policy.yaml'))).toBe(false);
    expect((await smcp(['init', '--home', home])).code).toBe(0);
    await (await startServer(home)).stop();
  });

  test('stays as it is when the file has become invalid', async () => {
    writePolicy(POLICY);
    const server = await startServer(home);
    writePolicy(`${POLICY}      - tools: ["x"]\n        wen: true\n`);
    server.signal('SIGHUP');
    await expect.poll(() => server.stderr()).toContain('POLICY_INVALID');
    expect(await server.json('policy', 'show')).toMatchObject({ version: 1 });
    expect((await server.smcp('can', 'demo', 'demo_text__echo')).code).toBe(0);
    await server.stop();
  });

  test('gets a new agent by command, with its comments kept', async () => {
    writePolicy(`# mine\n${POLICY}`);
    const server = await startServer(home);
    expect((await server.smcp('agent', 'add', 'athena')).code).toBe(0);
    expect(await server.smcp('agent', 'add', 'athena')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('AGENT_EXISTS'),
    });
    expect(readFileSync(join(home, 'policy.yaml'), 'utf8')).toMatch(/^# mine\n[\s\S]*athena/);
    expect(await server.json('agent', 'list')).toMatchObject([{ name: 'athena' }, { name: 'demo' }]);
    await server.stop();
  });

  test('can be checked without a server', async () => {
    writePolicy(POLICY);
    const file = join(home, 'policy.yaml');
    expect(await smcp(['policy', 'check', file])).toMatchObject({ code: 0 });
    writePolicy(POLICY.replace('tools: [', 'tools: ["smcp__freeze", "smcp__unfreeze", '));
    const { stdout } = await smcp(['policy', 'check', file]);
    expect(stdout).toContain('matched by "smcp__unfreeze"');
    expect(stdout).not.toContain('smcp__freeze');
    writePolicy(POLICY.replace('tools:', 'tool:'));
    expect(await smcp(['policy', 'check', file])).toMatchObject({
      code: 2,
      stdout: expect.stringMatching(/:5:\d+: error: .*tool/),
    });
  });
});

describe('a running server', () => {
  test('opens no inspector for a process of the same user that asks for one', async () => {
    const server = await startServer(home);
    server.signal('SIGUSR1');
    expect((await server.smcp('status')).code).toBe(0);
    expect(server.stderr()).not.toContain('Debugger listening');
    await server.stop();
  });
});

describe('the end of a server', () => {
  test('by SIGTERM is 0, and its address is forgotten', async () => {
    const server = await startServer(home);
    expect(await server.stop()).toBe(0);
    expect(await server.smcp('status')).toMatchObject({ code: 3 });
  });

  test('by SIGKILL does not make a command send the token to whoever listens there afterwards', async () => {
    const server = await startServer(home);
    await server.kill();
    const stranger = createServer((request, response) => {
      heard.push(request.headers.authorization ?? 'nothing');
      response.end('{}');
    });
    const heard: string[] = [];
    stranger.listen(Number(new URL(server.url).port), '127.0.0.1');
    await once(stranger, 'listening');
    expect(await server.smcp('agent', 'list')).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('SERVER_UNAVAILABLE'),
    });
    expect(await server.smcp('call', 'demo_text__echo')).toMatchObject({ code: 3 });
    expect(heard).toEqual([]);
    stranger.close();
  });

  test('by SIGKILL loses no answered call, and the next start goes on with the same log', async () => {
    const server = await startServer(home);
    const client = await connectStreamable(server.url, server.token);
    const result = await client.call('demo_text__echo', { message: 'kept' });
    const { index, leaf } = receiptOf(result);
    await server.kill();
    const again = await startServer(home);
    expect(await again.json('log', 'show', String(index))).toMatchObject({ leaf });
    expect(await again.json('log', 'verify')).toMatchObject({ ok: true });
    await again.stop();
  });

  test('leaves a database in which every copy of a record is the record: one byte of any changed is found', async () => {
    const server = await startServer(home);
    const client = await connectStreamable(server.url, server.token);
    for (let count = 0; count < 12; count += 1) await client.call('demo_text__echo', { message: `call ${count}` });
    await client.close();
    await server.stop();
    const file = join(home, 'smcp.db');
    const sound = readFileSync(file);
    expect(await smcp(['log', 'verify', '--home', home])).toMatchObject({ code: 0 });
    const places: number[] = [];
    for (let at = sound.indexOf('{"payload":"'); at >= 0; at = sound.indexOf('{"payload":"', at + 1)) places.push(at);
    expect(places.length).toBeGreaterThan(12);
    for (const at of [places[0] ?? 0, places.at(-1) ?? 0]) {
      const bytes = Buffer.from(sound);
      bytes[at + 40] = (bytes[at + 40] ?? 0) ^ 1;
      writeFileSync(file, bytes);
      const { code, stdout } = await smcp(['log', 'verify', '--home', home, '--json']);
      expect([at, code]).toEqual([at, 4]);
      expect(JSON.parse(stdout)).toMatchObject({ ok: false, firstProblem: { index: expect.any(Number) } });
    }
    // Nor does a server start on it, once its own tail is concerned.
    writeFileSync(file, sound.subarray(0, sound.length - 8192));
    expect((await smcp(['serve', '--home', home, '--port', '0'])).code).toBe(4);
  });
});
