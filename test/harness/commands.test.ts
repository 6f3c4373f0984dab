import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { COMMANDS } from '#cli/commands.ts';
import { runCommandLine } from '#cli/run-command.ts';
import { memoryTerminal } from '#test/cli/memory-terminal.ts';
import { isolatePlugin, workspace } from './plugins.ts';

const space = workspace();
afterAll(() => space.remove());

async function smcp(...argv: readonly string[]) {
  const { terminal, written } = memoryTerminal({ SMCP_HOME: join(space.path, 'home') });
  const code = await runCommandLine(COMMANDS, argv, { terminal, version: '0' });
  return { code, ...written };
}

const TEXT = {
  type: 'object',
  properties: { text: { type: 'string', maxLength: 1000 }, count: { type: 'integer', minimum: 1, maximum: 9 } },
  required: ['text'],
  additionalProperties: false,
};

const source = (body: string) => `export const tools = { make: async ({ text, count = 1 }, host) => { ${body} } };`;
const plugin = (body: string, more: object = {}) =>
  isolatePlugin(space, { source: source(body), input: TEXT, ...more });

const PASSING = `
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { startPlugin } from 'smcp/harness';
test('it runs', async () => {
  await using plugin = await startPlugin(new URL('..', import.meta.url).pathname, { world: { now: 5 } });
  const call = await plugin.call('make', { text: 'a' });
  assert.deepEqual([call.ok, call.value], [true, { now: 5 }]);
  assert.equal(process.env.SMCP_TOKEN, undefined);
});`;

describe('smcp plugin test', () => {
  const clock = { capabilities: { clock: true } };

  test("runs the plugin's own tests, which import the harness wherever the plugin lies", async () => {
    const files = { 'test/make.test.js': PASSING };
    const good = await smcp('plugin', 'test', plugin('return { now: await host.now() };', { ...clock, files }));
    expect(good).toMatchObject({ code: 0, out: '1 test passed, 0 failed\n' });
    const bad = await smcp('plugin', 'test', plugin('return { now: 6 };', { ...clock, files }), '--json');
    expect(bad.code).toBe(2);
    expect(JSON.parse(bad.out)).toMatchObject({ ok: false, kind: 'tests', passed: 0, failed: 1 });
  });

  test('takes a test file without a test for no proof', async () => {
    const files = { 'test/none.test.js': 'export const none = 1;' };
    expect((await smcp('plugin', 'test', plugin('return {};', { files }))).code).toBe(2);
  });

  test('calls each tool once where there are no tests, and tells what no caller should see', async () => {
    const good = await smcp('plugin', 'test', plugin('return { length: text.length };'));
    expect(good).toMatchObject({ code: 0, out: expect.stringContaining('make: 1 call; 0 refused') });
    const bad = await smcp('plugin', 'test', plugin('return text.lenght.toString();'));
    expect(bad).toMatchObject({ code: 2, out: expect.stringContaining('defect: make') });
  });

  test.each([
    [
      'answers as its schema says, and fails in its own words',
      `if (text === '') throw new Error('text is empty'); return {};`,
      undefined,
    ],
    ['can not take an empty text', `return { first: text[0].toUpperCase() };`, 'defect'],
    ['hangs on one text', `if (text.startsWith('..')) for (;;); return {};`, 'hang'],
    ['answers what its schema does not allow', `return count > 8 ? 'many' : {};`, 'result'],
    [
      'takes ever more memory',
      `if (text === '/etc/shadow') { const all = []; for (;;) all.push(new Array(50_000).fill(all.length)); } return {};`,
      'limit',
    ],
  ])('--adversarial: a tool that %s', async (_, body, what) => {
    const ended = await smcp(
      'plugin',
      'test',
      plugin(body, { cpuMs: what === 'limit' ? 4_000 : 200 }),
      '--adversarial',
      '--json',
    );
    const { findings, trials } = JSON.parse(ended.out) as {
      readonly findings: readonly { readonly what: string }[];
      readonly trials: readonly { readonly calls: number; readonly refused: number; readonly answered: number }[];
    };
    expect([...new Set(findings.map((one) => one.what))]).toEqual(what === undefined ? [] : [what]);
    expect(ended.code).toBe(what === undefined ? 0 : 2);
    expect(trials[0]?.calls).toBeGreaterThan(60);
    expect(trials[0]?.refused).toBeGreaterThan(20);
    expect(trials[0]?.answered).toBeGreaterThan(20);
  });

  test('says what is wrong with a directory that is no plugin', async () => {
    expect(await smcp('plugin', 'test', join(space.path, 'nowhere'))).toMatchObject({
      ...{ code: expect.any(Number), err: expect.stringContaining('there is no directory') },
    });
  });
});

describe('smcp plugin trace', () => {
  const body = `await host.store.set('seen', text);
    const response = await host.fetch('https://api.example.org/items/' + text);
    return { status: response.status };`;
  const world = join(space.path, 'world.json');
  writeFileSync(world, JSON.stringify({ http: [{ url: 'https://api.example.org/*', json: {} }] }));
  const traced = (directory: string, ...more: readonly string[]) =>
    smcp('plugin', 'trace', directory, 'make', ...more, '--world', world);
  const RUNS = ['--args', '{"text":"a"}', '--args', '{"text":"b"}'];

  test('runs a tool that asks for nothing yet, and prints the smallest manifest, under which it then runs', async () => {
    const first = await traced(plugin(body), ...RUNS, '--json');
    expect(first.code).toBe(0);
    const { smallest, kinds, runs, unused } = JSON.parse(first.out);
    expect(smallest).toEqual({
      net: [{ host: 'api.example.org', ports: [443], methods: ['GET'], paths: ['/items/a', '/items/b'] }],
      store: { bytesMax: 'seen"a"'.length, access: 'write' },
    });
    expect([kinds, unused]).toEqual([['net', 'store'], {}]);
    expect(runs[0].calls.map(({ call, isAsked }: { call: string; isAsked: boolean }) => [call, isAsked])).toEqual([
      ['store.set', false],
      ['fetch', false],
    ]);
    const again = await traced(plugin(body, { capabilities: smallest }), ...RUNS, '--json');
    expect(JSON.parse(again.out).runs[1].calls.every((call: { isAsked: boolean }) => call.isAsked)).toBe(true);
  });

  test('tells of a path that is none, a move to one, and arguments that are none, that no manifest could ask for it', async () => {
    const calls = `for (const act of [
        () => host.files.read({ path: '../' + text }),
        () => host.files.move({ from: 'workspace/a', to: 'workspace/../b' }),
        () => host.run('git', [1]),
        () => host.fetch('https://127.1/'),
        () => host.files.write({ path: 'workspace/a', text }),
      ]) await act().catch(() => {});
      return {};`;
    const { out } = await traced(
      plugin(calls, { capabilities: { files: [{ path: 'workspace', access: 'write' }] } }),
      ...RUNS.slice(0, 2),
    );
    expect(out.match(/^ {2}(malformed|asked|NOT asked) +\S+/gm)).toEqual([
      '  malformed  files.read',
      '  malformed  files.move',
      '  malformed  run',
      '  malformed  fetch',
      '  asked      files.write',
    ]);
    expect(out).toContain('"capabilities": ["files"]');
  });

  test('tells what is asked and never used, and what is not asked', async () => {
    const capabilities = { store: { bytesMax: 100 }, clock: true, net: [{ host: 'other.example.org' }] };
    const { out } = await traced(plugin(body, { capabilities }), ...RUNS);
    expect(out).toContain('asked      store.set');
    expect(out).toContain('NOT asked  fetch');
    expect(out).toContain('never used here:\n  {"net":[{"host":"other.example.org"}],"clock":true}');
  });

  test('fails with the tool, and still tells what it asked', async () => {
    const ended = await smcp('plugin', 'trace', plugin(body), 'make', '--args', '{"text":"a"}');
    expect(ended).toMatchObject({ code: 1, out: expect.stringContaining('NOT asked  fetch') });
  });

  test.each([
    [['--args', '[1]'], 'must be a JSON object'],
    [['--args', '{'], 'is no JSON'],
    [['--real', '--world', 'x'], 'either --real or'],
    [['--world', '/nowhere.json'], "can't be read"],
  ])('refuses %j', async (more, message) => {
    const ended = await smcp('plugin', 'trace', plugin(body), 'make', ...more);
    expect(ended).toMatchObject({ code: 2, err: expect.stringContaining(message) });
  });

  test('--real warns, and acts on this machine', async () => {
    const ended = await smcp(
      'plugin',
      'trace',
      plugin('return { now: await host.now() };'),
      'make',
      '--real',
      '--args',
      '{"text":"a"}',
      '--json',
    );
    expect(ended.err).toContain('warning: --real');
    expect(JSON.parse(ended.out).runs[0].value.now).toBeGreaterThan(1_790_000_000_000);
  });
});
