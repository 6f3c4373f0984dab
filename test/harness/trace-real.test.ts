import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { COMMANDS } from '#cli/commands.ts';
import { runCommandLine } from '#cli/run-command.ts';
import { memoryTerminal } from '#test/cli/memory-terminal.ts';
import { isolatePlugin, workspace } from './plugins.ts';

const KEY = 'k-5512-of-a-test';
const space = workspace();
const home = join(space.path, 'home');
/** The keys that the service was sent. */
const keys: unknown[] = [];
const service = createServer((request, response) => {
  keys.push(request.headers['x-key']);
  response.end(JSON.stringify({ key: request.headers['x-key'] ?? null }));
});
let directory: string;

beforeAll(async () => {
  service.listen(0, '127.0.0.1');
  await once(service, 'listening');
  const { port } = service.address() as AddressInfo;
  const source = `export const tools = { make: async (args, host) => {
    const response = await host.fetch('http://localhost:${port}/it');
    await host.files.write({ path: 'workspace/a.txt', text: 'written' });
    const { text } = await host.files.read({ path: 'workspace/a.txt' });
    const { stdout } = await host.run('printf', ['%s', 'printed']);
    return { ...(await response.json()), text, stdout };
  } };`;
  const secrets = [{ name: 'KEY', hosts: ['localhost'], header: 'X-Key' }];
  const net = [{ host: 'localhost', ports: [port] }];
  directory = isolatePlugin(space, { source, input: { type: 'object' }, capabilities: { net, secrets } });
});
afterAll(() => {
  service.close();
  space.remove();
});

async function trace(...words: readonly string[]) {
  const { terminal, written } = memoryTerminal({ SMCP_HOME: home, KEY });
  const code = await runCommandLine(COMMANDS, ['plugin', 'trace', directory, 'make', '--json', ...words], {
    ...{ terminal, version: '0' },
  });
  return { code, ...written };
}

const listed = (hosts: readonly string[]) => {
  mkdirSync(home, { recursive: true, mode: 0o700 });
  writeFileSync(join(home, 'config.yaml'), JSON.stringify({ version: 1, net: { loopbackHosts: hosts } }), {
    mode: 0o600,
  });
};

describe('smcp plugin trace --real', () => {
  test('asks the network, writes files, runs programs and puts secrets into requests', async () => {
    listed(['localhost']);
    const ended = await trace('--real', '--secret', 'KEY');
    expect(ended.err).toContain('every host call of the plugin is carried out on this machine');
    const { runs, smallest } = JSON.parse(ended.out);
    expect(runs[0]).toMatchObject({ ok: true, value: { text: 'written', stdout: 'printed' } });
    expect(smallest).toMatchObject({
      files: [{ path: 'workspace/a.txt', access: 'write' }],
      run: [{ program: 'printf', args: ['%s', 'printed'] }],
      secrets: [{ name: 'KEY' }],
    });
    expect(keys.at(-1)).toBe(KEY);
    expect(ended.out).not.toContain(KEY);
  });

  test('takes nothing from the environment that was not named', async () => {
    listed(['localhost']);
    const asked = keys.length;
    const { runs } = JSON.parse((await trace('--real')).out);
    expect(runs[0]).toMatchObject({ ok: false, error: { code: 'SECRET_MISSING' } });
    expect(keys.length).toBe(asked);
  });

  test('reaches this machine only where its operator has listed the host', async () => {
    listed([]);
    const asked = keys.length;
    const { runs } = JSON.parse((await trace('--real', '--secret', 'KEY')).out);
    expect(runs[0]).toMatchObject({ ok: false, error: { code: 'CAPABILITY_DENIED' } });
    expect(keys.length).toBe(asked);
  });

  test.each([
    [['--secret', 'KEY'], '--secret goes with --real'],
    [['--real', '--secret', 'NOT_THERE'], 'the environment has no NOT_THERE'],
  ])('refuses %j', async (words, message) => {
    expect(await trace(...words)).toMatchObject({ code: 2, err: expect.stringContaining(message) });
  });
});
