import { readdirSync, symlinkSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { LIMITS } from '#base/limits.ts';
import { load, problemsOf } from './load.ts';
import { createWorkspace, pluginFiles, tool } from './workspace.ts';

describe('a plugin with a problem is refused, says so, and leaves the others alone:', () => {
  test.each<[string, object, { code: string; pointer: string; message: string; remedy: string }]>([
    [
      'an unknown key',
      { tols: [] },
      { code: 'MANIFEST_INVALID', pointer: '', message: '"tols"', remedy: 'did you mean "tools"?' },
    ],
    [
      'a separator in its name',
      { name: 'we__ather' },
      { code: 'PLUGIN_NAME_RESERVED', pointer: '/name', message: '__', remedy: 'single' },
    ],
    [
      'the name of the server',
      { name: 'smcp' },
      { code: 'PLUGIN_NAME_RESERVED', pointer: '/name', message: "server's own", remedy: 'another name' },
    ],
    [
      'a name that ends like a separator',
      { name: 'weather_' },
      { code: 'PLUGIN_NAME_RESERVED', pointer: '/name', message: 'ends with', remedy: 'drop' },
    ],
    [
      'a program that speaks mcp',
      { runtime: { kind: 'process', command: ['node', 'index.js'], protocol: 'mcp' } },
      { code: 'CAPABILITY_UNAVAILABLE', pointer: '/runtime/protocol', message: 'mcp', remedy: 'smcp-cli' },
    ],
    [
      'a script that is not there',
      { runtime: { kind: 'process', command: ['node', './indx.js'], protocol: 'json' } },
      { code: 'MANIFEST_INVALID', pointer: '/runtime/command/1', message: '"./indx.js"', remedy: '"index.js"' },
    ],
    [
      'a program of its own that is not there',
      { runtime: { kind: 'process', command: ['./run'], protocol: 'json' } },
      { code: 'MANIFEST_INVALID', pointer: '/runtime/command/0', message: '"./run"', remedy: 'add the file' },
    ],
    [
      'a program that is asked for no tools and lists none',
      { runtime: { kind: 'process', command: ['node', 'index.js'], protocol: 'json' }, tools: [] },
      { code: 'MANIFEST_INVALID', pointer: '/tools', message: 'empty', remedy: 'list its tools' },
    ],
    [
      'a program that asks for the network',
      {
        runtime: { kind: 'process', command: ['node', 'index.js'], protocol: 'json' },
        capabilities: { net: [{ host: 'example.org' }] },
      },
      { code: 'CAPABILITY_UNAVAILABLE', pointer: '/capabilities/net', message: 'net', remedy: 'clock, random' },
    ],
    [
      'compiled code',
      { runtime: { kind: 'isolate', entry: 'index.js', compute: 'jit' } },
      { code: 'CAPABILITY_UNAVAILABLE', pointer: '/runtime/compute', message: 'compiled', remedy: 'remove' },
    ],
    [
      'an entry that is not there',
      { runtime: { kind: 'isolate', entry: 'indx.js' } },
      { code: 'MANIFEST_INVALID', pointer: '/runtime/entry', message: '"indx.js"', remedy: 'did you mean "index.js"?' },
    ],
    [
      'an entry outside of it',
      { runtime: { kind: 'isolate', entry: '../good/index.js' } },
      { code: 'MANIFEST_INVALID', pointer: '/runtime/entry', message: 'no file', remedy: 'add the file' },
    ],
    [
      'a capability without an effect in this version',
      { capabilities: { clock: true, net: [{ host: 'example.org' }] } },
      { code: 'CAPABILITY_UNAVAILABLE', pointer: '/capabilities/net', message: 'net', remedy: 'clock, random' },
    ],
    [
      'a host in no usual spelling',
      { capabilities: { net: [{ host: '127.1' }] } },
      { code: 'MANIFEST_INVALID', pointer: '/capabilities/net/0/host', message: '"127.1"', remedy: 'name the host' },
    ],
    [
      'a tool twice',
      { tools: [tool('a'), tool('b'), tool('a')] },
      { code: 'MANIFEST_INVALID', pointer: '/tools/2/name', message: 'two tools "a"', remedy: 'rename' },
    ],
    [
      'a tool with too long a full name',
      { tools: [tool('t'.repeat(60))] },
      { code: 'MANIFEST_INVALID', pointer: '/tools/0/name', message: '64', remedy: 'shorten' },
    ],
    [
      'a tool that uses what the plugin does not ask for',
      { capabilities: { clock: true }, tools: [tool('a', { capabilities: ['clock', 'random'] })] },
      { code: 'MANIFEST_INVALID', pointer: '/tools/0/capabilities/1', message: 'random', remedy: '/capabilities' },
    ],
    [
      'a schema that is none',
      { tools: [tool('a', { input: { type: 'object', properties: { x: { type: 'text' } } } }), tool('b')] },
      { code: 'MANIFEST_INVALID', pointer: '/tools/0/input', message: 'JSON Schema 2020-12', remedy: '2020-12' },
    ],
    [
      'a schema that refers elsewhere',
      { tools: [tool('a', { output: { type: 'object', $ref: 'https://example.org/x.json' } })] },
      { code: 'MANIFEST_INVALID', pointer: '/tools/0/output', message: 'reference', remedy: 'outside of itself' },
    ],
  ])('%s', async (_what, changes, { code, pointer, message, remedy }) => {
    const { problems, state, tools } = await problemsOf(changes);
    expect(problems).toContainEqual({
      code,
      file: 'plugin.json',
      pointer,
      message: expect.stringContaining(message),
      remedy: expect.stringContaining(remedy),
    });
    expect([state, tools]).toEqual(['refused', []]);
  });

  test.each<[string, string | Uint8Array, string]>([
    ['broken JSON', '{\n  "manifest": 1,\n}', 'line 3, column 1'],
    ['a key twice', '{"name": "a", "name": "b"}', 'twice'],
    ['bytes that are no UTF-8', new Uint8Array([0x7b, 0xff, 0x7d]), 'UTF-8'],
    ['deep JSON', '['.repeat(100_000), 'nested over 64 deep'],
    ['an endless manifest', ' '.repeat(LIMITS.manifestBytesMax + 1), 'bytes'],
    ['no object', '[]', 'must be object'],
  ])('%s', async (_what, text, message) => {
    const { problems, state } = await problemsOf({}, { 'plugin.json': text });
    expect(state).toBe('refused');
    expect(problems).toContainEqual(
      expect.objectContaining({ code: 'MANIFEST_INVALID', message: expect.stringContaining(message) }),
    );
  });

  test('a link that leaves it', async () => {
    using workspace = createWorkspace();
    workspace.write('plugins/good', pluginFiles('good'));
    workspace.write('plugins/bad', pluginFiles('bad'));
    symlinkSync('/etc/passwd', workspace.path('plugins/bad/data.txt'));
    const { registry, report } = await load(workspace);
    expect(registry.plugins().map(({ name }) => name)).toEqual(['good']);
    expect(report('bad')).toMatchObject({
      state: 'refused',
      digest: '',
      problems: [{ code: 'PLUGIN_UNSAFE_FILE', file: 'data.txt', pointer: '' }],
    });
    expect(readdirSync(workspace.path('home/plugins'))).toHaveLength(1);
  });

  test('problems past the bound, which are not told', async () => {
    const { problems } = await problemsOf({ tools: Array.from({ length: 200 }, () => ({})) });
    expect(problems).toHaveLength(LIMITS.problemsPerPluginMax);
  });

  test('control characters in what it quotes, which are made visible', async () => {
    const { problems } = await problemsOf({ runtime: { kind: 'isolate', entry: 'index.js', '\u001b[2J\u202e': 1 } });
    expect(JSON.stringify(problems)).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(problems).toHaveLength(1);
  });
});

describe('a pattern that no linear-time engine takes', () => {
  const bad = tool('bad', { input: { type: 'object', properties: { x: { type: 'string', pattern: '(?=a)b' } } } });

  test('stops its tool and says where it stands; the other tools are served', async () => {
    const { problems, state, tools } = await problemsOf({ tools: [tool('fine'), bad] });
    expect(problems).toEqual([
      expect.objectContaining({ code: 'PATTERN_UNSUPPORTED', pointer: '/tools/1/input/properties/x/pattern' }),
    ]);
    expect([state, tools]).toEqual(['ready', ['bad__fine']]);
  });

  test('stops the plugin when no tool is left', async () => {
    const { state, tools } = await problemsOf({ tools: [bad] });
    expect([state, tools]).toEqual(['refused', []]);
  });
});
