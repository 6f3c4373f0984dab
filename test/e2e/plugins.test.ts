// Plugins that did not come with the product: found, checked, reported, and run behind the wall.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { smcp, startServer, temporaryFolder } from './server.ts';

const folder = temporaryFolder();
let home: string;
let count = 0;

beforeEach(() => {
  count += 1;
  home = join(folder.path, `home-${count}`);
});

afterAll(() => folder.remove());

describe('plugins from elsewhere', () => {
  const writePlugin = (name: string, files: { readonly [file: string]: string }) => {
    for (const [file, text] of Object.entries(files)) {
      const directory = join(home, '..', `plugins-${count}`, name);
      mkdirSync(directory, { recursive: true });
      writeFileSync(join(directory, file), text);
    }
  };
  const manifest = (name: string) =>
    JSON.stringify({
      manifest: 1,
      name,
      version: '1.0.0',
      description: 'd',
      runtime: { kind: 'isolate', entry: 'index.js' },
      tools: [{ name: 'run', description: 'd', input: { type: 'object' } }],
    });

  test('are found at the start; a bad one says file, place and remedy, and the others serve', async () => {
    writePlugin('typo', { 'plugin.json': manifest('typo').replace('"entry"', '"entri"'), 'index.js': '' });
    writePlugin('broken', { 'plugin.json': '{"manifest": 1,', 'index.js': '' });
    const server = await startServer(home, ['--plugins', join(home, '..', `plugins-${count}`)]);
    const plugins = (await server.json('plugin', 'list')) as { name: string; state: string; problems: object[] }[];
    expect(plugins.map(({ name, state }) => `${name} ${state}`).sort()).toEqual([
      'broken refused',
      'demo_math ready',
      'demo_text ready',
      'http_fetch ready',
      'notes ready',
      'shell ready',
      'typo refused',
    ]);
    expect(plugins.find(({ name }) => name === 'typo')?.problems).toContainEqual(
      expect.objectContaining({
        code: 'MANIFEST_INVALID',
        file: 'plugin.json',
        pointer: '/runtime',
        remedy: expect.stringContaining('entry'),
      }),
    );
    expect((await server.smcp('call', 'demo_text__echo', '--args', '{"message":"hi"}')).code).toBe(0);
    await server.stop();
  });

  test('run behind the wall, each call with a record of the layers that were in force', async () => {
    writePlugin('good', {
      'plugin.json': manifest('good'),
      'index.js': 'export const tools = { run: async () => ({ answer: 42 }) };',
    });
    mkdirSync(home, { mode: 0o700 });
    writeFileSync(join(home, 'policy.yaml'), 'version: 1\nagents:\n  demo:\n    grants:\n      - tools: ["*"]\n', {
      mode: 0o600,
    });
    const server = await startServer(home, ['--plugins', join(home, '..', `plugins-${count}`)]);
    const plugins = (await server.json('plugin', 'list')) as { name: string; state: string }[];
    expect(plugins.find(({ name }) => name === 'good')).toMatchObject({ state: 'ready', problems: [] });
    const called = await server.smcp('call', 'good__run', '--agent', 'demo', '--json');
    const result = JSON.parse(called.stdout) as {
      readonly structuredContent: unknown;
      readonly _meta: { readonly 'smcp/receipt': { readonly invocation: string } };
    };
    expect(result.structuredContent).toEqual({ answer: 42 });
    const { record } = (await server.json('log', 'show', result._meta['smcp/receipt'].invocation)) as {
      readonly record: { readonly predicate: object };
    };
    expect(record.predicate).toMatchObject({
      sandbox: {
        tier: 'isolate',
        profile: expect.stringMatching(/^sha256:/),
        layers: expect.arrayContaining(['landlock', 'no-capabilities', 'no-new-privs', 'rlimits', 'seccomp']),
      },
    });
    const { status } = await server.json('status').then((answer) => ({ status: answer as { layers: object[] } }));
    expect(status.layers).toContainEqual(expect.objectContaining({ name: 'landlock', inForce: true }));
    // And the server itself leaves no dump.
    expect(readFileSync(`/proc/${server.pid}/limits`, 'latin1')).toMatch(/^Max core file size +1 +1 /m);
    await server.stop();
  });

  test('may be programs that speak json: a request on stdin, an answer on stdout', async () => {
    const made = JSON.parse(manifest('speaks')) as object;
    const runtime = { kind: 'process', command: ['python3', 'main.py'], protocol: 'json' };
    const program = `
import json, sys
request = json.loads(sys.stdin.readline())
print(json.dumps({"result": {"tool": request["tool"], "got": request["arguments"]}}))
`;
    writePlugin('speaks', { 'plugin.json': JSON.stringify({ ...made, runtime }), 'main.py': program });
    mkdirSync(home, { mode: 0o700 });
    writeFileSync(join(home, 'policy.yaml'), 'version: 1\nagents:\n  demo:\n    grants:\n      - tools: ["*"]\n', {
      mode: 0o600,
    });
    const server = await startServer(home, ['--plugins', join(home, '..', `plugins-${count}`)]);
    const called = await server.smcp('call', 'speaks__run', '--agent', 'demo', '--args', '{"a":[1]}', '--json');
    expect(JSON.parse(called.stdout)).toMatchObject({ structuredContent: { tool: 'run', got: { a: [1] } } });
    await server.stop();
  });

  test('can be checked without a server', async () => {
    writePlugin('good', { 'plugin.json': manifest('good'), 'index.js': '' });
    const directory = join(home, '..', `plugins-${count}`, 'good');
    expect(await smcp(['plugin', 'check', directory])).toMatchObject({ code: 0 });
    writeFileSync(join(directory, 'plugin.json'), manifest('go__od'));
    expect(await smcp(['plugin', 'check', directory])).toMatchObject({
      code: 2,
      stdout: expect.stringContaining('PLUGIN_NAME_RESERVED'),
    });
  });
});
