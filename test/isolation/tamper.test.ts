import { afterAll, describe, expect, test } from 'vitest';
import { createTestSandbox, recordingHandler } from '#test/sandbox/harness.ts';
import { attackGroup, attackPlugin, runAttack, runBare, UNDISTURBED } from './attack.ts';

const sandbox = createTestSandbox();
afterAll(() => sandbox.close());

const POLLUTE = `
  const tamper = (owner, key, value) => { try { owner[key] = value; } catch {} try { Object.defineProperty(owner, key, { value, configurable: true }); } catch {} };
  for (const owner of [Object.prototype, Array.prototype, String.prototype, Function.prototype, Promise.prototype, Error.prototype]) {
    tamper(owner, 'toJSON', () => 'tampered');
    tamper(owner, 'then', (resolve) => resolve('tampered'));
    tamper(owner, 'toString', () => 'tampered');
    tamper(owner, 'message', 'tampered');
    tamper(owner, 'call', () => 'tampered');
    tamper(owner, 'apply', () => 'tampered');
  }
  tamper(JSON, 'stringify', () => '"tampered"');
  tamper(JSON, 'parse', () => 'tampered');
  tamper(Reflect, 'apply', () => 'tampered');
  tamper(Object, 'hasOwn', () => false);
  tamper(Promise, 'resolve', () => 'tampered');
  tamper(Array.prototype, Symbol.iterator, function* () { yield 'tampered'; });
  tamper(Object.getPrototypeOf([][Symbol.iterator]()), 'next', () => ({ done: false, value: 'tampered' }));
  tamper(globalThis, 'JSON', { stringify: () => '"tampered"', parse: () => 'tampered' });
  tamper(globalThis, 'Promise', class { then() {} });
  tamper(globalThis, 'String', () => 'tampered');
`;

describe('a guest that changes built-ins', () => {
  const rows1 = [
    [
      'before the tool runs, while its module loads',
      'host.log("said"); return { kept: args.x, at: await host.now() };',
      POLLUTE,
    ],
    ['in the tool', `${POLLUTE} host.log("said"); return { kept: args.x, at: await host.now() };`, ''],
  ] as const;
  test.each(rows1)('%s: the trampoline still carries the truth', async (_when, body, before) => {
    const { calls, handler } = recordingHandler({ now: 7 });
    const result = await runAttack(sandbox, attackPlugin(sandbox, body, before), {
      args: { x: 'value' },
      capabilities: { clock: true },
      onHostCall: handler,
    });
    expect(result).toMatchObject({ ...UNDISTURBED, outcome: { resultJson: '{"kept":"value","at":7}' } });
    expect(calls).toEqual([
      { name: 'log', params: { level: 'info', message: 'said' } },
      { name: 'now', params: null },
    ]);
  });

  test('an error after it still has its message', async () => {
    const result = await runAttack(sandbox, attackPlugin(sandbox, `${POLLUTE} throw new Error('mine');`));
    expect(result).toMatchObject({ ...UNDISTURBED, code: 'TOOL_FAILED', message: 'mine' });
  });

  test('built-ins are frozen, but what inherits from them can still be assigned', async () => {
    const plugin = attackPlugin(
      sandbox,
      `const error = new Error('x'); error.name = 'Mine'; error.message = 'y';
       const object = {}; object.toString = () => 'mine'; object.constructor = 1;
       function Old() {} Old.prototype.toString = () => 'old'; Old.prototype.constructor = Old;
       class Sub extends Array {} const sub = new Sub(1, 2); sub.push(3);
       return [Object.isFrozen(Object.prototype), Object.isFrozen(Promise), Object.isFrozen(JSON), String(error), String(object), String(new Old()), sub.length];`,
    );
    const { outcome } = await runAttack(sandbox, plugin);
    expect(outcome).toMatchObject({ resultJson: '[true,true,true,"Mine: y","mine","old",3]' });
  });

  test('in a bare context the same changes the result', async () => {
    expect((await runBare('JSON.stringify = () => "tampered"; JSON.stringify({})')).value).toBe('tampered');
  });
});

describe('residue for the next call', () => {
  test('nothing that a call leaves is there in the next one of the same agent', async () => {
    const plugin = sandbox.plugin(
      `let count = 0;
       export const tools = {
         leave: () => { globalThis.left = 1; count += 1; try { Object.prototype.left = 1; } catch {} Symbol.for('x').description; return count; },
         look: () => [typeof globalThis.left, count, 'left' in {}],
       };`,
    );
    expect(await sandbox.value(plugin, 'leave')).toBe(1);
    expect(await sandbox.value(plugin, 'look')).toEqual(['undefined', 0, false]);
    expect(await sandbox.value(plugin, 'leave')).toBe(1);
  });

  test('two calls of one agent at the same time do not see each other', async () => {
    const plugin = sandbox.plugin(
      `export const tools = { both: async (args, host) => { globalThis.mine = args.n; await host.now(); return globalThis.mine; } };`,
    );
    const call = (n: number) => sandbox.value(plugin, 'both', { args: { n }, capabilities: { clock: true } });
    expect(await Promise.all([call(1), call(2), call(3)])).toEqual([1, 2, 3]);
  });

  test('in one bare context it is there', async () => {
    expect((await runBare('globalThis.left = 1; typeof globalThis.left')).value).toBe('number');
  });
});

describe('hostile values', () => {
  const rows2 = [
    ['a getter that throws', 'return { get a() { throw new Error("from a getter"); } };', 'RESULT_INVALID'],
    ['a toJSON that throws', 'return { toJSON() { throw new Error("no"); } };', 'RESULT_INVALID'],
    [
      'a proxy whose traps throw',
      'return new Proxy({}, { ownKeys() { throw 1; }, get() { throw 2; } });',
      'TOOL_FAILED',
    ],
    ['a revoked proxy', 'const r = Proxy.revocable({}, {}); r.revoke(); return r.proxy;', 'TOOL_FAILED'],
    ['a thrown revoked proxy', 'const r = Proxy.revocable({}, {}); r.revoke(); throw r.proxy;', 'TOOL_FAILED'],
    ['a BigInt', 'return 1n;', 'RESULT_INVALID'],
    ['a cycle', 'const a = {}; a.a = a; return a;', 'RESULT_INVALID'],
    ['a function', 'return () => 1;', 'RESULT_INVALID'],
    ['a symbol', 'return Symbol("x");', 'RESULT_INVALID'],
    ['a thrown null', 'throw null;', 'TOOL_FAILED'],
    ['a thrown symbol', 'throw Symbol("x");', 'TOOL_FAILED'],
    [
      'an error whose message throws',
      'const e = new Error(); Object.defineProperty(e, "message", { get() { throw 1; } }); throw e;',
      'TOOL_FAILED',
    ],
    [
      'an error that names one of our codes',
      'const e = new Error("x"); e.code = "CAPABILITY_DENIED"; throw e;',
      'TOOL_FAILED',
    ],
    ['a rejected thenable', 'return { then(_, no) { no(new Error("x")); } };', 'TOOL_FAILED'],
    [
      'an unhandled rejection that claims a timeout',
      'Promise.reject(new Error("Script execution timed out.")); return 1;',
      'returned',
    ],
    ['a handled throw of a loop in a finaliser', 'try { throw 1; } finally { return 2; }', 'returned'],
  ] as const;
  const attack2 = attackGroup(
    sandbox,
    rows2.map((row) => row[1]),
  );
  test.each(rows2)('%s', async (_what, body, code) => {
    expect(await runAttack(sandbox, attack2(body))).toMatchObject({ ...UNDISTURBED, code });
  });

  test('Error.prepareStackTrace can be neither set nor defined', async () => {
    const plugin = attackPlugin(
      sandbox,
      `let called = 0; const out = [];
       try { Error.prepareStackTrace = () => { called += 1; return 'mine'; }; } catch (e) { out.push(e.message.includes('error.stack')); }
       try { Object.defineProperty(Error, 'prepareStackTrace', { value: () => { called += 1; } }); } catch { out.push('refused'); }
       String(new Error('x').stack);
       return [...out, called];`,
    );
    const { outcome } = await runAttack(sandbox, plugin);
    expect(outcome).toMatchObject({ resultJson: '[true,"refused",0]' });
  });

  test('in a bare context it is called with the guest as the engine', async () => {
    expect((await runBare('Error.prepareStackTrace = () => "mine"; new Error("x").stack')).value).toBe('mine');
  });

  test('keys named __proto__ and constructor are data, in arguments and results', async () => {
    const plugin = attackPlugin(
      sandbox,
      'return { has: Object.hasOwn(args, "__proto__"), polluted: ({}).x, same: args };',
    );
    const args = JSON.parse('{"__proto__":{"x":1},"constructor":{"prototype":{"x":1}}}');
    const { outcome } = await runAttack(sandbox, plugin, { args });
    expect(outcome).toMatchObject({
      resultJson: '{"has":true,"same":{"__proto__":{"x":1},"constructor":{"prototype":{"x":1}}}}',
    });
    expect(({} as { x?: unknown }).x).toBeUndefined();
  });

  test.each([['__proto__'], ['constructor'], ['toString'], ['hasOwnProperty'], ['']])(
    'a tool named %j is not there',
    async (name) => {
      const plugin = sandbox.plugin('export const tools = { fine: () => 1 };');
      const outcome = await sandbox.call(plugin, name);
      expect(outcome).toMatchObject({ kind: 'failed', error: { code: 'PLUGIN_LOAD_FAILED' } });
    },
  );

  const rows3 = [
    ['thrown by the tool', 'throw new Error("x")'],
    ['from a stack', 'return new Error("x").stack'],
    ['of a refused host call', 'await host.now()'],
    ['of a host call with a wrong argument', 'host.log("loud", "x")'],
    ['of a host call, its stack', 'try { await host.now() } catch (e) { return e.stack + JSON.stringify(e) }'],
    ['of a captured stack', 'const o = {}; Error.captureStackTrace(o); return o.stack'],
  ] as const;
  const attack3 = attackGroup(
    sandbox,
    rows3.map((row) => row[1]),
  );
  test.each(rows3)('no path of the host in what is %s', async (_what, body) => {
    const { outcome } = await runAttack(sandbox, attack3(body));
    const text = JSON.stringify(outcome);
    expect(text).not.toMatch(/node_modules|file:\/\/|\/work|\/tmp|node:internal/);
    expect(text).not.toContain(process.cwd());
    expect(text).not.toContain(sandbox.root);
  });
});
