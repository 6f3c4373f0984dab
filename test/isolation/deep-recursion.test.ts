// A guest that goes as deep as it can, in every way that the engine has of going deeper, on both kinds of threads that guests run
// on: it is told so by an error that it can catch, and the process that it lives in goes on.

import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LIMITS } from '#base/limits.ts';
import type { Plugin } from '#domain/manifest.ts';
import { createTestSandbox, wardenPids } from '#test/sandbox/harness.ts';

/** Long enough that what is meant for the warden's own thread ends there. */
const sandbox = createTestSandbox({ trialMsMax: 5_000 });
afterAll(() => sandbox.close());

const nested = (make: string) =>
  `(() => { let at = ${make.startsWith('at') ? '{}' : '[]'}; for (let i = 0; i < 1e5; i += 1) at = ${make}; return at; })()`;

/** Each goes deeper until it can't. */
const RECURSIONS: { readonly [name: string]: string } = {
  'a function': 'const f = () => f(); f();',
  'a generator': 'function* f() { yield* f(); } [...f()];',
  'an async function': 'const f = async () => { await f(); }; await f();',
  'a class': 'class A { constructor() { new A(); } } new A();',
  'a getter': 'const o = { get a() { return o.a; } }; o.a;',
  'turning into text': 'const o = { toString() { return String(o); } }; String(o);',
  'turning into JSON': 'const o = { toJSON() { return JSON.stringify(o); } }; JSON.stringify(o);',
  'a proxy': 'const p = new Proxy({}, { get: (_, key, own) => own[key] }); p.a;',
  'a chain of proxies': `${nested('new Proxy(at, {})')}.a;`,
  'a chain of prototypes of proxies': `${nested('Object.create(new Proxy(at, {}))')}.a;`,
  'sorting in a comparison': 'const f = () => [1, 2].sort(f); f();',
  'replacing in a replacement': 'const f = () => "a".replace(/a/, f); f();',
  'a regular expression': 'new RegExp("(".repeat(1e5) + ")".repeat(1e5)).test("x");',
  'reviving what was parsed': `JSON.parse('['.repeat(5000) + ']'.repeat(5000), (_, value) => value);`,
  'joining arrays': `String(${nested('[at]')});`,
  'flattening arrays': `${nested('[at]')}.flat(Infinity);`,
  instanceof: 'const o = { [Symbol.hasInstance]: () => 1 instanceof o }; 1 instanceof o;',
  'an iterator': 'const o = { [Symbol.iterator]() { return [...o]; } }; [...o];',
};

/** The parser of patterns says so in its own way. */
const OTHERWISE: { readonly [name: string]: string } = {
  'a regular expression': 'SyntaxError',
};

/** Native work, begun where next to nothing of the stack is left. */
const NATIVES: { readonly [name: string]: string } = {
  'a regular expression': '/(a+)+b/v.exec("a".repeat(12))',
  'a pattern that nests': 'new RegExp("(?:a|".repeat(300) + "b" + ")*".repeat(300), "iv").exec("a".repeat(50))',
  'parsing JSON': 'JSON.parse("[".repeat(5000) + "]".repeat(5000))',
  dates: 'new Date(2020, 1, 1).toLocaleString("de") + Date.parse("Mon, 25 Dec 1995 13:30:00 +0430")',
  'Intl.DateTimeFormat': 'new Intl.DateTimeFormat("en", { dateStyle: "full", timeZone: "America/New_York" }).format(0)',
  'Intl.NumberFormat': 'new Intl.NumberFormat("ar-EG", { style: "currency", currency: "USD" }).format(12345.6)',
  'Intl.Segmenter': '[...new Intl.Segmenter("th", { granularity: "word" }).segment("สวัสดีครับผมรักคุณ")]',
  Temporal: 'Temporal.ZonedDateTime.from("2020-01-01T00:00[America/New_York]").add({ days: 1 }).toLocaleString("en")',
  normalising: '"\\u1E9B\\u0323".repeat(99).normalize("NFKD") + "a".localeCompare("ä", "de")',
  BigInt: '(BigInt("9".repeat(5000)) * BigInt("8".repeat(5000))).toString()',
  stacks: 'new Error("x").stack',
  sorting: 'Array.from({ length: 500 }, (_, i) => -i).sort()',
  'long texts':
    '(() => { let s = "a"; for (let i = 0; i < 5000; i += 1) s = "b" + s + "c"; return s.indexOf("zz"); })()',
  classes: 'new (class extends (class { #x = 1; static { this.y = new Map([[1, 2]]); } }) {})()',
};

const rows = Object.keys(RECURSIONS);
const recursions = rows.map((name) => `async () => { ${RECURSIONS[name]} }`);
const natives = Object.values(NATIVES).map((native) => `() => (${native})`);

const SOURCE = `
const recursions = [${recursions.join(',\n')}];
const natives = [${natives.join(',\n')}];
export const tools = {
  fine: () => 'fine',
  recurse: async ({ at }) => {
    try { await recursions[at](); return 'came to an end'; } catch (error) { return error.name; }
  },
  edge: ({ at }) => {
    const act = natives[at];
    act();
    const seen = { levels: 0, worked: 0 };
    const down = () => {
      try { down(); } catch {}
      if (seen.levels === 200) return;
      seen.levels += 1;
      try { act(); seen.worked += 1; } catch {}
    };
    down();
    return seen;
  },
};`;

let plugin: Plugin;
let before: readonly number[];

beforeAll(async () => {
  plugin = sandbox.plugin(SOURCE);
  await sandbox.call(plugin, 'fine');
  before = wardenPids();
});

const THREADS = ['own', 'other'] as const;

describe('a guest that recurses without end', () => {
  test.each(rows)('by %s is told so and goes on, on either thread, in a process that goes on', async (name) => {
    for (const thread of THREADS) {
      const value = await sandbox.value(plugin, 'recurse', { args: { at: rows.indexOf(name) }, thread });
      expect([thread, value]).toEqual([thread, OTHERWISE[name] ?? 'RangeError']);
    }
    expect(wardenPids()).toEqual(before);
  });
});

describe('native work', () => {
  const names = Object.keys(NATIVES);
  test.each(names)('%s, at the very end of its stack, works or is refused, and its process goes on', async (name) => {
    for (const thread of THREADS) {
      const value = await sandbox.value(plugin, 'edge', { args: { at: names.indexOf(name) }, thread });
      // The first levels have too little left for it, all others enough.
      expect(value).toEqual({
        levels: 200,
        worked: expect.toSatisfy((worked: number) => worked > 100 && worked < 200),
      });
    }
    expect(wardenPids()).toEqual(before);
  });
});

test('with a bound beyond the stack that there is, the same recursion ends the process: the control', () => {
  const script = `
    const ivm = require(process.argv[1]);
    const isolate = new ivm.Isolate({ memoryLimit: 64 });
    const context = isolate.createContextSync();
    try { context.evalSync('const f = () => f(); f();'); } catch (error) { console.log(error.name); }`;
  const addon = createRequire(import.meta.url).resolve('isolated-vm');
  const run = (stackKiB: number) => {
    const flags = ['--jitless', '--no-node-snapshot', `--stack-size=${stackKiB}`, '-e', script, addon];
    const limited = `ulimit -s ${LIMITS.wardenStackBytes / 1024}; ulimit -c 0; exec "$0" "$@"`;
    const { signal, stdout } = spawnSync('sh', ['-c', limited, process.execPath, ...flags], { encoding: 'utf8' });
    return { signal, stdout };
  };
  expect(run(LIMITS.guestStackKiB)).toEqual({ signal: null, stdout: 'RangeError\n' });
  expect(run(LIMITS.guestStackKiB * 8)).toMatchObject({ signal: 'SIGSEGV', stdout: '' });
});
