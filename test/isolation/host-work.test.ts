// A guest that has the host work for it: host calls that cost it little and the host much. What the host's thread does for a call is
// processor time of that call.

import { afterAll, describe, expect, test } from 'vitest';
import { systemClock } from '#base/clock.ts';
import { silentLogger } from '#base/log.ts';
import { createBroker } from '#broker/broker.ts';
import type { Plugin } from '#domain/manifest.ts';
import type { HostCallHandler } from '#domain/sandbox-ports.ts';
import type { PluginStore } from '#domain/store-ports.ts';
import { createStoreEffect } from '#effects/store.ts';
import { agent, createTestSandbox, type TestSandbox } from '#test/sandbox/harness.ts';
import { runAttack, UNDISTURBED } from './attack.ts';

const sandbox = createTestSandbox();
/** The same where nobody counts. */
const uncounted = createTestSandbox({ clock: { nowMs: systemClock.nowMs, monotonicMs: systemClock.monotonicMs } });
afterAll(async () => {
  await sandbox.close();
  await uncounted.close();
});

/** Reads a value of many small parts: the host parses, sorts, digests and writes all of it. */
const SOURCE = `
const value = Object.fromEntries(Array.from({ length: 9000 }, (_, at) => ['key ' + (9000 - at), { at }]));
export const tools = {
  fine: () => 'fine',
  attack: async ({ times, atOnce }, host) => {
    await host.store.set('large', value);
    for (let made = 0; made < times; made += atOnce) {
      await Promise.all(Array.from({ length: atOnce }, () => host.store.get('large')));
    }
    return 'all done';
  },
};`;

const CAPABILITIES = { store: { bytesMax: 2 ** 20 } };
const US_PER_MS = 1000;

/** A broker with a real store, and what it did. */
function openWork() {
  const values = new Map<string, string>();
  const store: PluginStore = {
    get: (_owner, key) => values.get(key),
    set: async (_owner, { key, json }) => Boolean(values.set(key, json)),
    delete: async (_owner, key) => values.delete(key),
    list: () => [...values.keys()],
  };
  const broker = createBroker({
    ...{ clock: systemClock, logger: silentLogger },
    effects: { store: createStoreEffect(store) },
  });
  const session = broker.open({
    ...{ plugin: 'p', tool: 'p__attack', agent: agent('ana'), invocation: 'i' },
    ...{ capabilities: CAPABILITIES, hostCallsMax: 10_000 },
  });
  const done = { calls: 0, us: 0 };
  const onHostCall: HostCallHandler = async (call, signal, count) => {
    done.calls += 1;
    return session.handle(call, signal, (act) => {
      const startUs = systemClock.threadUs?.() ?? 0;
      try {
        return count === undefined ? act() : count(act);
      } finally {
        done.us += (systemClock.threadUs?.() ?? 0) - startUs;
      }
    });
  };
  return { onHostCall, done };
}

async function attack(where: TestSandbox, args: { readonly times: number; readonly atOnce: number }, cpuMs: number) {
  const plugin: Plugin = where.plugin(SOURCE, { memoryMiB: 256 });
  const { onHostCall, done } = openWork();
  const limits = { cpuMs, hostCalls: 10_000 };
  const result = await runAttack(
    where,
    { plugin, tool: 'attack' },
    { args, capabilities: CAPABILITIES, onHostCall, limits },
  );
  return { ...result, done };
}

describe('a plugin whose host calls cost the host more than itself', () => {
  test('is ended for it, while those of another plugin go on', async () => {
    const result = await attack(sandbox, { times: 3000, atOnce: 5 }, 400);
    expect(result).toMatchObject({ ...UNDISTURBED, code: 'CPU_EXCEEDED' });
    expect(result.done.calls).toBeLessThan(400);
    // What the broker does after it has looked is a part of what is counted.
    expect(result.done.us / US_PER_MS).toBeLessThan(400);
    const { usage } = result.outcome;
    expect(usage.cpuMs).toBeGreaterThan(result.done.us / US_PER_MS);
  });

  test('posted at once: none is begun once the time is used, and no answer is delivered', async () => {
    const result = await attack(sandbox, { times: 3000, atOnce: 3000 }, 100);
    expect(result).toMatchObject({ ...UNDISTURBED, code: 'CPU_EXCEEDED' });
    expect(result.message).toMatch(/processor time/);
    expect(result.done.calls).toBeLessThan(200);
  });

  test('is served where it stays within its time', async () => {
    const result = await attack(sandbox, { times: 5, atOnce: 5 }, 5_000);
    expect(result).toMatchObject({ ...UNDISTURBED, code: 'returned', done: { calls: 6 } });
  });

  test('where nobody counts, the host does all that it is told: the control', async () => {
    const free = await attack(uncounted, { times: 60, atOnce: 4 }, 30_000);
    expect(free).toMatchObject({ code: 'returned', done: { calls: 61 } });
    // What it was charged there is not enough for it where the host's part is counted.
    const counted = await attack(sandbox, { times: 60, atOnce: 4 }, Math.ceil(free.outcome.usage.cpuMs));
    expect(counted).toMatchObject({ code: 'CPU_EXCEEDED' });
  });
});
