import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { LIMITS } from '#base/limits.ts';
import { createTestProcesses, descendantsOf, pause, type TestProcesses } from './harness.ts';

let sandbox: TestProcesses;
beforeEach(async () => {
  sandbox = await createTestProcesses();
});
afterEach(() => sandbox.close());

const WHO = 'import os, sys\nprint(os.getppid(), os.getpid())';
const parentOf = (text: string) => text.split(' ')[0];

describe('calls of one plugin, agent and grant', () => {
  test('are served by one interpreter, each by a process of its own', async () => {
    const plugin = sandbox.plugin(WHO);
    await sandbox.warmUp(plugin);
    const texts: string[] = [];
    for (let call = 0; call < 5; call += 1) {
      texts.push(await sandbox.text(plugin));
      await sandbox.rested(plugin);
    }
    expect(new Set(texts.map(parentOf)).size).toBe(1);
    expect(new Set(texts).size).toBe(5);
  });

  test('that run at once are served one by each', async () => {
    const plugin = sandbox.plugin(`import time\ntime.sleep(0.5)\n${WHO}`);
    await sandbox.warmUp(plugin);
    const texts = await Promise.all([1, 2, 3].map(() => sandbox.text(plugin)));
    expect(new Set(texts.map(parentOf)).size).toBe(3);
  });

  test('share none with another grant', async () => {
    const plugin = sandbox.plugin(WHO);
    await sandbox.warmUp(plugin);
    const first = await sandbox.text(plugin);
    await sandbox.rested(plugin);
    const other = await sandbox.text(plugin, { capabilities: { clock: true } });
    expect(parentOf(other)).not.toBe(parentOf(first));
    expect(parentOf(await sandbox.text(plugin))).toBe(parentOf(first));
  });
});

describe('an interpreter is not started', () => {
  test.each([
    ['where the manifest says so', { warm: false }],
    ['for what is no Python', { command: ['bash', '--norc', 'cli.py'] }],
    ['for a Python that is told more than a file', { command: ['python3', '-u', 'cli.py'] }],
    ['for a module', { command: ['python3', '-m', 'json.tool'] }],
    ['where there is little memory', { memoryMiB: LIMITS.warmMemoryMiBMin - 1 }],
  ])('%s', async (_, made) => {
    const plugin = sandbox.plugin('exit', made);
    await sandbox.call(plugin);
    await pause(300);
    expect(descendantsOf(process.pid)).toEqual([]);
  });
});

describe('an interpreter is replaced', () => {
  test.each([
    [
      'when a call left a process behind',
      'import subprocess, sys\nif sys.argv[1:]: subprocess.Popen(["sleep", "600"])',
    ],
    ['when a call was stopped', 'import time, sys\nif sys.argv[1:]: time.sleep(60)'],
    ['when a call ended it', 'import os, signal, sys\nif sys.argv[1:]: os.kill(os.getppid(), signal.SIGKILL)'],
  ])('%s', async (_, source) => {
    const plugin = sandbox.plugin(`${source}\n${WHO}`);
    await sandbox.warmUp(plugin);
    const first = await sandbox.text(plugin);
    await sandbox.warmUp(plugin);
    await sandbox.call(plugin, { args: { words: ['x'] }, limits: { timeoutMs: 1_000 } });
    await sandbox.warmUp(plugin);
    expect(parentOf(await sandbox.text(plugin))).not.toBe(parentOf(first));
  });

  test('when it has waited for long', async () => {
    const brief = await createTestProcesses({ warmIdleMs: 200 });
    const plugin = brief.plugin(WHO);
    let hasWaited = false;
    // It may have come and gone while this test had no turn: then another does.
    while (!hasWaited) {
      await brief.call(plugin);
      for (let look = 0; !hasWaited && look < 100; look += 1) {
        await pause(5);
        hasWaited = brief.runtime.waiting(() => true) > 0;
      }
    }
    await expect.poll(() => brief.folders()).toEqual([]);
    await brief.close();
  });

  test('when its place is needed for another call', async () => {
    const small = await createTestProcesses({ childrenMax: 1 });
    const [one, other] = [small.plugin(WHO), small.plugin(WHO, { warm: false })];
    await small.call(one);
    await small.warmUp(one);
    expect(await small.text(other)).toMatch(/^\d+ \d+$/);
    await small.close();
  });
});

describe('what a call can do to the next', () => {
  let one: TestProcesses;
  beforeAll(async () => {
    one = await createTestProcesses();
  });
  afterAll(() => one.close());

  test.each([
    ['its folder', 'open("x", "w").close(); os.makedirs("a/b/c")', 'os.listdir(".")'],
    [
      'its modules',
      'import json; json.loads = None; sys.modules["planted"] = json',
      '"planted" in sys.modules or __import__("json").loads is None',
    ],
    ['its environment', 'os.environ["LEFT"] = "1"', '"LEFT" in os.environ'],
    ['its signals', 'signal.signal(signal.SIGUSR1, signal.SIG_IGN)', 'signal.getsignal(signal.SIGUSR1).name'],
    [
      'its streams',
      'os.set_blocking(1, False); os.set_blocking(2, False)',
      '[os.get_blocking(fd) for fd in (0, 1, 2)]',
    ],
    ['its stdin', 'os.set_blocking(0, False); os.lseek(0, 5, 0)', 'os.get_blocking(0)'],
    [
      'its limits',
      'resource.setrlimit(resource.RLIMIT_NOFILE, (20, 20))',
      'resource.getrlimit(resource.RLIMIT_NOFILE)',
    ],
    ['its mask', 'os.umask(0)', 'os.umask(0o077)'],
  ])('reaches not %s', async (_, leave, look) => {
    const source = `import os, sys, signal, resource\nif sys.argv[1:]:\n    ${leave.replaceAll('; ', '\n    ')}\nprint(${look})`;
    const plugin = one.plugin(source);
    await one.warmUp(plugin);
    const clean = await one.text(plugin);
    await one.rested(plugin);
    await one.call(plugin, { args: { words: ['x'] } });
    await one.rested(plugin);
    expect(await one.text(plugin)).toBe(clean);
  });
});
