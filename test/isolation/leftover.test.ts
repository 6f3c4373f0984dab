// Code that a guest leaves behind for after its end: in the readers of errors that nobody handled. isolated-vm reads such
// an error at the end of a task, and what the reading leaves behind at the end of the next one, whoever's task that is.

import { afterAll, describe, expect, test } from 'vitest';
import { codeOf, createTestSandbox, recordingHandler, wardenPids } from '#test/sandbox/harness.ts';
import { attackPlugin, runAttack, runBare, SPIN_LIMITS, UNDISTURBED } from './attack.ts';

const sandbox = createTestSandbox();
afterAll(() => sandbox.close());

/**
 * Leaves an error whose reading leaves the next, `depth` times; then reading it runs `last`. Holds on to what was rejected: what
 * is collected as garbage is read no more.
 */
const CHAIN = `
  const kept = [];
  const leave = (depth, last) => {
    const error = new Error('left');
    Object.defineProperty(error, 'message', { get() { if (depth > 0) leave(depth - 1, last); else last(); return 'left ' + depth; } });
    kept.push(Promise.reject(error));
  };`;
const plugin = sandbox.plugin(`${CHAIN}
const spin = () => { for (;;); };
export const tools = {
  once: () => { leave(0, () => {}); return 'done'; },
  ever: () => { leave(Infinity, spin); return 'done'; },
  spin: (args) => { leave(args.depth, spin); return 'done'; },
  later: async (args, host) => { await host.now(); leave(args.depth, spin); return 'done'; },
  wait: async (args, host) => { await host.now(); return 'waited'; },
  fine: () => 'fine',
};`);

const clock = { capabilities: { clock: true }, onHostCall: () => 1 } as const;
const limits = SPIN_LIMITS;

describe('errors that are read after a call', () => {
  test('one that nobody handled changes nothing', async () => {
    expect(await sandbox.value(plugin, 'once')).toBe('done');
    expect(await sandbox.value(plugin, 'fine')).toBe('fine');
  });

  test('each of which makes another: the call fails, and neither its agent nor another notices afterwards', async () => {
    await sandbox.value(plugin, 'fine', { agent: 'ben' });
    const before = wardenPids();
    expect(await sandbox.call(plugin, 'ever')).toMatchObject({
      kind: 'failed',
      error: { code: 'PLUGIN_CRASHED', message: expect.stringContaining('errors') },
    });
    for (const agent of ['ana', 'ben', 'ana', 'ana'])
      expect(await sandbox.value(plugin, 'fine', { agent })).toBe('fine');
    expect(wardenPids()).toEqual(before);
  });

  test.each([0, 1, 2, 3, 4, 5, 6, 7, 8])(
    'the last of %i loops: it never holds up a call of another agent, nor the next of its own',
    async (depth) => {
      for (const tool of ['spin', 'later'] as const) {
        const { handler } = recordingHandler({ now: 1 });
        const held = Promise.withResolvers<number>();
        const waiting = sandbox.call(plugin, 'wait', { ...clock, agent: 'ben', onHostCall: () => held.promise });
        const given = { ...clock, args: { depth }, limits, onHostCall: handler };
        expect(codeOf(await sandbox.call(plugin, tool, given))).toMatch(/^(CPU_EXCEEDED|PLUGIN_CRASHED)$/);
        held.resolve(1);
        // The process may have had to end for a loop that nothing else stops: Ben's call runs again then.
        expect(['returned', 'lost']).toContain((await waiting).kind);
        for (const agent of ['ana', 'ben', 'ana', 'ana']) {
          expect(await sandbox.value(plugin, 'fine', { agent })).toBe('fine');
        }
      }
    },
  );

  test('other plugins go on meanwhile', async () => {
    const attack = attackPlugin(sandbox, `${CHAIN} leave(Infinity, () => {}); return 1;`);
    expect(await runAttack(sandbox, attack)).toMatchObject({ ...UNDISTURBED, code: 'PLUGIN_CRASHED' });
  });

  test('in a bare isolate a task that has nothing to do with them runs them and fails', async () => {
    const left = `${CHAIN} globalThis.read = 0; leave(5, () => {}); 1`;
    expect(await runBare(left, { after: 'globalThis.read = 1' })).toMatchObject({
      ending: 'ran',
      value: expect.stringMatching(/^left \d$/),
    });
  });
});

describe('marks on everything in reach', () => {
  /** Calls \`visit\` with each object that can be reached from the global and from the usual literals. */
  const WALK = `
    const walk = (visit) => {
      const seen = new Set();
      const queue = [globalThis, new Error(), () => {}, async () => {}, function* () {}, async function* () {}, [].keys(),
        ''.matchAll(/x/g), new Map().keys(), new Set().keys(), (function* () {})(), (async function* () {})(), Promise.resolve()];
      for (let at = 0; at < queue.length; at += 1) {
        const value = queue[at];
        if ((typeof value !== 'object' && typeof value !== 'function') || value === null || seen.has(value)) continue;
        seen.add(value);
        visit(value);
        queue.push(Object.getPrototypeOf(value));
        for (const key of Reflect.ownKeys(value)) {
          const { value: part, get, set } = Object.getOwnPropertyDescriptor(value, key);
          queue.push(part, get, set);
        }
      }
      return seen.size;
    };
    const mark = () => walk((value) => {
      try { Object.defineProperty(value, 'marked', { value: 1, configurable: true }); } catch {}
      if (Array.isArray(value)) try { value.push('marked'); } catch {}
    });
    const look = () => {
      let count = 0;
      walk((value) => { if (Object.hasOwn(value, 'marked')) count += 1; });
      return count;
    };`;

  test('stay on the global object alone, and with their own call', async () => {
    const marking = sandbox.plugin(`${WALK} export const tools = { mark, look, both: () => (mark(), look()) };`);
    expect(await sandbox.value(marking, 'both')).toBe(1);
    for (let call = 0; call < 6; call += 1) {
      expect(await sandbox.value(marking, 'mark')).toBeGreaterThan(500);
      expect(await sandbox.value(marking, 'look')).toBe(0);
    }
  });

  test('in one bare context are found again', async () => {
    expect((await runBare(`${WALK} mark(); look()`)).value).toBeGreaterThan(500);
  });
});
