import { afterAll, describe, expect, test } from 'vitest';
import { LIMITS } from '#base/limits.ts';
import { codeOf, createTestSandbox } from '#test/sandbox/harness.ts';
import { attackGroup, attackPlugin, runAttack, runBare, UNDISTURBED } from './attack.ts';

const sandbox = createTestSandbox();
afterAll(() => sandbox.close());

/** Of files that a process has mapped: Node and its libraries. */
const MAPPED_MIB_MAX = 256;
/**
 * What a warden may be seen with. The watchdog ends it far below, at what its isolates may hold; on a machine on which the watchdog
 * gets no turn, the kernel's limit of its data holds. Without the wall the same attacks take gigabytes.
 */
const WARDEN_MIB_MAX =
  LIMITS.wardenDataBaselineMiB + LIMITS.wardenMemoryMiBMax + LIMITS.wardenHeadroomMiB + MAPPED_MIB_MAX;

/**
 * V8 counts neither what is outside of its heap nor one giant array or text before it is there: the host sees how much the warden holds, or,
 * where that gets no turn in time, the kernel refuses more, which ends the process.
 */
const UNCOUNTED = expect.stringMatching(/^(MEMORY_EXCEEDED|PLUGIN_CRASHED)$/);
/** Or there is no room for a buffer, and V8 says so. */
const BUFFERS = expect.stringMatching(/^(TOOL_FAILED|MEMORY_EXCEEDED|PLUGIN_CRASHED)$/);

describe('a guest that takes memory without end', () => {
  const rows1 = [
    ['fills an array of a billion', 'Array(1e9).fill(0)', UNCOUNTED],
    ['floods a map', 'const map = new Map(); for (let i = 0; ; i += 1) map.set(i, { i });', 'MEMORY_EXCEEDED'],
    ['pushes arrays', 'const all = []; for (;;) all.push(new Array(1000).fill(1));', 'MEMORY_EXCEEDED'],
    ['keeps buffers', 'const all = []; for (;;) all.push(new Uint8Array(1 << 20).fill(1));', BUFFERS],
    ['doubles a string', 'let text = "x"; for (;;) { text += text; text.charCodeAt(text.length - 1); }', UNCOUNTED],
  ] as const;
  const attack1 = attackGroup(
    sandbox,
    rows1.map((row) => row[1]),
  );
  test.each(rows1)('%s: is ended, and only it', async (_what, body, code) => {
    const result = await runAttack(sandbox, attack1(body));
    expect(result).toMatchObject({ ...UNDISTURBED, code });
    expect(result.wardenMiBPeak).toBeLessThan(WARDEN_MIB_MAX);
  });

  const INTL = 'const all = []; for (;;) all.push(new Intl.DateTimeFormat("en", { month: "long" }));';
  test('makes Intl objects, which live outside of the heap: is ended', async () => {
    const result = await runAttack(sandbox, attackPlugin(sandbox, INTL));
    expect(result).toMatchObject({ ...UNDISTURBED, code: UNCOUNTED });
    expect(result.wardenMiBPeak).toBeLessThan(WARDEN_MIB_MAX);
  });

  test('without the wall Intl objects take three times the limit', async () => {
    const bare = await runBare(INTL, { rssMiBEnough: 192 });
    expect(bare.ending).toBe('grew');
  });

  test('without the wall, array fills end the process they live in, or take three times its limit', async () => {
    const grows = { rssMiBEnough: 192 };
    const fill = await runBare('Array(1e9).fill(0); 1', grows);
    const flood = await runBare('const all = []; for (;;) all.push(Array(1e7).fill(0));', grows);
    expect(['died', 'grew']).toContain(fill.ending);
    expect(['died', 'grew']).toContain(flood.ending);
  });
});

/**
 * What V8 lets a heap take beyond its limit before it looks: it depends on the machine, not on the limit. Where one machine ended all sizes
 * at 1.75 times the limit, a faster one let 16 MiB grow to 48, 32 to 64 and 64 to 80.
 */
const V8_SLACK_MIB = 48;

describe('the memory of a manifest', () => {
  const HOLD = `export const tools = {
    hold: (args) => { const kept = []; for (let mib = 0; mib < args.mib; mib += 1) kept.push(new Array(131072).fill(mib)); return kept.length; },
    fine: () => 'fine',
  };`;

  test.each([LIMITS.memoryMiBMin, 32, LIMITS.memoryMiBDefault, 128])(
    'is what a guest may hold, but for what V8 takes before it looks: %i MiB',
    async (memoryMiB) => {
      const plugin = sandbox.plugin(HOLD, { memoryMiB });
      const hold = (mib: number) => sandbox.call(plugin, 'hold', { args: { mib } });
      expect(codeOf(await hold(memoryMiB * 0.75))).toBe('returned');
      expect(codeOf(await hold(memoryMiB + V8_SLACK_MIB))).toBe('MEMORY_EXCEEDED');
      expect(codeOf(await sandbox.call(plugin, 'fine'))).toBe('returned');
    },
  );

  test('ends a guest for nothing else: one that was given more holds the same', async () => {
    const plugin = sandbox.plugin(HOLD, { memoryMiB: 128 });
    const mib = LIMITS.memoryMiBMin + V8_SLACK_MIB;
    expect(codeOf(await sandbox.call(plugin, 'hold', { args: { mib } }))).toBe('returned');
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
    const enough = { rssMiBEnough: 192 };
    const buffer = await runBare(
      'new Uint8Array((() => { const b = new ArrayBuffer(0, { maxByteLength: 2 ** 30 }); b.resize(2 ** 29); return b; })()).fill(1).length',
      enough,
    );
    const shared = await runBare(
      'new Uint8Array((() => { const b = new SharedArrayBuffer(0, { maxByteLength: 2 ** 30 }); b.grow(2 ** 29); return b; })()).fill(1).length',
      enough,
    );
    const wasm = await runBare(
      'new Uint8Array(new WebAssembly.Memory({ initial: 8000 }).buffer).fill(1).length',
      enough,
    );
    for (const result of [buffer, shared, wasm]) {
      expect(result.rssMiBPeak).toBeGreaterThan(192);
    }
  });
});

describe('results that are too large', () => {
  const rows3 = [
    ['a string of 256 MB', 'return "x".repeat(256 * 1024 * 1024);', UNCOUNTED],
    ['a string one byte over the limit', 'return "x".repeat(1024 * 1024 - 1);', 'OUTPUT_TOO_LARGE'],
    ['many bytes in few characters', 'return "é".repeat(600 * 1024);', 'OUTPUT_TOO_LARGE'],
  ] as const;
  const attack3 = attackGroup(
    sandbox,
    rows3.map((row) => row[1]),
  );
  test.each(rows3)('%s never leaves', async (_what, body, code) => {
    const result = await runAttack(sandbox, attack3(body));
    expect(result).toMatchObject({ ...UNDISTURBED, code });
    expect(result.wardenMiBPeak).toBeLessThan(WARDEN_MIB_MAX);
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
