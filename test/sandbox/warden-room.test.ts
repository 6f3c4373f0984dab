import { describe, expect, test } from 'vitest';
import { LIMITS } from '#base/limits.ts';
import type { Plugin } from '#domain/manifest.ts';
import { codeOf, createTestSandbox, wardenPids } from './harness.ts';

describe('how many processes there are', () => {
  const NOW = { capabilities: { clock: true } } as const;
  const SOURCE = 'export const tools = { wait: (args, host) => host.now() };';

  /** A call that waits until the test says so; resolves once it runs. */
  async function hold(own: ReturnType<typeof createTestSandbox>, plugin: Plugin, agent: string) {
    const begun = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<number>();
    const onHostCall = () => {
      begun.resolve();
      return gate.promise;
    };
    const outcome = own.call(plugin, 'wait', { ...NOW, agent, onHostCall });
    await begun.promise;
    return {
      end: async () => {
        gate.resolve(1);
        expect(codeOf(await outcome)).toBe('returned');
      },
    };
  }

  test('one plugin has at most its share: an idle one makes room, else the call is refused and may be tried again', async () => {
    const own = createTestSandbox({ wardensPerPluginMax: 2 });
    const plugin = own.plugin(SOURCE, { memoryMiB: LIMITS.memoryMiBMax });
    const before = wardenPids();
    const ours = () => wardenPids().filter((pid) => !before.includes(pid));
    const [ana, ben] = [await hold(own, plugin, 'ana'), await hold(own, plugin, 'ben')];
    expect(await own.call(plugin, 'wait', { ...NOW, agent: 'cai', onHostCall: () => 1 })).toMatchObject({
      kind: 'failed',
      effect: 'known',
      error: { code: 'QUEUE_FULL', details: { retryAfterMs: expect.any(Number), remedy: expect.any(String) } },
    });
    await ana.end();
    expect(codeOf(await own.call(plugin, 'wait', { ...NOW, agent: 'cai', onHostCall: () => 1 }))).toBe('returned');
    await expect.poll(() => ours().length).toBe(2);
    await ben.end();
    await own.close();
  });

  test('all plugins have so many together: the one idle longest ends first', async () => {
    const own = createTestSandbox({ wardensMax: 2 });
    const before = wardenPids();
    const ours = () => wardenPids().filter((pid) => !before.includes(pid));
    const [first, second, third] = [own.plugin(SOURCE), own.plugin(SOURCE), own.plugin(SOURCE)];
    const ask = async (plugin: Plugin) => codeOf(await own.call(plugin, 'wait', { ...NOW, onHostCall: () => 1 }));
    expect(await ask(first)).toBe('returned');
    const [oldest] = ours();
    expect(await ask(second)).toBe('returned');
    expect(await ask(third)).toBe('returned');
    await expect.poll(() => ours().length).toBe(2);
    expect(ours()).not.toContain(oldest);
    const [held, other] = [await hold(own, second, 'ana'), await hold(own, third, 'ana')];
    expect(await ask(first)).toBe('QUEUE_FULL');
    await held.end();
    expect(await ask(first)).toBe('returned');
    await other.end();
    await own.close();
  });
});
