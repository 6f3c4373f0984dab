// Calls that a warden tries on its own thread first: what takes longer is run again on another, as if it had not begun; and
// what never comes back is noticed by the host.

import { type ChildProcess, spawn } from 'node:child_process';
import { afterAll, describe, expect, test } from 'vitest';
import { LIMITS } from '#base/limits.ts';
import { firstThread, processorMs } from '#sandbox/host/process-figures.ts';
import { createWardenPulse } from '#sandbox/host/warden-pulse.ts';
import { codeOf, createTestSandbox, recordingHandler, wardenPids } from '#test/sandbox/harness.ts';

const sandbox = createTestSandbox();
afterAll(() => sandbox.close());

/** Keeps the thread for longer than a trial, and for less than its limit of processor time. */
const SPIN = 'for (let step = 0; step < 1e7; step += 1);';
const plugin = sandbox.plugin(`
let runs = 0;
const loop = { get message() { for (;;); } };
export const tools = {
  fine: () => 'fine',
  long: (args, host) => { runs += 1; host.log('before'); ${SPIN} host.log('after'); return runs; },
  asks: async (args, host) => { host.log('before'); const asked = host.now(); ${SPIN} return asked; },
  tooMany: (args, host) => { for (let i = 0; i < 100; i += 1) { try { host.log('x'); } catch {} } ${SPIN} return 1; },
  wedge: () => { Promise.reject(new Proxy(new Error(), { get() { for (;;); } })); return 1; },
};`);
const clock = { capabilities: { clock: true } } as const;

describe('a call that takes longer than a trial', () => {
  test('has run once for whoever looks: its host calls leave once, in order, and its modules are new', async () => {
    const { handler, calls } = recordingHandler({ log: null });
    expect(await sandbox.value(plugin, 'long', { onHostCall: handler })).toBe(1);
    expect(calls.map(({ params }) => params)).toMatchObject([{ message: 'before' }, { message: 'after' }]);
  });

  test('gets the answer to the host call that it made in the run that counts', async () => {
    const { handler, calls } = recordingHandler({ log: null, now: 7 });
    expect(await sandbox.value(plugin, 'asks', { ...clock, onHostCall: handler })).toBe(7);
    expect(calls.map(({ name }) => name)).toEqual(['log', 'now']);
  });

  test('is bound by its limit of host calls as any other', async () => {
    const limits = { hostCalls: 10 };
    expect(codeOf(await sandbox.call(plugin, 'tooMany', { limits, onHostCall: () => null }))).toBe(
      'HOST_CALLS_EXCEEDED',
    );
  });

  test('leaves an isolate in which the next call is served', async () => {
    for (let round = 0; round < 3; round += 1) {
      expect(await sandbox.value(plugin, 'long', { onHostCall: () => null })).toBe(1);
      expect(await sandbox.value(plugin, 'fine')).toBe('fine');
    }
  });
});

describe('a call that keeps the thread for good', () => {
  test('is ended for its processor time, and with it its process', async () => {
    await sandbox.value(plugin, 'fine', { agent: 'eve' });
    const before = wardenPids();
    expect(codeOf(await sandbox.call(plugin, 'wedge', { agent: 'eve', limits: { cpuMs: 300 } }))).toBe('CPU_EXCEEDED');
    expect(await sandbox.value(plugin, 'fine', { agent: 'eve' })).toBe('fine');
    expect(wardenPids()).not.toEqual(before);
  });

  test('ends with its process; a call of another agent that came meanwhile is lost, and is served when it is run again', async () => {
    await sandbox.value(plugin, 'fine', { agent: 'eve' });
    const used = () => Math.max(...wardenPids().map((pid) => processorMs(pid) ?? 0));
    const beforeMs = used();
    const wedged = sandbox.call(plugin, 'wedge', { agent: 'eve', limits: { cpuMs: 3_000 } });
    // Only a thread that is kept uses so much.
    await expect.poll(() => used() - beforeMs, { interval: 10 }).toBeGreaterThan(10 * LIMITS.wardenTrialMs);
    const other = sandbox.call(plugin, 'fine', { agent: 'ben' });
    expect(codeOf(await wedged)).toBe('CPU_EXCEEDED');
    expect(['returned', 'lost']).toContain((await other).kind);
    expect(await sandbox.value(plugin, 'fine', { agent: 'ben' })).toBe('fine');
  });
});

describe('the pulse of a warden', () => {
  /** A pulse on a process that never answers, with a clock that is set by hand. */
  async function startMute(program: string) {
    const child: ChildProcess = spawn(process.execPath, ['-e', `console.log(1); ${program}`]);
    await new Promise((resolve) => child.stdout?.once('data', resolve));
    const { pid } = child;
    if (pid === undefined) throw new Error('it did not start');
    let nowMs = 0;
    let asked = 0;
    const pulse = createWardenPulse({
      clock: { nowMs: () => nowMs, monotonicMs: () => nowMs },
      pid,
      ask: () => {
        asked += 1;
      },
    });
    return {
      ...{ pid, pulse, asked: () => asked },
      pass: (ms: number) => {
        nowMs += ms;
      },
      [Symbol.dispose]: () => void child.kill('SIGKILL'),
    };
  }

  test('is asked for when nothing was heard for a while, and once', async () => {
    using mute = await startMute('setInterval(() => {}, 1000)');
    expect(mute.pulse.check(100)).toBeUndefined();
    expect(mute.asked()).toBe(0);
    expect(mute.pulse.hear()).toBe(false);
    mute.pass(LIMITS.wardenPingMs);
    for (let look = 0; look < 3; look += 1) expect(mute.pulse.check(100)).toBeUndefined();
    expect(mute.asked()).toBe(1);
    expect(mute.pulse.isAwaited()).toBe(true);
    expect(mute.pulse.hear()).toBe(true);
    expect(mute.pulse.isAwaited()).toBe(false);
  });

  test('a thread that sleeps instead of answering has run out of memory', async () => {
    using mute = await startMute('setInterval(() => {}, 100_000)');
    await expect.poll(() => firstThread(mute.pid)?.isAsleep).toBe(true);
    mute.pass(LIMITS.wardenPingMs);
    mute.pulse.check(100);
    expect(mute.pulse.check(100)).toBeUndefined();
    mute.pass(LIMITS.wardenMuteMs + 1);
    expect(mute.pulse.check(100)).toBe('MEMORY_EXCEEDED');
  });

  test('a thread that works instead of answering has used its processor time, however long that takes', async () => {
    using mute = await startMute('for (;;);');
    mute.pass(LIMITS.wardenPingMs);
    mute.pulse.check(300);
    await expect.poll(() => mute.pulse.check(300)).toBe('CPU_EXCEEDED');
  });

  test('no limit is so small that a process which only just works on is taken for one that does not', async () => {
    using mute = await startMute('for (;;);');
    mute.pass(LIMITS.wardenPingMs);
    const beforeMs = firstThread(mute.pid)?.cpuMs ?? 0;
    mute.pulse.check(1);
    await expect.poll(() => mute.pulse.check(1), { interval: 5 }).toBe('CPU_EXCEEDED');
    expect((firstThread(mute.pid)?.cpuMs ?? 0) - beforeMs).toBeGreaterThan(LIMITS.wardenPingMs);
  });
});
