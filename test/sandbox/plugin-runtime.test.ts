import { afterAll, describe, expect, test } from 'vitest';
import { SmcpError } from '#base/errors.ts';
import type { Json } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import { HOST_CALLS } from '#domain/host-call.ts';
import { NEEDED_LAYERS } from '#sandbox/host/layers.ts';
import { codeOf, createTestSandbox, recordingHandler } from './harness.ts';

const sandbox = createTestSandbox();
afterAll(() => sandbox.close());

const basic = sandbox.plugin(
  `export const tools = {
  echo: (args) => args,
  nothing: () => {},
  async later(args, host) { await host.now(); return 'later'; },
  fail: () => { throw new TypeError('went wrong'); },
  failLater: async () => { throw 'a string'; },
  order: (args, host) => {
    host.log('one'); host.progress({ progress: 1, total: 2, message: 'half' }); host.log('warn', 'two'); host.progress({ progress: 2 });
    return 'done';
  },
  console: () => { console.log('a', 1, null); console.error('b'); return 1; },
  random: async (args, host) => { const bytes = await host.random(args.n); return [bytes instanceof Uint8Array, [...bytes]]; },
  defaultRandom: async (args, host) => (await host.random()).length,
  uncaught: async (args, host) => host.now(),
  wait: async (args, host) => { await host.now(); await host.now(); return 'waited'; },
  spin: () => { for (;;); },
  grow: () => { const all = []; for (let i = 0; i < 8; i += 1) all.push(new Array(1e5).fill(i)); return all.length; },
};`,
);

describe('a call', () => {
  test.each([
    ['an object', { a: 1, b: [true, null, { c: 'd' }] }],
    ['unicode', { text: 'żółć 漢字 🦊 \u0000 \u2028 \ud83d', nested: { '\ufeff': 'ü' } }],
    ['numbers', { list: [0, -1, 1e21, 1.5e-7, 2 ** 53] }],
    ['deep nesting', JSON.parse(`${'['.repeat(60)}1${']'.repeat(60)}`)],
    ['a large text', { text: 'x'.repeat(500_000) }],
  ])('carries arguments in and the result out: %s', async (_what, args) => {
    expect(await sandbox.value(basic, 'echo', { args })).toEqual(args);
  });

  test('of a tool that returns nothing has the result null', async () => {
    expect(await sandbox.value(basic, 'nothing')).toBeNull();
  });

  test('says what was used', async () => {
    const outcome = await sandbox.call(basic, 'grow');
    expect(outcome).toMatchObject({ kind: 'returned' });
    expect(outcome.usage.cpuMs).toBeGreaterThan(0);
    expect(outcome.usage.wallMs).toBeGreaterThan(0);
    expect(outcome.usage.heapBytesPeak).toBeGreaterThan(5_000_000);
  });

  test.each([
    ['fail', 'went wrong'],
    ['failLater', 'a string'],
  ])('of a tool that throws ends TOOL_FAILED with its message: %s', async (tool, message) => {
    expect(await sandbox.call(basic, tool)).toMatchObject({ kind: 'failed', error: { code: 'TOOL_FAILED', message } });
  });

  test('of a tool that the module lacks ends PLUGIN_LOAD_FAILED', async () => {
    const outcome = await sandbox.call(basic, 'missing');
    expect(outcome).toMatchObject({
      kind: 'failed',
      error: { code: 'PLUGIN_LOAD_FAILED', message: expect.stringContaining('tools.missing') },
    });
  });
});

describe('host calls', () => {
  test('log and progress arrive in order and need no capability', async () => {
    const { calls, handler } = recordingHandler();
    await sandbox.value(basic, 'order', { onHostCall: handler });
    expect(calls).toEqual([
      { name: 'log', params: { level: 'info', message: 'one' } },
      { name: 'progress', params: { progress: 1, total: 2, message: 'half' } },
      { name: 'log', params: { level: 'warn', message: 'two' } },
      { name: 'progress', params: { progress: 2 } },
    ]);
  });

  test('are those of the one table, on both sides of the fence', async () => {
    const plugin = sandbox.plugin(`export const tools = {
      names: (args, host) => Object.entries(host).flatMap(([name, call]) =>
        typeof call === 'function' ? [name] : Object.keys(call).map((part) => name + '.' + part)),
      all: async (args, host) => {
        host.log('x'); host.progress({ progress: 1 }); await host.cost(1); await host.now(); await host.random(1);
        for (const [name, call] of Object.entries(host)) {
          if (['log', 'progress', 'cost', 'now', 'random'].includes(name)) continue;
          for (const each of typeof call === 'function' ? [call] : Object.values(call)) await each('x', {});
        }
      },
    };`);
    const names = Object.keys(HOST_CALLS).sort();
    expect(((await sandbox.value(plugin, 'names')) as string[]).sort()).toEqual(names);
    const { calls, handler } = recordingHandler({ now: 1, random: 'AA==', fetch: { headers: {}, body: { text: '' } } });
    const all = { net: [], files: [], store: { bytesMax: 1 }, run: [], tools: [], clock: true, random: true } as const;
    await sandbox.value(plugin, 'all', { capabilities: all, onHostCall: handler });
    expect(calls.map(({ name }) => name).sort()).toEqual(names);
  });

  test('console goes to the log', async () => {
    const { calls, handler } = recordingHandler();
    await sandbox.value(basic, 'console', { onHostCall: handler });
    expect(calls.map((call) => call.params)).toEqual([
      { level: 'info', message: 'a 1 null' },
      { level: 'error', message: 'b' },
    ]);
  });

  test.each([[1], [2], [3], [16], [255]])('random bytes arrive as they were: %i', async (n) => {
    const bytes = Buffer.from(Array.from({ length: n }, (_, at) => (at * 37) % 256));
    const { calls, handler } = recordingHandler({ random: bytes.toString('base64') });
    const value = await sandbox.value(basic, 'random', {
      args: { n },
      capabilities: { random: true },
      onHostCall: handler,
    });
    expect(value).toEqual([true, [...bytes]]);
    expect(calls).toEqual([{ name: 'random', params: { bytes: n } }]);
  });

  test('random asks 16 bytes unless told', async () => {
    const { calls, handler } = recordingHandler({ random: Buffer.alloc(16).toString('base64') });
    expect(await sandbox.value(basic, 'defaultRandom', { capabilities: { random: true }, onHostCall: handler })).toBe(
      16,
    );
    expect(calls).toEqual([{ name: 'random', params: { bytes: 16 } }]);
  });

  test('a refusal that the tool does not catch ends the call under its own code', async () => {
    expect(codeOf(await sandbox.call(basic, 'uncaught'))).toBe('CAPABILITY_DENIED');
  });

  test('is given with what it says where several are refused alike, and not where the tool caught it', async () => {
    const plugin = sandbox.plugin(`export const tools = {
      second: (args, host) => Promise.all(args.paths.map((path, at) => host.files.read({ path }).catch((error) => {
        if (at === 1) throw error;
      }))),
      own: async (args, host) => {
        try { await host.now(); } catch (error) { throw new Error(error.message); }
      },
      invented: async (args, host) => {
        await host.now().catch(() => {});
        throw Object.assign(new Error('x'), { code: 'DENIED', details: { remedy: 'mine' }, hostCall: 1 });
      },
    };`);
    const onHostCall = ({ params }: { readonly params: Json }) => {
      const { path } = params as { readonly path: string };
      throw new SmcpError('NOT_FOUND', 'nothing there', { details: { asked: path, remedy: 'look' } });
    };
    const given = { capabilities: { files: [] }, onHostCall, args: { paths: ['a', 'b', 'c'] } };
    const { error } = (await sandbox.call(plugin, 'second', given)) as { readonly error?: object };
    expect(error).toEqual({ code: 'NOT_FOUND', message: 'nothing there', details: { asked: 'b', remedy: 'look' } });
    for (const tool of ['own', 'invented']) {
      expect(await sandbox.call(plugin, tool)).toMatchObject({ error: { code: 'TOOL_FAILED' } });
      expect(JSON.stringify(await sandbox.call(plugin, tool))).not.toContain('remedy');
    }
  });

  test("a handler's own error reaches the guest without its text", async () => {
    const outcome = await sandbox.call(basic, 'uncaught', {
      capabilities: { clock: true },
      onHostCall: () => {
        throw new Error('secret /etc/path');
      },
    });
    expect(codeOf(outcome)).toBe('INTERNAL');
    expect(JSON.stringify(outcome)).not.toContain('secret');
  });

  test('calls of one agent interleave while they wait for the host', async () => {
    // None is answered before two wait for it.
    let waiting = 0;
    const two = Promise.withResolvers<void>();
    const onHostCall = async () => {
      waiting += 1;
      if (waiting === 2) two.resolve();
      await two.promise;
      return 1;
    };
    const run = () => sandbox.value(basic, 'wait', { capabilities: { clock: true }, onHostCall });
    expect(await Promise.all([run(), run(), run(), run()])).toEqual(Array(4).fill('waited'));
  });

  test('more calls of one agent than fit its isolate wait for each other', async () => {
    const run = (n: number) =>
      sandbox.value(basic, 'later', { args: { n }, capabilities: { clock: true }, onHostCall: () => 1 });
    expect(await Promise.all(Array.from({ length: 60 }, (_, n) => run(n)))).toEqual(Array(60).fill('later'));
  });
});

describe('ending a call from outside', () => {
  test.each([
    ['waits for the host', 'wait'],
    ['loops', 'spin'],
  ])('cancels one that %s, and the next call of the agent runs', async (_what, tool) => {
    const controller = new AbortController();
    const running = sandbox.call(basic, tool, {
      agent: 'cai',
      signal: controller.signal,
      capabilities: { clock: true },
      onHostCall: () => new Promise(() => {}),
    });
    setTimeout(() => controller.abort(), 100);
    expect((await running).kind).toBe('cancelled');
    expect(await sandbox.value(basic, 'echo', { agent: 'cai', args: 1 })).toBe(1);
  });

  test('one that is cancelled before it starts does not run', async () => {
    const controller = new AbortController();
    controller.abort();
    expect((await sandbox.call(basic, 'spin', { signal: controller.signal })).kind).toBe('cancelled');
  });

  test('a deadline that is reached while the host does not answer ends TIMEOUT', async () => {
    const outcome = await sandbox.call(basic, 'wait', {
      capabilities: { clock: true },
      onHostCall: () => new Promise(() => {}),
      limits: { timeoutMs: 200 },
    });
    expect(codeOf(outcome)).toBe('TIMEOUT');
  });

  test('a loop of one agent does not end calls of another in the same process', async () => {
    const beside = async () => {
      const { promise, resolve } = Promise.withResolvers<number>();
      const given = { agent: 'dan', capabilities: { clock: true }, onHostCall: () => promise } as const;
      const waiting = sandbox.call(basic, 'wait', given);
      const looping = await sandbox.call(basic, 'spin', { agent: 'eve', limits: { cpuMs: 200 } });
      expect(codeOf(looping)).toBe('CPU_EXCEEDED');
      resolve(1);
      return codeOf(await waiting);
    };
    // A machine that has no turn for the loop to be stopped in time has its process ended, and the call is lost, not failed.
    let ended = await beside();
    for (; ended === 'lost'; ended = await beside());
    expect(ended).toBe('returned');
  });
});

describe('agents', () => {
  test('more agents than isolates fit a warden are all served', async () => {
    const plugin = sandbox.plugin(`export const tools = { me: (args) => args.n };`, { memoryMiB: LIMITS.memoryMiBMax });
    const run = (n: number) => sandbox.value(plugin, 'me', { agent: `agent-${n}`, args: { n } });
    expect(await run(0)).toBe(0);
    expect(await run(1)).toBe(1);
    expect(await run(0)).toBe(0);
    expect(await Promise.all([run(2), run(3), run(4)])).toEqual([2, 3, 4]);
  });
});

describe('limits of one tool', () => {
  test.each([
    ['echo', { outputBytes: 10 }, { text: 'longer than ten' }, 'OUTPUT_TOO_LARGE', 'larger than 10 bytes', '10 bytes'],
    ['order', { hostCalls: 2 }, {}, 'HOST_CALLS_EXCEEDED', 'limit of 2', '2 times'],
  ])('that are smaller bite, and are named: %s', async (tool, limits, args, code, message, remedy) => {
    expect(await sandbox.call(basic, tool, { args, limits })).toMatchObject({
      kind: 'failed',
      error: {
        code,
        message: expect.stringContaining(message),
        details: { remedy: expect.stringMatching(new RegExp(`${remedy}.*plugin\\.json`)) },
      },
    });
    expect(codeOf(await sandbox.call(basic, tool, { args }))).toBe('returned');
  });
});

describe('what runs at all', () => {
  test.each(['product', 'external'] as const)(
    'a plugin of origin %s runs, and its profile names the layers in force',
    async (origin) => {
      const own = sandbox.plugin('export const tools = { go: () => 1 };', { origin });
      expect(await sandbox.value(own, 'go')).toBe(1);
      const profile = sandbox.runtime.profile(own, {});
      expect(profile).toMatchObject({ tier: 'isolate', digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) });
      expect(profile.layers).toEqual([...profile.layers].sort());
      expect(profile.layers).toEqual(expect.arrayContaining([...NEEDED_LAYERS]));
      expect(profile.layers.length).toBeLessThanOrEqual(LIMITS.recordLayersMax);
    },
  );

  test('what a warden gets does not depend on the grant', () => {
    const own = sandbox.plugin('export const tools = {};');
    expect(sandbox.runtime.profile(own, { clock: true })).toEqual(sandbox.runtime.profile(own, {}));
  });

  test('nothing runs after close', async () => {
    const closed = createTestSandbox();
    const plugin = closed.plugin('export const tools = { a: () => 1 };');
    await closed.close();
    expect(codeOf(await closed.call(plugin, 'a'))).toBe('SHUTTING_DOWN');
  });
});
