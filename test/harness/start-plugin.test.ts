import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type StartedPlugin, startPlugin } from '#sandbox/harness/start-plugin.ts';
import { isolatePlugin, processPlugin, workspace } from './plugins.ts';

const space = workspace();
afterAll(() => space.remove());

const ASKS = {
  net: [{ host: 'api.example.org', paths: ['/v1/*'] }],
  files: [{ path: 'workspace/notes', access: 'write' }],
  secrets: [{ name: 'KEY', hosts: ['api.example.org'], header: 'X-Api-Key' }],
  store: { bytesMax: 1000 },
  run: [{ program: 'git', args: ['log', '-*'] }],
  tools: ['other__greet'],
  clock: true,
  random: true,
};

/** A tool that makes the host calls which its arguments name, and answers with what came of each. */
const CALLER = `
const get = (host, name) => name.split('.').reduce((at, key) => at[key], host);
export const tools = {
  make: async ({ calls }, host) => {
    const ends = [];
    for (const [name, ...params] of calls) {
      try { const value = await get(host, name)(...params); ends.push(value instanceof Uint8Array ? [...value] : value ?? null); }
      catch (error) { ends.push({ code: error.code }); }
    }
    host.log('warn', 'made ' + calls.length);
    host.progress({ progress: 1, total: 2, message: 'half' });
    return { ends };
  },
  loop: async () => { for (;;); },
  grab: async (_, host) => host.now(),
};
`;

const WORLD = {
  now: '2026-02-03T04:05:06Z',
  seed: 'a',
  store: { kept: [1] },
  http: [
    { url: 'https://api.example.org/v1/fail', error: { code: 'UNAVAILABLE_IS_NO_CODE', message: 'x' } },
    { url: 'https://api.example.org/v1/*', json: { hot: true } },
  ],
  files: { 'workspace/notes/a.txt': 'one', 'workspace/secret.txt': 'no' },
  secrets: { KEY: 'key-of-a-test' },
  run: [{ program: 'git', args: ['log', '-*'], stdout: 'abc' }],
  tools: [{ tool: 'other__greet', value: 'hi' }],
};

describe('a plugin of the tier of isolates, in a world that a test made up', () => {
  let plugin: StartedPlugin;
  beforeAll(async () => {
    const tools = ['make', 'loop', 'grab'];
    plugin = await startPlugin(isolatePlugin(space, { source: CALLER, capabilities: ASKS, tools, cpuMs: 1_500 }), {
      world: WORLD,
    });
  });
  afterAll(() => plugin.close());

  const make = async (calls: readonly unknown[], grant?: object) => {
    const call = await plugin.call('make', { calls: calls as never }, grant === undefined ? {} : { grant });
    return { ...call, ends: call.ok ? (call.value as { ends: unknown[] }).ends : [] };
  };

  test('gets clock, randomness, store, network, files, programs and tools from it, and nothing else', async () => {
    const { ends, used, denials } = await make([
      ['now'],
      ['random', 2],
      ['store.get', 'kept'],
      ['files.read', { path: 'workspace/notes/a.txt' }],
      ['run', 'git', ['log', '-1']],
      ['tools.call', 'other__greet', {}],
    ]);
    expect(ends).toEqual([
      Date.parse('2026-02-03T04:05:06Z'),
      [expect.any(Number), expect.any(Number)],
      [1],
      { text: 'one', bytes: 3, isCut: false },
      { exitCode: 0, stdout: 'abc', stderr: '', isCut: false },
      'hi',
    ]);
    expect(denials).toEqual([]);
    expect(used.map(({ kind, target, count }) => [kind, target, count])).toEqual([
      ['clock', 'now', 1],
      ['files', 'workspace/notes', 1],
      ['random', 'random', 1],
      ['run', 'git', 1],
      ['store', 'store', 1],
      ['tools', 'other__greet', 1],
    ]);
  });

  test('is denied what its manifest does not ask, each with what was asked and what is allowed', async () => {
    const { ends, denials } = await make([
      ['files.read', { path: 'workspace/secret.txt' }],
      ['files.read', { path: 'workspace/notes/../secret.txt' }],
      ['run', 'git', ['push']],
      ['run', 'sh', ['-c', 'id']],
      ['tools.call', 'smcp__freeze', {}],
      ['fetch', 'https://api.example.org/admin'],
      ['fetch', 'http://api.example.org/v1/x'],
      ['fetch', 'https://api.example.org.evil.net/v1/x'],
    ]);
    expect(ends).toEqual(Array(8).fill({ code: 'CAPABILITY_DENIED' }));
    expect(denials).toHaveLength(8);
    expect(denials[0]).toMatchObject({
      call: 'files.read',
      params: { path: 'workspace/secret.txt' },
      error: { details: { capability: 'files', allowed: [expect.stringContaining('workspace/notes')] } },
    });
  });

  test('is denied what a grant leaves out, by the narrowing of a server, and gets it without that grant', async () => {
    const calls = [['now'], ['store.set', 'a', 1], ['files.write', { path: 'workspace/notes/b', text: 'b' }]];
    const grant = { store: { bytesMax: 500 }, files: [{ path: 'workspace', access: 'read' }] };
    const { ends, denials } = await make(calls, grant);
    expect(ends).toEqual([{ code: 'CAPABILITY_DENIED' }, null, { code: 'CAPABILITY_DENIED' }]);
    expect(denials.map(({ call }) => call)).toEqual(['now', 'files.write']);
    expect((await make(calls)).denials).toEqual([]);
    expect(plugin.files()).toMatchObject({ 'workspace/notes/b': 'b' });
  });

  test('is told by its log, progress and record', async () => {
    const { log, progress, record } = await make([['now']]);
    expect(log).toEqual([{ level: 'warn', text: 'made 1' }]);
    expect(progress).toEqual([{ progress: 1, total: 2, message: 'half' }]);
    expect(record).toMatchObject({ phase: 'outcome', result: { isError: false }, sandbox: { tier: 'isolate' } });
  });

  test('ends as it would in a server: at its limits, and for arguments that do not fit', async () => {
    expect(await plugin.call('loop')).toMatchObject({ ok: false, error: { code: 'CPU_EXCEEDED' } });
    expect(await plugin.call('loop', { calls: 1 })).toMatchObject({ ok: false, error: { code: 'ARGUMENTS_INVALID' } });
    expect(await plugin.call('grab', {}, { grant: {} })).toMatchObject({
      ...{ ok: false, error: { code: 'CAPABILITY_DENIED' }, denials: [{ call: 'now' }] },
    });
    await expect(plugin.call('mak')).rejects.toMatchObject({ code: 'TOOL_UNKNOWN' });
  });
});

test('requests carry the secrets of their host, which neither plugin nor transcript sees', async () => {
  const seen: unknown[] = [];
  const http = (request: object) => {
    seen.push(request);
    return { status: 201, text: `made with ${JSON.stringify(request)}` };
  };
  await using plugin = await startPlugin(
    isolatePlugin(space, { source: CALLER, capabilities: ASKS, tools: ['make'] }),
    { world: { http, secrets: { KEY: 'key-of-a-test' } } },
  );
  const call = await plugin.call('make', { calls: [['fetch', 'https://api.example.org/v1/x']] });
  expect(seen).toMatchObject([{ url: 'https://api.example.org/v1/x', headers: { 'x-api-key': 'key-of-a-test' } }]);
  expect(call.ok).toBe(true);
  expect(JSON.stringify(call)).not.toContain('key-of-a-test');
});

test('the same seed gives the same random bytes, another one others', async () => {
  const directory = isolatePlugin(space, { source: CALLER, capabilities: { random: true }, tools: ['make'] });
  const bytes = async (seed: string) => {
    await using plugin = await startPlugin(directory, { world: { seed } });
    const call = await plugin.call('make', { calls: [['random', 40]] });
    return call.ok ? JSON.stringify(call.value) : '';
  };
  const [one, two, other] = [await bytes('a'), await bytes('a'), await bytes('b')];
  expect(one).toBe(two);
  expect(other).not.toBe(one);
  expect(one.length).toBeGreaterThan(80);
});

test('a program of the protocol json has the same world', async () => {
  const source = `import json, sys
request = json.load(sys.stdin)
host = open(3, "r+b", buffering=0)
lines = open(3, "rb", closefd=False)
host.write(b'{"id":1,"call":"now"}\\n')
now = json.loads(lines.readline())
host.write(b'{"id":2,"call":"store.get","params":{"key":"kept"}}\\n')
print(json.dumps({"result": {"now": now, "kept": json.loads(lines.readline())}}))
`;
  await using plugin = await startPlugin(processPlugin(space, { source, capabilities: { clock: true } }), {
    world: WORLD,
  });
  const call = await plugin.call('make');
  expect(call).toMatchObject({
    ok: true,
    value: { now: { value: 1_770_091_506_000 }, kept: { ok: false, error: { code: 'CAPABILITY_DENIED' } } },
    denials: [{ call: 'store.get' }],
    record: { sandbox: { tier: 'process' } },
  });
});

test('a plugin that a server would refuse is not started, and says why', async () => {
  const directory = isolatePlugin(space, { source: 'export', capabilities: { net: [] }, tools: ['make'] });
  await expect(startPlugin(directory)).rejects.toMatchObject({
    code: 'MANIFEST_INVALID',
    message: expect.stringContaining('/capabilities/net'),
  });
  await expect(startPlugin(`${directory}-none`)).rejects.toMatchObject({ code: 'NOT_FOUND' });
});
