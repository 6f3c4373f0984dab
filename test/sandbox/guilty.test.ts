// One agent that ends its warden again and again: it runs alone from then on, and the others' calls go on.

import { afterAll, describe, expect, test } from 'vitest';
import { LIMITS } from '#base/limits.ts';
import { codeOf, createTestSandbox, wardenPids } from './harness.ts';

const sandbox = createTestSandbox();
afterAll(() => sandbox.close());

const SOURCE = `export const tools = {
  wedge: () => { Promise.reject(new Proxy(new Error(), { get() { for (;;); } })); },
  wait: async (args, host) => { await host.now(); return 'fine'; },
  fine: () => 'fine',
};`;
const later = () => new Promise<number>((resolve) => setTimeout(() => resolve(1), 300));
/** By then it has begun. A deadline may come before. */
const WEDGED = { cpuMs: 300 };
const CLOCK = { capabilities: { clock: true } } as const;

/** How calls of bob came out while `attack` was repeated. */
async function callsMeanwhile(attack: () => Promise<unknown>, wait: () => Promise<string>) {
  const codes: string[] = [];
  let isOver = false;
  const attacks = (async () => {
    while (!isOver) await attack();
  })();
  for (let count = 0; count < 8; count += 1) codes.push(await wait());
  isOver = true;
  await attacks;
  return codes;
}

describe('an agent that ends its warden', () => {
  test.each(['a call that can not be stopped', 'a call that is cancelled and does not stop'])(
    'by %s costs another agent at most one call',
    async (how) => {
      const plugin = sandbox.plugin(SOURCE);
      const wait = async () =>
        codeOf(await sandbox.call(plugin, 'wait', { ...CLOCK, agent: 'bob', onHostCall: later }));
      expect(await wait()).toBe('returned');
      const attack = () =>
        how.includes('cancelled')
          ? sandbox.call(plugin, 'wedge', { agent: 'mallory', signal: AbortSignal.timeout(60) })
          : sandbox.call(plugin, 'wedge', { agent: 'mallory', limits: { timeoutMs: 60 } });
      const codes = await callsMeanwhile(attack, wait);
      expect(codes.filter((code) => code !== 'returned').length).toBeLessThanOrEqual(1);
      expect(codes.slice(2)).toEqual(codes.slice(2).map(() => 'returned'));
    },
  );

  test('shares one again after calls enough that ended well', async () => {
    const own = createTestSandbox();
    const plugin = own.plugin(SOURCE);
    const before = wardenPids();
    await own.call(plugin, 'fine', { agent: 'mallory' });
    const ours = () => wardenPids().filter((pid) => !before.includes(pid)).length;
    expect(codeOf(await own.call(plugin, 'wedge', { agent: 'mallory', limits: WEDGED }))).toBe('CPU_EXCEEDED');
    await own.call(plugin, 'fine', { agent: 'bob' });
    for (let count = 0; count < LIMITS.wardenTrustCallsMin; count += 1) {
      expect(codeOf(await own.call(plugin, 'fine', { agent: 'mallory' }))).toBe('returned');
    }
    expect(ours()).toBe(2);
    // From here on in one with bob: a host call of bob's is lost when mallory does it again.
    const begun = Promise.withResolvers<void>();
    const onHostCall = () => {
      begun.resolve();
      return new Promise<number>(() => {});
    };
    const waiting = own.call(plugin, 'wait', { ...CLOCK, agent: 'bob', onHostCall });
    await begun.promise;
    await own.call(plugin, 'wedge', { agent: 'mallory', limits: WEDGED });
    expect(codeOf(await waiting)).toBe('lost');
    await own.close();
  });

  test('never takes the last place of its plugin, however many there are', async () => {
    const own = createTestSandbox({ wardensPerPluginMax: 3 });
    const plugin = own.plugin(SOURCE);
    const gate = Promise.withResolvers<number>();
    const names = ['mallory', 'mal', 'marvin'];
    for (const agent of names) {
      await own.call(plugin, 'fine', { agent });
      await own.call(plugin, 'wedge', { agent, limits: WEDGED });
    }
    const held = names.map((agent) => own.call(plugin, 'wait', { ...CLOCK, agent, onHostCall: () => gate.promise }));
    expect(codeOf(await own.call(plugin, 'fine', { agent: 'bob' }))).toBe('returned');
    gate.resolve(1);
    expect((await Promise.all(held)).map(codeOf).sort()).toEqual(['QUEUE_FULL', 'returned', 'returned']);
    await own.close();
  });
});
