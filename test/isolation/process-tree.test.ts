import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isAlive } from '#test/sandbox/harness.ts';
import { createTestProcesses, pause, type TestProcesses } from '#test/sandbox/process/harness.ts';
import { attackPlugin, runAttack, runFree, UNDISTURBED, WAYS } from './process-attack.ts';

let sandbox: TestProcesses;
beforeAll(async () => {
  sandbox = await createTestProcesses();
});
afterAll(() => sandbox.close());

/** A grandchild that ignores every signal it can, tries to leave its session and group, and holds the streams. */
const DAEMON = `
import os, signal, time
if os.fork() == 0:
    for leave in (os.setsid, lambda: os.setpgid(0, 0)):
        try: leave()
        except OSError as e: print(e.errno, flush=True)
    if os.fork() == 0:
        for s in range(1, 65):
            try: signal.signal(s, signal.SIG_IGN)
            except (OSError, ValueError): pass
        print("daemon", os.getpid(), flush=True)
        while True: time.sleep(60)
    os._exit(0)
time.sleep(0.5)
print("done", flush=True)
os._exit(0)
`;

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
    const limits = { timeoutMs: 800 };
    const result = await runAttack(sandbox, attackPlugin(sandbox, STUBBORN), way, { limits });
    expect(result).toMatchObject({ code: 'TIMEOUT', ...UNDISTURBED });
    expect(result.outcome).toMatchObject({ effect: 'unknown' });
  });

  test('that forks without end is ended with all that it forked', async () => {
    const result = await runAttack(sandbox, attackPlugin(sandbox, FORK_BOMB), way, { limits: { timeoutMs: 1_500 } });
    expect(['TIMEOUT', 'CPU_EXCEEDED', 'MEMORY_EXCEEDED']).toContain(result.code);
    expect(result).toMatchObject(UNDISTURBED);
  });

  test('that starts threads without end is stopped by its limit', async () => {
    const result = await runAttack(sandbox, attackPlugin(sandbox, THREAD_BOMB), way);
    expect(result).toMatchObject({ code: 'returned', text: 'stopped', ...UNDISTURBED });
  });

  test('that kills its parent ends itself', async () => {
    const result = await runAttack(sandbox, attackPlugin(sandbox, PARENT_KILLER), way, {
      limits: { timeoutMs: 1_500 },
    });
    // The keeper of a fresh one is not in its reach.
    expect(result.code).toBe(way === 'warm' ? 'PLUGIN_CRASHED' : 'TOOL_FAILED');
    expect(result).toMatchObject(UNDISTURBED);
  });

  test('that stops its parent stops its own call', async () => {
    const result = await runAttack(sandbox, attackPlugin(sandbox, STOPPER), way, { limits: { timeoutMs: 1_500 } });
    expect(result.code).toBe(way === 'warm' ? 'TIMEOUT' : 'TOOL_FAILED');
    expect(result).toMatchObject(UNDISTURBED);
  });

  test('is ended as a whole when its call is cancelled', async () => {
    const plugin = attackPlugin(sandbox, DAEMON.replace('time.sleep(0.5)', 'time.sleep(600)'));
    if (way === 'warm') await sandbox.warmUp(plugin);
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 500);
    const outcome = await sandbox.call(plugin, { args: { words: ['attack'] }, signal: controller.signal });
    expect(outcome).toMatchObject({ kind: 'cancelled', effect: 'unknown' });
    const after = await runAttack(sandbox, plugin, way, { words: ['not'] });
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
    await pause(500);
    free.child.kill('SIGTERM');
    await pause(200);
    expect(isAlive(free.child.pid ?? 0)).toBe(true);
  });
});
