import { afterAll, describe, expect, test } from 'vitest';
import { createTestSandbox } from '#test/sandbox/harness.ts';
import { attackGroup, attackPlugin, HANGS, runAttack, runBare, SPIN_LIMITS, UNDISTURBED } from './attack.ts';

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
  /** What grows while it computes may be ended for its memory first, by us or by the kernel. */
  const GROWS = new Set(['squares a BigInt', 'stringifies a shared graph', 'returns a shared graph']);
  test.each(rows1)('%s: is ended for its processor time, and only it', async (what, body) => {
    const result = await runAttack(sandbox, attack1(body), { limits: SPIN_LIMITS });
    expect(result).toMatchObject(UNDISTURBED);
    expect(result.code).toMatch(GROWS.has(what) ? /^(CPU_EXCEEDED|MEMORY_EXCEEDED|PLUGIN_CRASHED)$/ : /^CPU_EXCEEDED$/);
  });

  test('the same while the module loads', async () => {
    const plugin = attackPlugin(sandbox, 'return 1;', 'for (;;);');
    const outcome = await sandbox.call(plugin, 'attack', { limits: SPIN_LIMITS });
    expect(outcome).toMatchObject({ kind: 'failed', error: { code: 'CPU_EXCEEDED' } });
  });

  const getter = (key: string) =>
    `const e = new Error('x'); Object.defineProperty(e, '${key}', { get() { for (;;); } });`;
  test('without the wall what spins while an error is read is a thread that only SIGKILL ends', async () => {
    const bodies = [
      `throw new Proxy(new Error('x'), ${SPIN});`,
      `Promise.reject(new Proxy(new Error('x'), ${SPIN})); 1`,
      `${getter('message')} Promise.reject(e); 1`,
      `${getter('stack')} throw e;`,
      `${getter('name')} throw e;`,
    ];
    const results = await Promise.all(bodies.map((body) => runBare(body, HANGS)));
    expect(results.map(({ ending }) => ending)).toEqual(bodies.map(() => 'hung'));
  });

  test('without the wall the timeout of 500 ms does not end BigInt arithmetic and shared graphs in time', async () => {
    const hungry = { ...HANGS, rssMiBEnough: 256 };
    const squared = await runBare('let x = 2n ** 64n; for (;;) x = x * x;', hungry);
    const shared = await runBare(`${DAG} JSON.stringify(node).length`, hungry);
    for (const { ending, value, ms } of [squared, shared]) {
      const isEndedInTime = ending === 'ran' && String(value).includes('timed out') && ms < 750;
      expect(isEndedInTime).toBe(false);
    }
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
    expect((await runBare('new Promise(() => {})', HANGS)).ending).not.toBe('ran');
  });
});

describe('recursion', () => {
  const rows4 = [
    ['in JavaScript', 'const f = () => f(); return f();', 'TOOL_FAILED'],
    ['in JSON.parse', 'return JSON.parse("[".repeat(1e6)).length;', 'TOOL_FAILED'],
    ['in JSON.stringify', 'let a = []; for (let i = 0; i < 1e5; i += 1) a = [a]; return a;', 'RESULT_INVALID'],
    ['in RegExp', 'return new RegExp("(".repeat(1e5) + ")".repeat(1e5)).test("x");', 'TOOL_FAILED'],
    ['in a getter', 'const o = { get a() { return o.a; } }; return o.a;', 'TOOL_FAILED'],
    ['in toString', 'const o = { toString() { return String(o); } }; return String(o);', 'TOOL_FAILED'],
  ] as const;
  const attack4 = attackGroup(
    sandbox,
    rows4.map((row) => row[1]),
  );
  // No negative control: the engine itself stops recursion, with or without our walls.
  test.each(rows4)('%s: fails the call and nothing else', async (_what, body, code) => {
    const result = await runAttack(sandbox, attack4(body));
    expect(result).toMatchObject({ ...UNDISTURBED, code });
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
