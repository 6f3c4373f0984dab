import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isAlive } from '#test/sandbox/harness.ts';
import { createTestProcesses, descendantsOf, pause, type TestProcesses, until } from '#test/sandbox/process/harness.ts';
import { attackPlugin, runAttack, runFree, UNDISTURBED, WAYS } from './process-attack.ts';

let sandbox: TestProcesses;
beforeAll(async () => {
  sandbox = await createTestProcesses();
});
afterAll(() => sandbox.close());

/** A grandchild that ignores every signal it can, tries to leave its session and group, and holds the streams. */
const DAEMON = `
import os, signal, time
reading, writing = os.pipe()
if os.fork() == 0:
    for leave in (os.setsid, lambda: os.setpgid(0, 0)):
        try: leave()
        except OSError as e: print(e.errno, flush=True)
    if os.fork() == 0:
        for s in range(1, 65):
            try: signal.signal(s, signal.SIG_IGN)
            except (OSError, ValueError): pass
        print("daemon", os.getpid(), flush=True)
        os.write(writing, b"x")
        while True: time.sleep(60)
    os._exit(0)
os.read(reading, 1)
print("done", flush=True)
os._exit(0)
`;

/** As a daemon of this file does, and a stubborn program; of all others none. */
const ignoresHangup = (pid: number): boolean => {
  try {
    const ignored = /^SigIgn:\s+([0-9a-f]+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? '0';
    return (BigInt(`0x${ignored}`) & 0b1n) === 0b1n;
  } catch {
    return false;
  }
};

const STUBBORN = `
import signal, time
for s in range(1, 65):
    try: signal.signal(s, signal.SIG_IGN)
    except (OSError, ValueError): pass
while True: time.sleep(1)
`;

const FORK_BOMB = `
import os, time
while True:
    try: os.fork()
    except OSError: time.sleep(0.01)
`;

const THREAD_BOMB = `
import threading, time
started = 0
try:
    while True:
        threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
        started += 1
except RuntimeError: print("stopped", flush=True)
import os
os._exit(0)
`;

/** Ends the parent that it sees, which for a warm call is the interpreter that forked it. */
const PARENT_KILLER = `
import os, signal, time
os.kill(os.getppid(), signal.SIGKILL)
time.sleep(60)
`;

const STOPPER = `
import os, signal, time
os.kill(os.getppid(), signal.SIGSTOP)
print("stopped it", flush=True)
os._exit(0)
`;

describe.each(WAYS)('a %s program', (way) => {
  test('that leaves a daemon behind is answered when it ends itself, and the daemon is ended', async () => {
    const result = await runAttack(sandbox, attackPlugin(sandbox, DAEMON), way);
    expect(result).toMatchObject({ code: 'returned', ...UNDISTURBED });
    expect(result.text).toContain('done');
    // Neither its session nor its group can be left.
    expect(result.text).toMatch(/^1\n1\n/);
    expect(isAlive(Number(/daemon (\d+)/.exec(result.text)?.[1]))).toBe(false);
  });

  test('that ignores signals does not outlive its deadline', async () => {
    const plugin = attackPlugin(sandbox, STUBBORN);
    const ended = async (timeoutMs: number) => {
      const result = await runAttack(sandbox, plugin, way, { limits: { timeoutMs } });
      expect(result).toMatchObject({ code: 'TIMEOUT', ...UNDISTURBED });
      return result.outcome;
    };
    // Where a deadline comes before its first line, nothing of it can have happened, and the test needs a later one.
    let outcome = await ended(800);
    for (let timeoutMs = 1_600; 'effect' in outcome && outcome.effect === 'known'; timeoutMs *= 2)
      outcome = await ended(timeoutMs);
    expect(outcome).toMatchObject({ effect: 'unknown' });
  });

  test('that forks without end is ended with all that it forked', async () => {
    const result = await runAttack(sandbox, attackPlugin(sandbox, FORK_BOMB), way, { limits: { timeoutMs: 3_000 } });
    expect(['TIMEOUT', 'CPU_EXCEEDED', 'MEMORY_EXCEEDED']).toContain(result.code);
    expect(result).toMatchObject(UNDISTURBED);
  });

  test('that starts threads without end is stopped by its limit', async () => {
    const result = await runAttack(sandbox, attackPlugin(sandbox, THREAD_BOMB), way);
    expect(result).toMatchObject({ code: 'returned', text: 'stopped', ...UNDISTURBED });
  });

  test('that kills its parent ends itself', async () => {
    const result = await runAttack(sandbox, attackPlugin(sandbox, PARENT_KILLER), way);
    // The keeper of a fresh one is not in its reach.
    expect(result.code).toBe(way === 'warm' ? 'PLUGIN_CRASHED' : 'TOOL_FAILED');
    expect(result).toMatchObject(UNDISTURBED);
  });

  test('that stops its parent stops its own call', async () => {
    const result = await runAttack(sandbox, attackPlugin(sandbox, STOPPER), way, {
      limits: way === 'warm' ? { timeoutMs: 1_500 } : {},
    });
    expect(result.code).toBe(way === 'warm' ? 'TIMEOUT' : 'TOOL_FAILED');
    expect(result).toMatchObject(UNDISTURBED);
  });

  test('is ended as a whole when its call is cancelled', async () => {
    const plugin = attackPlugin(sandbox, DAEMON.replace('print("done", flush=True)', 'time.sleep(600)'));
    if (way === 'warm') await sandbox.warmUp(plugin);
    const controller = new AbortController();
    const running = sandbox.call(plugin, { args: { words: ['attack'] }, signal: controller.signal });
    await until(() => descendantsOf(process.pid).some(ignoresHangup));
    controller.abort();
    const outcome = await running;
    expect(outcome).toMatchObject({ kind: 'cancelled', effect: 'unknown' });
    const after = await runAttack(sandbox, plugin, way, { limits: { timeoutMs: 1_500 } });
    expect(after).toMatchObject({ processesLeft: 0, foldersLeft: 0 });
  });
});

describe('with nothing around it', () => {
  test('the daemon outlives the program and the end of its group', async () => {
    using free = runFree(DAEMON);
    const text = await free.output;
    const pid = Number(/daemon (\d+)/.exec(text)?.[1]);
    // It leads a session of its own, and only so may not lead a group.
    expect(text.match(/^1$/gm)).toHaveLength(1);
    if (free.child.pid !== undefined) expect(() => process.kill(-(free.child.pid ?? 0), 'SIGKILL')).toThrow('ESRCH');
    expect(isAlive(pid)).toBe(true);
    process.kill(pid, 'SIGKILL');
  });

  test('the stubborn program lives on', async () => {
    using free = runFree(STUBBORN);
    const pid = free.child.pid ?? 0;
    await until(() => ignoresHangup(pid));
    process.kill(pid, 'SIGTERM');
    // Time to die of it, which it does not.
    await pause(200);
    expect(isAlive(pid)).toBe(true);
  });
});
