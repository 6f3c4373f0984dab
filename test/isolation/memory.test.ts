import { afterAll, describe, expect, test } from 'vitest';
import { createTestSandbox } from '#test/sandbox/harness.ts';
import { attackGroup, attackPlugin, runAttack, runBare, UNDISTURBED } from './attack.ts';

const sandbox = createTestSandbox();
afterAll(() => sandbox.close());

const OUT_OF_MEMORY = expect.stringMatching(/^(MEMORY_EXCEEDED|CPU_EXCEEDED|PLUGIN_CRASHED)$/);

describe('a guest that takes memory without end', () => {
  const rows1 = [
    ['fills an array of a billion', 'Array(1e9).fill(0)'],
    ['floods a map', 'const map = new Map(); for (let i = 0; ; i += 1) map.set(i, { i });'],
    ['pushes arrays', 'const all = []; for (;;) all.push(new Array(1000).fill(1));'],
    ['keeps buffers', 'const all = []; for (;;) all.push(new Uint8Array(1 << 20).fill(1));'],
    ['doubles a string', 'let text = "x"; for (;;) { text += text; text.charCodeAt(text.length - 1); }'],
  ] as const;
  const attack1 = attackGroup(
    sandbox,
    rows1.map((row) => row[1]),
  );
  test.each(rows1)('%s: is ended, and only it', async (_what, body) => {
    const result = await runAttack(sandbox, attack1(body), {
      limits: { cpuMs: 5_000, timeoutMs: 8_000 },
    });
    expect(result).toMatchObject(UNDISTURBED);
    expect(['MEMORY_EXCEEDED', 'PLUGIN_CRASHED', 'TOOL_FAILED']).toContain(result.code);
  });

  test('makes Intl objects, which live outside of the heap: is ended', async () => {
    const body =
      'const all = []; for (let i = 0; ; i += 1) all.push(new Intl.DateTimeFormat("en", { month: "long" }).format(0));';
    const kept = body.replace('.format(0)', '');
    const result = await runAttack(sandbox, attackPlugin(sandbox, kept), {
      limits: { cpuMs: 5_000, timeoutMs: 8_000 },
    });
    expect(result).toMatchObject({ ...UNDISTURBED, code: OUT_OF_MEMORY });
  });

  test('without the wall, array fills end the process they live in, or take three times its limit', async () => {
    const grows = { timeoutMs: 20_000, waitMs: 20_000, rssMiBEnough: 192 };
    const fill = await runBare('Array(1e9).fill(0); 1', grows);
    const flood = await runBare('const all = []; for (;;) all.push(Array(1e7).fill(0));', grows);
    expect(['died', 'grew']).toContain(fill.ending);
    expect(['died', 'grew']).toContain(flood.ending);
  });
});

describe('memory that V8 does not count', () => {
  const rows2 = [
    ['WebAssembly.Memory', 'new WebAssembly.Memory({ initial: 8000 }); return 1;', 'runtime `process`'],
    [
      'a resizable ArrayBuffer',
      'new ArrayBuffer(0, { maxByteLength: 2 ** 30 }).resize(2 ** 29); return 1;',
      'make a larger',
    ],
    [
      'a growable SharedArrayBuffer',
      'new SharedArrayBuffer(0, { maxByteLength: 2 ** 30 }).grow(2 ** 29); return 1;',
      'one thread',
    ],
    ['Atomics.wait', 'Atomics.wait(new Int32Array(8), 0, 0); return 1;', 'one thread'],
  ] as const;
  const attack2 = attackGroup(
    sandbox,
    rows2.map((row) => row[1]),
  );
  test.each(rows2)('%s is refused with its remedy', async (_what, body, remedy) => {
    const result = await runAttack(sandbox, attack2(body));
    expect(result).toMatchObject({ ...UNDISTURBED, code: 'TOOL_FAILED' });
    expect(result.message).toContain(remedy);
  });

  test('a resizable buffer is not reached by a getter that changes its answer, nor by a subclass', async () => {
    const plugin = attackPlugin(
      sandbox,
      `let asked = 0;
       const sly = { get maxByteLength() { asked += 1; return asked === 1 ? undefined : 2 ** 30; } };
       const first = new ArrayBuffer(8, sly);
       let second;
       try { second = new (class extends ArrayBuffer {})(8, { maxByteLength: 64 }); } catch { second = 'refused'; }
       let third;
       try { third = Reflect.construct(first.constructor, [8, { maxByteLength: 64 }]); } catch { third = 'refused'; }
       return [first.resizable, second, third];`,
    );
    const { outcome } = await runAttack(sandbox, plugin);
    expect(outcome).toMatchObject({ resultJson: '[false,"refused","refused"]' });
  });

  test('without the wall each of them takes memory far past the limit of 64 MiB', async () => {
    const buffer = await runBare(
      'new Uint8Array((() => { const b = new ArrayBuffer(0, { maxByteLength: 2 ** 30 }); b.resize(2 ** 29); return b; })()).fill(1).length',
    );
    const shared = await runBare(
      'new Uint8Array((() => { const b = new SharedArrayBuffer(0, { maxByteLength: 2 ** 30 }); b.grow(2 ** 29); return b; })()).fill(1).length',
    );
    const wasm = await runBare('new Uint8Array(new WebAssembly.Memory({ initial: 8000 }).buffer).fill(1).length');
    for (const result of [buffer, shared, wasm]) {
      expect(result.rssMiBPeak).toBeGreaterThan(300);
    }
  });
});

describe('results that are too large', () => {
  const rows3 = [
    ['a string of 256 MB', 'return "x".repeat(256 * 1024 * 1024);'],
    ['a string one byte over the limit', 'return "x".repeat(1024 * 1024 - 1);'],
    ['many bytes in few characters', 'return "é".repeat(600 * 1024);'],
  ] as const;
  const attack3 = attackGroup(
    sandbox,
    rows3.map((row) => row[1]),
  );
  test.each(rows3)('%s never leaves', async (_what, body) => {
    const result = await runAttack(sandbox, attack3(body), {
      limits: { cpuMs: 5_000, timeoutMs: 8_000 },
    });
    expect(result).toMatchObject(UNDISTURBED);
    expect(['OUTPUT_TOO_LARGE', 'MEMORY_EXCEEDED', 'RESULT_INVALID', 'PLUGIN_CRASHED']).toContain(result.code);
  });

  test('a result of exactly the limit passes', async () => {
    const plugin = attackPlugin(sandbox, 'return "x".repeat(1024 * 1024 - 2);');
    expect((await runAttack(sandbox, plugin)).code).toBe('returned');
  });

  test('without the wall 256 MB arrive in the embedding process', async () => {
    const result = await runBare('"x".repeat(256 * 1024 * 1024).length');
    expect(result.value).toBe(256 * 1024 * 1024);
  });
});
