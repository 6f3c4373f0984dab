import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { createTestSandbox } from '#test/sandbox/harness.ts';
import { attackGroup, attackPlugin, runAttack, runBare } from './attack.ts';

const sandbox = createTestSandbox();
afterAll(() => sandbox.close());

/** What an expression is in a plain Node. */
function inNode(expression: string): unknown {
  const script = `(async () => process.stdout.write(JSON.stringify(${expression})))()`;
  return JSON.parse(execFileSync(process.execPath, ['--expose-gc', '-e', script], { encoding: 'utf8' }));
}

/**
 * Walks everything reachable from `start`. `found`: what is named like a class of isolated-vm or of Node. `natives`: how many
 * functions without JavaScript source there are of each name: a function that the embedder handed in is one of them, without
 * a name. `foreign`: objects whose prototypes end in another context's.
 */
const WALK = `
  const seen = new Set();
  const found = [];
  const foreign = [];
  const natives = {};
  const names = /^(Isolate|Context|Reference|ExternalCopy|Callback|NativeModule|Module|Script|Dereference|Copy|process|require|Buffer)$/;
  const source = Function.prototype.toString;
  const queue = [];
  const push = (value, path) => {
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null || seen.has(value)) return;
    seen.add(value);
    queue.push([value, path]);
  };
  start.samples = [new Error(), () => {}, async () => {}, function* () {}, async function* () {}, [].keys(), ''.matchAll(/x/g), new Map().keys(), new Set().keys(), (function* () {})(), (async function* () {})()];
  for (const [name, value] of Object.entries(start)) push(value, name);
  while (queue.length > 0) {
    const [value, path] = queue.shift();
    const parent = Object.getPrototypeOf(value);
    push(parent, path + '.__proto__');
    if (parent === null && value !== Object.prototype && Object.hasOwn(value, 'hasOwnProperty')) foreign.push(path);
    if (typeof value === 'function' && source.call(value).includes('[native code]')) {
      const name = Object.getOwnPropertyDescriptor(value, 'name')?.value;
      const key = typeof name === 'string' ? name : '';
      natives['f ' + key] = (natives['f ' + key] ?? 0) + 1;
    }
    for (const key of Reflect.ownKeys(value)) {
      const descriptor = Object.getOwnPropertyDescriptor(value, key);
      for (const part of [descriptor.value, descriptor.get, descriptor.set]) push(part, path + '.' + String(key));
      if (names.test(String(key))) found.push(path + '.' + String(key));
      if (typeof descriptor.value === 'function' && names.test(descriptor.value.name)) found.push(path + '.' + String(key));
    }
  }
  const globals = Object.getOwnPropertyNames(globalThis);`;

type Walked = {
  readonly found: readonly string[];
  readonly foreign: readonly string[];
  readonly natives: { readonly [name: string]: number };
  readonly globals: readonly string[];
  readonly size: number;
};

const walkBare = async (
  options: { readonly reference?: boolean; readonly callback?: boolean } = {},
): Promise<Walked> => {
  const code = `(() => { const start = { global: globalThis }; ${WALK} return JSON.stringify({ found, foreign, natives, globals, size: seen.size }); })()`;
  return JSON.parse(String((await runBare(code, options)).value));
};

/** What the one has and the other has not, or has less often. */
const beyond = (walked: Walked, bare: Walked) => ({
  natives: Object.entries(walked.natives)
    .filter(([name, count]) => count > (bare.natives[name] ?? 0))
    .map(([name]) => name),
  globals: walked.globals.filter((name) => !bare.globals.includes(name)),
  foreign: walked.foreign,
});

describe('what a guest can reach', () => {
  test('no isolated-vm object and nothing of Node, from the global, the host object, an error or a promise', async () => {
    const plugin = attackPlugin(
      sandbox,
      `const pending = host.now().catch((e) => e);
       const refusal = await pending;
       const start = { global: globalThis, host, refusal, pending, args, self: this ?? {} };
       ${WALK}
       return { found, foreign, natives, globals, size: seen.size, host: Reflect.ownKeys(host) };`,
    );
    const { outcome } = await runAttack(sandbox, plugin);
    const result = outcome.kind === 'returned' ? JSON.parse(outcome.resultJson) : outcome;
    expect(result.found).toEqual([]);
    expect(result.size).toBeGreaterThan(500);
    expect(result.host.sort()).toEqual([
      'cost',
      'fetch',
      'files',
      'log',
      'now',
      'progress',
      'random',
      'run',
      'store',
      'tools',
    ]);
    expect(beyond(result, await walkBare())).toEqual({ natives: [], globals: [], foreign: [] });
  });

  test('the same walk finds a reference and a callback that were handed to a bare context', async () => {
    const bare = await walkBare();
    expect(beyond(bare, bare)).toEqual({ natives: [], globals: [], foreign: [] });
    const reference = await walkBare({ reference: true });
    expect(reference.found.join()).toContain('leak');
    expect(beyond(reference, bare).natives).toContain('f deref');
    const callback = beyond(await walkBare({ callback: true }), bare);
    expect(callback).toEqual({ natives: [expect.any(String)], globals: ['post'], foreign: [] });
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
    // The same in Node itself, where there is a module of each name.
    expect(inNode(`[${tries.join(', ').replace('./index.js', 'data:text/javascript,2')}]`)).toEqual(
      tries.map(() => 'imported'),
    );
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
    const inside = inNode(`(globalThis.smcpRegister = 1, [${kinds}])`);
    expect(inside).not.toContain('undefined');
    // The name that it has while the prelude runs.
    expect(readFileSync(new URL('../../sandbox/guest/trampoline.js', import.meta.url), 'utf8')).toContain(
      "'smcpRegister'",
    );
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
