// Plugins that did not come with the product: found, checked, reported, and refused while the system's wall is missing.

import { mkdirSync, writeFileSync } from 'node:fs';
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

  test('are refused while the wall of the operating system is missing, and none of their tools is seen', async () => {
    writePlugin('good', {
      'plugin.json': manifest('good'),
      'index.js': 'export const tools = { run: async () => 1 };',
    });
    mkdirSync(home, { mode: 0o700 });
    writeFileSync(join(home, 'policy.yaml'), 'version: 1\nagents:\n  demo:\n    grants:\n      - tools: ["*"]\n', {
      mode: 0o600,
    });
    const server = await startServer(home, ['--plugins', join(home, '..', `plugins-${count}`)]);
    const plugins = (await server.json('plugin', 'list')) as { name: string; state: string }[];
    expect(plugins.find(({ name }) => name === 'good')).toMatchObject({
      state: 'refused',
      problems: [{ code: 'SANDBOX_UNAVAILABLE', remedy: expect.stringMatching(/\S/) }],
    });
    const { stderr } = await server.smcp('call', 'good__run');
    expect(stderr).toContain('TOOL_UNKNOWN');
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
