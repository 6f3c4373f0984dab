import { afterAll, describe, expect, test } from 'vitest';
import { createTestSandbox, isAlive, wardenPids } from './harness.ts';

const sandbox = createTestSandbox();
afterAll(() => sandbox.close());

const SOURCE = `export const tools = {
  spin: async (args, host) => { await host.random(1); for (;;); },
  ask: async (args, host) => { for (;;) await host.random(1); },
  quick: () => 'done',
};`;
const stopped = sandbox.plugin(SOURCE);
const other = sandbox.plugin(`${SOURCE} // another`);
const capabilities = { random: true } as const;

/** Calls that spin, once each of them has come as far as that. */
async function spinning(agents: readonly string[], signal?: AbortSignal) {
  const begun = agents.map(() => Promise.withResolvers<void>());
  const calls = agents.map((agent, index) =>
    sandbox.call(stopped, 'spin', {
      agent,
      capabilities,
      onHostCall: () => {
        begun[index]?.resolve();
        return 'AA==';
      },
      ...(signal === undefined ? {} : { signal }),
    }),
  );
  await Promise.all(begun.map(({ promise }) => promise));
  return calls;
}

describe('ending the processes of some plugins', () => {
  test('ends a call that runs there at once, as cancelled where it was called off, and leaves no process', async () => {
    await sandbox.value(other, 'quick');
    const calm = wardenPids();
    const controller = new AbortController();
    const calls = await spinning(['ana', 'bob', 'cat'], controller.signal);
    const ended = wardenPids().filter((pid) => !calm.includes(pid));
    expect(ended.length).toBeGreaterThan(0);
    controller.abort();
    await sandbox.runtime.end(({ plugin }) => plugin.digest === stopped.digest);
    expect(ended.filter(isAlive)).toEqual([]);
    for (const outcome of await Promise.all(calls)) expect(outcome).toMatchObject({ kind: 'cancelled' });
    expect(calm.every(isAlive)).toBe(true);
    expect(await sandbox.value(other, 'quick')).toBe('done');
  });

  test('a call that was not called off is told that its process was ended', async () => {
    const [running] = await spinning(['ana']);
    await sandbox.runtime.end(({ plugin }) => plugin.digest === stopped.digest);
    expect(await running).toMatchObject({ kind: 'failed', error: { code: 'INTERRUPTED' }, effect: 'unknown' });
  });

  test('the next call of the plugin starts a process anew', async () => {
    await sandbox.runtime.end(() => true);
    expect(await sandbox.value(stopped, 'quick')).toBe('done');
  });
});

describe('ending the processes of an agent', () => {
  test('ends the one that serves it alone, and none that others may use', async () => {
    const plugin = sandbox.plugin(`export const tools = {
      crash: () => { Array(1e9).fill(0); },
      quick: () => 'done',
    };`);
    const before = wardenPids();
    expect((await sandbox.call(plugin, 'crash', { agent: 'ana' })).kind).toBe('failed');
    // Who ended a process runs alone for a while.
    await sandbox.value(plugin, 'quick', { agent: 'ana' });
    const own = wardenPids().filter((pid) => !before.includes(pid));
    await sandbox.value(plugin, 'quick', { agent: 'bob' });
    const shared = wardenPids().filter((pid) => !before.includes(pid) && !own.includes(pid));
    expect([own.length, shared.length]).toEqual([1, 1]);
    const asked: (string | undefined)[] = [];
    await sandbox.runtime.end(({ plugin: of, agent }) => {
      if (of === plugin) asked.push(agent);
      return agent === 'ana';
    });
    expect(asked.sort()).toEqual(['ana', undefined]);
    expect([...own.filter(isAlive), ...shared.filter(isAlive)]).toEqual(shared);
  });
});

describe('the host calls of a call that was called off', () => {
  test('see its signal, so that no effect begins any more', async () => {
    const controller = new AbortController();
    const seen: boolean[] = [];
    const outcome = await sandbox.call(stopped, 'ask', {
      capabilities,
      signal: controller.signal,
      onHostCall: (_call, signal) => {
        seen.push(signal.aborted);
        if (seen.length === 3) controller.abort();
        return 'AA==';
      },
    });
    expect(outcome).toMatchObject({ kind: 'cancelled' });
    expect(seen.slice(0, 3)).toEqual([false, false, false]);
    expect(seen.slice(3).every(Boolean)).toBe(true);
  });
});
