import { afterAll, describe, expect, test } from 'vitest';
import { createTestSandbox } from '#test/sandbox/harness.ts';
import { attackGroup, attackPlugin, runAttack, runBare, UNDISTURBED } from './attack.ts';

const sandbox = createTestSandbox();
afterAll(() => sandbox.close());

const SPIN = '{ get() { for (;;); }, getPrototypeOf() { for (;;); }, has() { for (;;); }, ownKeys() { for (;;); } }';
const DAG = 'let node = {}; for (let i = 0; i < 30; i += 1) node = { a: node, b: node };';

describe('a guest that never comes back', () => {
  const rows1 = [
    ['loops', 'for (;;);'],
    ['loops in microtasks', 'for (;;) await 0;'],
    [
      'loops in a microtask after it returned',
      'Promise.resolve().then(() => Promise.resolve()).then(() => { for (;;); }); return 1;',
    ],
    ['throws a proxy whose traps loop', `throw new Proxy(new Error('x'), ${SPIN});`],
    [
      'throws it from a microtask',
      `await Promise.resolve().then(() => { throw new Proxy(new Error('x'), ${SPIN}); });`,
    ],
    ['leaves it as an unhandled rejection', `Promise.reject(new Proxy(new Error('x'), ${SPIN})); return 1;`],
    [
      'rejects with an error whose message loops',
      `const e = new Error('x'); Object.defineProperty(e, 'message', { get() { for (;;); } }); Promise.reject(e); return 1;`,
    ],
    [
      'throws an error whose message loops',
      `const e = new Error('x'); Object.defineProperty(e, 'message', { get() { for (;;); } }); throw e;`,
    ],
    [
      'throws an error whose stack loops',
      `const e = new Error('x'); Object.defineProperty(e, 'stack', { get() { for (;;); } }); Promise.reject(e); throw e;`,
    ],
    [
      'throws an error whose name loops',
      `const e = new Error('x'); Object.defineProperty(e, 'name', { get() { for (;;); } }); Promise.reject(e); throw e;`,
    ],
    ['squares a BigInt', 'let x = 2n ** 64n; for (;;) x = x * x;'],
    ['stringifies a shared graph', `${DAG} JSON.stringify(node); return 1;`],
    ['returns a shared graph', `${DAG} return node;`],
    ['returns an object whose toJSON loops', 'return { toJSON() { for (;;); } };'],
    ['returns an object whose getter loops', 'return { get a() { for (;;); } };'],
    ['returns a thenable whose then loops', 'return { get then() { for (;;); } };'],
    ['searches by a pattern that backtracks', 'return /^(a+)+$/.test("a".repeat(40) + "b");'],
    ['sorts with a looping comparison', '[3, 1, 2].sort(() => { for (;;); }); return 1;'],
  ] as const;
  const attack1 = attackGroup(
    sandbox,
    rows1.map((row) => row[1]),
  );
  test.each(rows1)('%s: is ended within its limits, and only it', async (_what, body) => {
    const result = await runAttack(sandbox, attack1(body));
    expect(result).toMatchObject(UNDISTURBED);
    expect(['CPU_EXCEEDED', 'TIMEOUT', 'MEMORY_EXCEEDED', 'TOOL_FAILED', 'RESULT_INVALID']).toContain(result.code);
    expect(result.outcome.kind).toBe('failed');
  });

  const rows2 = [
    ['a plain loop', 'for (;;);'],
    ['a loop in microtasks', 'for (;;) await 0;'],
    ['a proxy whose traps loop', `throw new Proxy(new Error('x'), ${SPIN});`],
    ['an unhandled rejection whose message loops', `Promise.reject(new Proxy(new Error('x'), ${SPIN})); return 1;`],
  ] as const;
  const attack2 = attackGroup(
    sandbox,
    rows2.map((row) => row[1]),
  );
  test.each(rows2)('%s is ended for its processor time', async (_what, body) => {
    expect((await runAttack(sandbox, attack2(body))).code).toBe('CPU_EXCEEDED');
  });

  test('the same while the module loads', async () => {
    const plugin = attackPlugin(sandbox, 'return 1;', 'for (;;);');
    const outcome = await sandbox.call(plugin, 'attack', { limits: { cpuMs: 200 } });
    expect(outcome).toMatchObject({ kind: 'failed', error: { code: 'CPU_EXCEEDED' } });
  });

  test('without the wall a proxy that is thrown, or rejected, leaves a thread that only SIGKILL ends', async () => {
    const thrown = await runBare(`throw new Proxy(new Error('x'), ${SPIN});`, { waitMs: 2_500 });
    const rejected = await runBare(`Promise.reject(new Proxy(new Error('x'), ${SPIN})); 1`, { waitMs: 2_500 });
    expect([thrown.ending, rejected.ending]).toEqual(['hung', 'hung']);
  });

  test('without the wall the timeout of BigInt arithmetic comes late', async () => {
    const squared = await runBare('let x = 2n ** 64n; for (;;) x = x * x;', { waitMs: 3_000 });
    expect(squared.ending === 'hung' || squared.ms > 1_000).toBe(true);
  });
});

describe('a promise that never settles', () => {
  const rows3 = [
    ['as the result', 'return new Promise(() => {});'],
    ['by a thenable that never calls back', 'return { then() {} };'],
    ['awaited', 'await new Promise(() => {}); return 1;'],
  ] as const;
  const attack3 = attackGroup(
    sandbox,
    rows3.map((row) => row[1]),
  );
  test.each(rows3)('%s: ends at once, since nothing can settle it', async (_what, body) => {
    const result = await runAttack(sandbox, attack3(body));
    expect(result).toMatchObject({ ...UNDISTURBED, code: 'TOOL_FAILED' });
    expect(result.message).toContain('nothing can settle');
  });

  test('ends at the deadline while a host call is unanswered', async () => {
    const plugin = attackPlugin(sandbox, 'return host.now();');
    const result = await runAttack(sandbox, plugin, {
      capabilities: { clock: true },
      onHostCall: () => new Promise(() => {}),
      limits: { timeoutMs: 300 },
    });
    expect(result).toMatchObject({ ...UNDISTURBED, code: 'TIMEOUT' });
  });

  test('without the wall the caller waits for ever', async () => {
    expect((await runBare('new Promise(() => {})', { waitMs: 1_500 })).ending).not.toBe('ran');
  });
});

describe('recursion', () => {
  const rows4 = [
    ['in JavaScript', 'const f = () => f(); return f();'],
    ['in JSON.parse', 'return JSON.parse("[".repeat(1e6)).length;'],
    ['in JSON.stringify', 'let a = []; for (let i = 0; i < 1e5; i += 1) a = [a]; return a;'],
    ['in RegExp', 'return new RegExp("(".repeat(1e5) + ")".repeat(1e5)).test("x");'],
    ['in a getter', 'const o = { get a() { return o.a; } }; return o.a;'],
    ['in toString', 'const o = { toString() { return String(o); } }; return String(o);'],
  ] as const;
  const attack4 = attackGroup(
    sandbox,
    rows4.map((row) => row[1]),
  );
  test.each(rows4)('%s: fails the call and nothing else', async (_what, body) => {
    const result = await runAttack(sandbox, attack4(body));
    expect(result).toMatchObject(UNDISTURBED);
    expect(['TOOL_FAILED', 'RESULT_INVALID', 'CPU_EXCEEDED', 'PLUGIN_CRASHED', 'MEMORY_EXCEEDED']).toContain(
      result.code,
    );
  });

  test('in the parser: the plugin does not load', async () => {
    const plugin = sandbox.plugin(
      `export const tools = { attack: () => ${'('.repeat(50_000)}1${')'.repeat(50_000)}, };`,
    );
    const outcome = await sandbox.call(plugin, 'attack');
    expect(outcome).toMatchObject({
      kind: 'failed',
      error: { code: expect.stringMatching(/PLUGIN_LOAD_FAILED|PLUGIN_CRASHED/) },
    });
    const fine = sandbox.plugin(`export const tools = { fine: () => 1 };`);
    expect(await sandbox.value(fine, 'fine')).toBe(1);
  });

  test('a result deeper than the bound is refused before anything walks it', async () => {
    const at = (depth: number) =>
      attackPlugin(sandbox, `let a = 1; for (let i = 0; i < ${depth}; i += 1) a = [a]; return a;`);
    expect((await runAttack(sandbox, at(64))).code).toBe('returned');
    expect((await runAttack(sandbox, at(65))).code).toBe('RESULT_INVALID');
  });
});
