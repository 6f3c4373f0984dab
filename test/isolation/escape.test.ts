import { afterAll, describe, expect, test } from 'vitest';
import { createTestSandbox } from '#test/sandbox/harness.ts';
import { attackGroup, attackPlugin, runAttack, runBare } from './attack.ts';

const sandbox = createTestSandbox();
afterAll(() => sandbox.close());

/** Walks everything reachable from `start` and names what is not the language's own. */
const WALK = `
  const seen = new Set();
  const found = [];
  const names = /^(Isolate|Context|Reference|ExternalCopy|Callback|NativeModule|Module|Script|Dereference|Copy|process|require|Buffer)$/;
  const queue = [];
  const push = (value, path) => {
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null || seen.has(value)) return;
    seen.add(value);
    queue.push([value, path]);
  };
  for (const [name, value] of Object.entries(start)) push(value, name);
  while (queue.length > 0) {
    const [value, path] = queue.shift();
    push(Object.getPrototypeOf(value), path + '.__proto__');
    for (const key of Reflect.ownKeys(value)) {
      const descriptor = Object.getOwnPropertyDescriptor(value, key);
      for (const part of [descriptor.value, descriptor.get, descriptor.set]) push(part, path + '.' + String(key));
      if (names.test(String(key))) found.push(path + '.' + String(key));
      if (typeof descriptor.value === 'function' && names.test(descriptor.value.name)) found.push(path + '.' + String(key));
    }
  }`;

describe('what a guest can reach', () => {
  test('no isolated-vm object and nothing of Node, from the global, the host object, an error or a promise', async () => {
    const plugin = attackPlugin(
      sandbox,
      `const pending = host.now().catch((e) => e);
       const refusal = await pending;
       const start = { global: globalThis, host, refusal, pending, args, self: this ?? {} };
       ${WALK}
       return { found, size: seen.size };`,
    );
    const { outcome } = await runAttack(sandbox, plugin, { limits: { cpuMs: 5_000, timeoutMs: 8_000 } });
    const result = outcome.kind === 'returned' ? JSON.parse(outcome.resultJson) : outcome;
    // The stand-in whose members only throw; the engine's own is gone.
    expect(result.found).toEqual(['global.WebAssembly.Module']);
    expect(result.size).toBeGreaterThan(500);
  });

  test('the same walk finds a reference that was handed to a bare context', async () => {
    const result = await runBare(
      `(() => { const start = { global: globalThis }; ${WALK} return JSON.stringify(found); })()`,
      { reference: true },
    );
    expect(String(result.value)).toContain('leak');
  });

  const rows1 = [
    ['({}).constructor.constructor("return this")()'],
    ['host.log.constructor("return process")()'],
    ['(async () => {}).constructor("return this")()'],
    ['(function* () {}).constructor("return this")()'],
    ['(async function* () {}).constructor("return this")()'],
    ['Reflect.construct(Object.getPrototypeOf(function () {}).constructor, ["return this"])'],
    ['new (class extends (() => {}).constructor {})("return this")'],
    ['eval("1")'],
    ['(0, eval)("1")'],
    ['Function("return 1")()'],
    ['globalThis.Function("return 1")()'],
    ['console.log.constructor("return 1")()'],
    ['Object.getPrototypeOf(Object.getPrototypeOf(host.now())).constructor.constructor("return 1")()'],
    ['[].map.constructor("return 1")()'],
    ['host.constructor.constructor("return 1")()'],
  ] as const;
  const bodyOf1 = (expression: string) =>
    `try { return { got: String(${expression}) }; } catch (e) { return { refused: e.message }; }`;
  const attack1 = attackGroup(
    sandbox,
    rows1.map((row) => bodyOf1(row[0])),
  );
  test.each(rows1)('no code from text: %s', async (expression) => {
    const plugin = attack1(bodyOf1(expression));
    const { outcome } = await runAttack(sandbox, plugin);
    expect(JSON.parse(outcome.kind === 'returned' ? outcome.resultJson : '{}').refused).toMatch(
      /code from text is off|Cannot read properties/,
    );
  });

  test('without the prelude a bare context makes code from text', async () => {
    expect((await runBare('(async () => {}).constructor("return 40 + 2")()')).value).toBe(42);
  });

  test('import() is refused, whatever it names', async () => {
    const tries = ['node:fs', './index.js', 'data:text/javascript,1'].map(
      (name) => `await import('${name}').then(() => 'imported', (e) => e.message)`,
    );
    const { outcome } = await runAttack(sandbox, attackPlugin(sandbox, `return [${tries.join(', ')}];`));
    expect(outcome).toMatchObject({ kind: 'returned', resultJson: expect.not.stringContaining('"imported"') });
  });

  test('nothing of Node, of a browser or of the prelude is there, neither at load nor in a call', async () => {
    const names = [
      'process',
      'require',
      'fetch',
      'setTimeout',
      'Buffer',
      'module',
      'navigator',
      'performance',
      'gc',
      'smcpRegister',
    ];
    const kinds = names.map((name) => `typeof ${name}`).join(', ');
    const plugin = attackPlugin(sandbox, `return [...atLoad, ${kinds}];`, `const atLoad = [${kinds}];`);
    const { outcome } = await runAttack(sandbox, plugin);
    const found = outcome.kind === 'returned' ? JSON.parse(outcome.resultJson) : outcome;
    expect(found).toEqual([...names, ...names].map(() => 'undefined'));
  });
});

describe('time and chance without a capability', () => {
  const rows2 = [
    ['Date.now()', 'host.now()'],
    ['new Date()', 'host.now()'],
    ['Date()', 'host.now()'],
    ['new (class extends Date {})()', 'host.now()'],
    ['Reflect.construct(Date, [])', 'host.now()'],
    ['new (new Date(0).constructor)()', 'host.now()'],
    ['Math.random()', 'host.random'],
    ['new Intl.DateTimeFormat("en").format()', 'host.now()'],
    ['new Intl.DateTimeFormat("en").formatToParts()', 'host.now()'],
    ['new WeakRef({})', 'keep the value'],
    ['new FinalizationRegistry(() => {})', 'try'],
  ] as const;
  const bodyOf2 = (expression: string) =>
    `try { return 'got ' + String(${expression}); } catch (e) { return e.message; }`;
  const attack2 = attackGroup(
    sandbox,
    rows2.map((row) => bodyOf2(row[0])),
  );
  test.each(rows2)('%s is refused with its remedy', async (expression, remedy) => {
    const plugin = attack2(bodyOf2(expression));
    const { outcome } = await runAttack(sandbox, plugin);
    const text = outcome.kind === 'returned' ? String(JSON.parse(outcome.resultJson)) : '';
    expect(text).toContain(remedy);
    expect(text).toContain('not available in a plugin');
  });

  test('Temporal.Now has no clock', async () => {
    const plugin = attackPlugin(
      sandbox,
      `if (typeof Temporal === 'undefined') return 'none'; try { return String(Temporal.Now.instant()); } catch (e) { return 'none: ' + e.message; }`,
    );
    const { outcome } = await runAttack(sandbox, plugin);
    expect(outcome.kind === 'returned' && outcome.resultJson).toContain('none');
  });

  test('what is no clock works: dates of a value, formats, calculations', async () => {
    const plugin = attackPlugin(
      sandbox,
      `return [new Date(0).toISOString(), new Date(2020, 1, 29).getMonth(), Date.UTC(2020, 0), new Date(0) instanceof Date,
        new Intl.DateTimeFormat('en', { timeZone: 'UTC' }).format(0), Date.parse('2020-01-01'), new Date(0).constructor === Date];`,
    );
    const { outcome } = await runAttack(sandbox, plugin);
    expect(outcome.kind === 'returned' && JSON.parse(outcome.resultJson)).toEqual([
      '1970-01-01T00:00:00.000Z',
      1,
      1577836800000,
      true,
      '1/1/1970',
      1577836800000,
      true,
    ]);
  });

  test('without the prelude a bare context has both', async () => {
    const value = (await runBare('JSON.stringify([Date.now() > 1.6e12, Math.random() < 1, typeof WeakRef])')).value;
    expect(value).toBe('[true,true,"function"]');
  });
});
