// Calls of one agent follow each other in one context: whatever two of them can both reach must be closed, or one could
// leave something in it for the next. Looks for it as a guest would that tries everything, with a set that both share.

import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { afterAll, describe, expect, test } from 'vitest';
import { readPrelude } from '#sandbox/warden/prelude.js';
import { createTestSandbox } from '#test/sandbox/harness.ts';

/** Follows every property and prototype, and what every function gives for many receivers; `met` takes each object once. */
const REACH = `
  const receivers = () => [undefined, [1], 'ab', 1, 1n, true, Symbol(), {}, new Map([[1, 1]]), new Set([1]), /a/g, new Error(),
    new Date(0),
    new Uint8Array(2), new ArrayBuffer(2), new DataView(new ArrayBuffer(2)), Promise.resolve(), [].values(), 'ab'.matchAll(/./g),
    (function* () {})(), async () => {}, class {}, new WeakMap(), new WeakSet(), () => 1,
    new Proxy({}, {}), [].values().map(String), new Map().entries(), Iterator.from({ next: () => ({ done: true }) }), Promise.withResolvers()];
  const reach = (met) => {
    const seen = new Set();
    const functions = [];
    const walk = (queue) => {
      for (let at = 0; at < queue.length; at += 1) {
        const value = queue[at];
        if ((typeof value !== 'object' && typeof value !== 'function') || value === null || seen.has(value)) continue;
        seen.add(value);
        if (value === recorder) continue;
        met(value);
        if (typeof value === 'function') functions.push(value);
        try {
          queue.push(Object.getPrototypeOf(value));
          for (const key of Reflect.ownKeys(value)) {
            const part = Object.getOwnPropertyDescriptor(value, key);
            queue.push(part.value, part.get, part.set);
          }
        } catch {}
      }
    };
    // Not a receiver: what a synchronous iteration of it gives never ends.
    walk([globalThis, (async function* () {})(), ...receivers()]);
    for (const one of [...functions]) {
      const results = [];
      for (const receiver of receivers()) {
        for (const args of [[], [receiver], ['a', () => {}]]) {
          try { results.push(Reflect.apply(one, receiver, args)); } catch (error) { results.push(error); }
        }
        try { results.push(Reflect.construct(one, [receiver])); } catch (error) { results.push(error); }
      }
      walk(results);
    }
    return seen.size;
  };`;
const FIRST = `(() => { ${REACH} recorder.set('size', reach((value) => recorder.set(value, true))); })()`;
const SECOND = `(() => { ${REACH}
  const holdsState = (value) => [Map, Set, WeakMap, WeakSet].some((kind) => {
    try { kind.prototype.has.call(value, 1); return true; } catch { return false; }
  });
  const isClosed = (value) => Object.isFrozen(value) && !ArrayBuffer.isView(value) && !holdsState(value);
  const open = [];
  reach((value) => {
    if (value === globalThis || !recorder.has(value) || isClosed(value)) return;
    open.push(typeof value === 'function' ? 'function ' + value.name : Object.prototype.toString.call(value));
  });
  recorder.set('open', JSON.stringify(open));
})()`;

/** Both rounds in one context, in a throwaway process. */
function twice(prelude: string, mentions: string): { readonly size: number; readonly open: readonly string[] } {
  const script = `
    const ivm = require(process.argv[1]);
    const isolate = new ivm.Isolate({ memoryLimit: 2048 });
    const context = isolate.createContextSync();
    context.evalSync('globalThis.recorder = new Map(); 1');
    if (process.env.PRELUDE) {
      const make = isolate.compileScriptSync(process.env.PRELUDE).runSync(context, { reference: true });
      const bounds = JSON.stringify({ logMessageLengthMax: 9, errorMessageLengthMax: 9, randomBytesMax: 9 });
      make.applySync(undefined, [new ivm.Callback(() => -1, { sync: true }), bounds, ${JSON.stringify(mentions)}],
        { result: { reference: true } });
    }
    const attempt = (text) => { try { return context.evalSync(text); } catch {} };
    // Errors that nobody handled fail the task after them.
    const run = (work, key) => {
      attempt(work);
      for (let left = 20; left > 0 && attempt('1') !== 1; left -= 1);
      return context.evalSync('recorder.get(' + JSON.stringify(key) + ')');
    };
    const size = run(${JSON.stringify(FIRST)}, 'size');
    process.stdout.write(JSON.stringify({ size, open: JSON.parse(run(${JSON.stringify(SECOND)}, 'open')) }));`;
  const addon = createRequire(import.meta.url).resolve('isolated-vm');
  const env = { ...process.env, PRELUDE: prelude };
  const { stdout, stderr } = spawnSync(process.execPath, ['--no-node-snapshot', '-e', script, addon], { env });
  if (stdout.length === 0) throw new Error(stderr.toString());
  return JSON.parse(stdout.toString());
}

describe('what two calls in one context can both reach', () => {
  test.each([
    ['with the usual built-ins', ''],
    ['with Intl and Temporal too', 'Intl,Temporal'],
  ])('is closed, %s', (_what, mentions) => {
    const { size, open } = twice(readPrelude(), mentions);
    expect(size).toBeGreaterThan(1_000);
    expect(open).toEqual([]);
  });

  test('is open in a bare context', () => {
    expect(twice('', '').open.length).toBeGreaterThan(500);
  });
});

describe('one call after the other', () => {
  const sandbox = createTestSandbox();
  afterAll(() => sandbox.close());

  test('finds nothing of the one before: module state, globals, what was replaced, hooked or left waiting', async () => {
    const plugin = sandbox.plugin(`
let calls = 0;
const seen = [];
const attempt = (work) => { try { work(); return 'done'; } catch { return 'refused'; } };
export const tools = {
  leave: async (args, host) => {
    calls += 1;
    seen.push(args);
    const tries = {
      global: attempt(() => { globalThis.left = 1; }),
      hidden: attempt(() => Object.defineProperty(globalThis, 'kept', { value: 1 })),
      builtin: attempt(() => { globalThis.JSON = {}; }),
      prototype: attempt(() => { Array.prototype.left = 1; }),
      nested: attempt(() => { Array.prototype.push.left = 1; }),
      ofGlobal: attempt(() => Object.setPrototypeOf(globalThis, { left: 1 })),
      pattern: attempt(() => { /(l)eft/.exec('left'); }),
      locked: attempt(() => Object.preventExtensions(globalThis)),
      hidden_slot: attempt(() => {
        Error.captureStackTrace(globalThis);
        delete globalThis.stack;
      }),
      stack: attempt(() => Object.getOwnPropertyDescriptor(new Error(), 'stack').set?.call(globalThis, { left: 1 })),
      temporal: attempt(() => { new Date(0)['toTempo' + 'ralInstant']().constructor.prototype.left = 1; }),
    };
    host.now().then(() => { globalThis.late = 1; }, () => { globalThis.late = 1; });
    Promise.resolve().then(() => { globalThis.job = 1; });
    return { calls, tries };
  },
  look: () => ({
    calls, seen: seen.length, pattern: typeof RegExp.$1, json: typeof JSON.parse, isOpen: Object.isExtensible(globalThis),
    slot: attempt(() => { if (Object.getOwnPropertyDescriptor(new Error(), 'stack').get.call(globalThis)) return; throw 1; }),
    left: ['left', 'kept', 'late', 'job'].filter((name) => name in globalThis || name in [] || name in [].push),
  }),
};`);
    for (let round = 0; round < 4; round += 1) {
      expect(await sandbox.value(plugin, 'leave', { capabilities: { clock: true }, onHostCall: () => 1 })).toEqual({
        calls: 1,
        tries: {
          global: 'done',
          hidden: 'done',
          builtin: 'refused',
          prototype: 'refused',
          nested: 'refused',
          ofGlobal: 'done',
          pattern: 'done',
          locked: 'done',
          hidden_slot: 'refused',
          stack: expect.any(String),
          temporal: 'refused',
        },
      });
      for (let look = 0; look < 2; look += 1) {
        expect(await sandbox.value(plugin, 'look')).toEqual({
          calls: 0,
          seen: 0,
          pattern: 'undefined',
          json: 'function',
          isOpen: true,
          slot: 'refused',
          left: [],
        });
      }
    }
  });

  test.each([
    [
      'an error of its own',
      `class Mine extends Error { constructor() { super('x'); this.name = 'Mine'; } } return new Mine().name;`,
      'Mine',
    ],
    [
      'an object with names that are built in',
      `const o = {}; o.toString = () => 'own'; o.constructor = 1; return String(o);`,
      'own',
    ],
    ['subclasses of what is built in', 'class M extends Map { get(k) { return k; } } return new M().get(7);', 7],
    ['a polyfill', 'globalThis.mine ??= () => 3; return mine();', 3],
  ])('may make %s, each time', async (_what, body, value) => {
    const plugin = sandbox.plugin(`export const tools = { run: () => { ${body} } };`);
    for (let call = 0; call < 3; call += 1) expect(await sandbox.value(plugin, 'run')).toBe(value);
  });
});
