// A plugin from elsewhere over its life in a real server: approved with its directory, changed, gone, looked at by a person, back.

import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { HTTP_CLIENTS } from '#test/gateway/clients.ts';
import { smcp, startServer, type TestServer, temporaryFolder } from './server.ts';

const SLOW = fileURLToPath(new URL('./slow-plugins/slow', import.meta.url));
const folder = temporaryFolder();
let server: TestServer | undefined;
let home: string;
let plugins: string;
let count = 0;

const CODE = 'export const tools = { run: async () => ({ answer: 1 }) };';

function write(name: string, { description = 'answers', code = CODE, more = {} } = {}): void {
  const tools = ['run'].map((tool) => ({ name: tool, description, input: { type: 'object' } }));
  const manifest = { manifest: 1, name, version: '1.0.0', description: 'd', tools, ...more };
  mkdirSync(join(plugins, name), { recursive: true });
  writeFileSync(
    join(plugins, name, 'plugin.json'),
    JSON.stringify({ ...manifest, runtime: { kind: 'isolate', entry: 'index.js' } }),
  );
  writeFileSync(join(plugins, name, 'index.js'), code);
}

beforeEach(() => {
  count += 1;
  home = join(folder.path, `home-${count}`);
  plugins = join(folder.path, `plugins-${count}`);
  mkdirSync(home, { mode: 0o700 });
  const policy = 'version: 1\nagents:\n  demo:\n    grants:\n      - tools: ["*"]\n';
  writeFileSync(join(home, 'policy.yaml'), policy, { mode: 0o600 });
  write('good');
});
afterEach(async () => {
  await server?.stop();
  server = undefined;
});
afterAll(() => folder.remove());

async function start(): Promise<TestServer> {
  server = await startServer(home, ['--plugins', plugins]);
  return server;
}

const stateOf = async (running: TestServer, name: string) =>
  ((await running.json('plugin', 'list')) as { name: string; state: string }[]).find((one) => one.name === name)?.state;

const errorIn = (stderr: string) => (JSON.parse(stderr) as { error: { code: string } }).error.code;

describe('a plugin of a directory that the server was started with', () => {
  test('vanishes for agents when it changes, says so to them, and is back once a person approved what was shown', async () => {
    const running = await start();
    const { token } = (await running.json('agent', 'token', 'demo')) as { token: string };
    let told = 0;
    const hear = () => {
      told += 1;
    };
    const client = await HTTP_CLIENTS[0]?.connect({ url: running.url, token, onToolsChanged: hear });
    if (client === undefined) throw new Error('no client');
    const names = async () =>
      (await client.list()).tools.map(({ name }) => name).filter((name) => name.startsWith('good'));
    expect(await names()).toEqual(['good__run']);

    write('good', { description: 'answers\u202e\u001b[2Jquietly', more: { capabilities: { random: true } } });
    await running.smcp('plugin', 'reload');
    await expect.poll(() => told).toBe(1);
    expect([await names(), await stateOf(running, 'good')]).toEqual([[], 'quarantined']);
    expect(await running.json('status')).toMatchObject({ plugins: { quarantined: 1 } });
    expect(running.stderr()).toContain('a plugin waits to be approved');

    const look = await running.smcp('plugin', 'approve', 'good');
    expect([look.code, await stateOf(running, 'good')]).toEqual([2, 'quarantined']);
    expect(look.stdout).toContain('added: capability random');
    expect(look.stdout).toContain('changed: tool run');
    expect(look.stdout).toContain('changed: file plugin.json');
    expect(look.stdout).toContain('answers\\u202e\\u001b[2Jquietly');
    for (const hidden of ['\u202e', '\u001b']) expect(look.stdout).not.toContain(hidden);
    const digest = /^digest (sha256:[0-9a-f]{64})$/m.exec(look.stdout)?.[1] ?? '';

    // What is approved is what was seen.
    write('good', { code: '// another' });
    await running.smcp('plugin', 'reload');
    const late = await running.smcp('plugin', 'approve', 'good', '--digest', digest, '--json');
    expect([late.code, errorIn(late.stderr)]).toEqual([2, 'PLUGIN_CHANGED']);
    expect(await stateOf(running, 'good')).toBe('quarantined');

    write('good', { description: 'answers\u202e\u001b[2Jquietly', more: { capabilities: { random: true } } });
    await running.smcp('plugin', 'reload');
    const approved = await running.smcp('plugin', 'approve', 'good', '--digest', digest, '--without', 'random');
    expect(approved.code).toBe(0);
    await expect.poll(() => told).toBe(2);
    expect(await client.call({ name: 'good__run', arguments: {} })).toMatchObject({ structuredContent: { answer: 1 } });
    const records = (await running.json('log', 'tail', '--count', '20')) as { record: { predicate: object } }[];
    expect(records.map(({ record }) => record.predicate)).toContainEqual(
      expect.objectContaining({ operation: 'plugin_approve', subject: `good ${digest} without random`, by: 'admin' }),
    );
    await client.close();
  });

  test('has its calls ended when it changes', async () => {
    cpSync(SLOW, join(plugins, 'slow'), { recursive: true });
    const running = await start();
    const call = running.smcp('call', 'slow__wait', '--agent', 'demo', '--json');
    const states = async () =>
      ((await running.json('queue')) as { calls: { state: string }[] }).calls.map((one) => one.state);
    await expect.poll(states).toEqual(['running']);
    writeFileSync(join(plugins, 'slow', 'more.js'), '');
    await running.smcp('plugin', 'reload');
    const { code, stdout } = await call;
    expect([code, stdout]).toEqual([1, expect.stringContaining('TOOL_UNKNOWN')]);
  });

  test('stays away over a restart without its lock file, and where one appears later; `--yes` approves', async () => {
    const first = await start();
    await first.stop();
    write('later');
    rmSync(join(home, 'plugins.lock.json'));
    const running = await start();
    expect([await stateOf(running, 'good'), await stateOf(running, 'later')]).toEqual(['quarantined', 'quarantined']);
    expect((await running.smcp('plugin', 'approve', 'later', '--yes')).code).toBe(0);
    expect([await stateOf(running, 'good'), await stateOf(running, 'later')]).toEqual(['quarantined', 'ready']);
    expect(JSON.parse(readFileSync(join(home, 'plugins.lock.json'), 'utf8'))).toMatchObject({
      plugins: [{ name: 'later', by: 'admin' }],
    });
  });

  test('is served however it changed where the configuration says so', async () => {
    writeFileSync(join(home, 'config.yaml'), 'version: 1\nplugins: { approve: always }\n', { mode: 0o600 });
    const running = await start();
    write('good', { code: '// another' });
    write('later');
    await running.smcp('plugin', 'reload');
    expect([await stateOf(running, 'good'), await stateOf(running, 'later')]).toEqual(['ready', 'ready']);
  });

  test('keeps the server from starting where the lock file is a link', async () => {
    await (await start()).stop();
    server = undefined;
    const lock = join(home, 'plugins.lock.json');
    writeFileSync(join(folder.path, 'planted.json'), readFileSync(lock));
    rmSync(lock);
    symlinkSync(join(folder.path, 'planted.json'), lock);
    const refused = await smcp(['serve', '--port', '0', '--home', home, '--plugins', plugins]);
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain('HOME_UNSAFE');
  });

  test('is approved by people only', async () => {
    const running = await start();
    write('later');
    await running.smcp('plugin', 'reload');
    const grant = 'version: 1\nagents:\n  demo:\n    grants:\n      - tools: ["smcp__*"]\n';
    writeFileSync(join(home, 'policy.yaml'), grant);
    await running.smcp('policy', 'apply');
    const { token } = (await running.json('agent', 'token', 'demo')) as { token: string };
    const review = (await (
      await fetch(`${running.url}/admin/v1/plugins/later/review`, { headers: { authorization: `Bearer ${token}` } })
    ).json()) as { digest: string };
    const answer = await fetch(`${running.url}/admin/v1/plugins/later/approve`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ digest: review.digest }),
    });
    expect([review.digest, answer.ok]).toEqual([expect.stringMatching(/^sha256:/), false]);
    expect(await answer.json()).toMatchObject({ error: { code: 'PERSON_NEEDED' } });
    expect(await stateOf(running, 'later')).toBe('quarantined');
  });
});
