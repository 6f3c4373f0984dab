import { existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LIMITS } from '#base/limits.ts';
import type { RunLimits } from '#domain/manifest.ts';
import { makeFolder } from '#test/sandbox/launcher/harness.ts';
import {
  codeOf,
  createTestProcesses,
  descendantsOf,
  openDescriptors,
  pause,
  TEST_LIMITS,
  type TestProcesses,
} from './harness.ts';

let sandbox: TestProcesses;
beforeAll(async () => {
  sandbox = await createTestProcesses();
});
afterAll(() => sandbox.close());

describe('a call', () => {
  test('gets its words, a clean environment and an empty folder of its own', async () => {
    const plugin = sandbox.plugin(
      'import json, os, sys\nprint(json.dumps([sys.argv[1:], dict(os.environ), os.getcwd(), os.listdir(".")]))',
    );
    const [words, env, cwd, files] = JSON.parse(await sandbox.text(plugin, { args: { words: ['a', '--b=c d', ''] } }));
    expect(words).toEqual(['a', '--b=c d', '']);
    expect(env).toEqual({
      PATH: '/usr/local/bin:/usr/bin:/bin',
      LANG: 'C.UTF-8',
      HOME: cwd,
      TMPDIR: cwd,
      PYTHONDONTWRITEBYTECODE: '1',
      PYTHONNOUSERSITE: '1',
    });
    expect(files).toEqual([]);
  });

  test('may be in any language', async () => {
    const shell = sandbox.plugin({ 'run.sh': 'echo "$1 from $0"' }, { command: ['bash', '--norc', 'run.sh'] });
    expect(await sandbox.text(shell, { args: { words: ['hello'] } })).toMatch(/^hello from .*run\.sh$/);
    const own = sandbox.plugin({ 'bin/tool': '#!/bin/sh\necho "own $*"' }, { command: ['./bin/tool', '-x'] });
    expect(await sandbox.text(own, { args: { words: ['y'] } })).toBe('own -x y');
  });

  test('that fails tells its exit code and what it said', async () => {
    const plugin = sandbox.plugin('import sys\nsys.exit("it went wrong")');
    expect(await sandbox.call(plugin)).toMatchObject({
      kind: 'failed',
      effect: 'known',
      error: { code: 'TOOL_FAILED', message: 'it went wrong', details: { exitCode: 1 } },
    });
  });

  test('tells what it used', async () => {
    const plugin = sandbox.plugin(
      'x = bytearray(20 << 20)\nfor i in range(0, len(x), 4096): x[i] = 1\nfor i in range(200000): pass',
    );
    const { usage } = await sandbox.call(plugin);
    expect(usage.cpuMs).toBeGreaterThan(0);
    expect(usage.heapBytesPeak).toBeGreaterThan(20 << 20);
    expect(usage.wallMs).toBeGreaterThan(0);
  });

  test('whose arguments are refused starts nothing', async () => {
    const plugin = sandbox.plugin('print(1)');
    const outcome = await sandbox.call(plugin, { args: { refuse: true } });
    expect(outcome).toMatchObject({ effect: 'known', error: { code: 'ARGUMENTS_INVALID' }, usage: { cpuMs: 0 } });
  });

  test('takes the longest argument that there may be', async () => {
    const plugin = sandbox.plugin('import sys\nprint(len(sys.argv[1]))');
    const args = { words: ['x'.repeat(LIMITS.programWordBytesMax)] };
    expect(await sandbox.text(plugin, { args })).toBe(String(LIMITS.programWordBytesMax));
  });

  test.each([0, 1, 3, 10, 30])('that is cancelled %i ms after it was made ends cancelled', async (ms) => {
    const controller = new AbortController();
    const running = sandbox.call(sandbox.plugin('import time\ntime.sleep(60)'), { signal: controller.signal });
    await pause(ms);
    controller.abort();
    expect((await running).kind).toBe('cancelled');
  });

  test('that was cancelled before it began never runs', async () => {
    const signal = AbortSignal.abort();
    const outcome = await sandbox.call(sandbox.plugin('print(1)'), { signal });
    expect(outcome).toMatchObject({ kind: 'cancelled', effect: 'known' });
  });
});

describe('a plugin is refused', () => {
  test.each([
    ['whose program is not on the machine', { command: ['no-such-program'] }, 'SANDBOX_UNAVAILABLE'],
    ['whose program is not in it', { command: ['./cli.sh'] }, 'PLUGIN_LOAD_FAILED'],
    ['whose program lies outside of it', { command: ['../cli.py'] }, 'PLUGIN_LOAD_FAILED'],
    ['whose program has an absolute path', { command: ['/usr/bin/python3', 'cli.py'] }, 'PLUGIN_LOAD_FAILED'],
    ['that has no command', { command: [] }, 'MANIFEST_INVALID'],
    ['of the protocol mcp', { protocol: 'mcp' as const }, 'SANDBOX_UNAVAILABLE'],
  ])('%s', async (_, made, code) => {
    const outcome = await sandbox.call(sandbox.plugin('print(1)', made));
    expect(codeOf(outcome)).toBe(code);
    expect(outcome).toMatchObject({ effect: 'known', error: { details: { remedy: expect.any(String) } } });
  });

  test('of another runtime', () => {
    const plugin = sandbox.plugin('print(1)');
    const isolate = {
      ...plugin,
      manifest: { ...plugin.manifest, runtime: { kind: 'isolate', entry: 'x.js' } as const },
    };
    expect(() => sandbox.runtime.profile(isolate, {})).toThrow(
      expect.objectContaining({ code: 'SANDBOX_UNAVAILABLE' }),
    );
  });

  test('whose code is not what was hashed', async () => {
    const plugin = sandbox.plugin('print(1)');
    sandbox.tamper(plugin);
    expect(codeOf(await sandbox.call(plugin))).toBe('PLUGIN_TAMPERED');
  });
});

describe('the profile', () => {
  test('has a digest that follows what is granted and what the manifest asks', () => {
    const plugin = sandbox.plugin('print(1)');
    const digest = (from = plugin, granted = {}) => sandbox.runtime.profile(from, granted).digest;
    expect(digest()).toBe(digest());
    expect(digest(sandbox.plugin('print(2)'))).toBe(digest());
    const others = [
      digest(plugin, { clock: true }),
      digest(plugin, { files: [{ path: 'workspace', access: 'read' }] }),
      digest(plugin, { files: [{ path: 'workspace', access: 'write' }] }),
      digest(sandbox.plugin('print(1)', { memoryMiB: 100 })),
      digest(sandbox.plugin('print(1)', { processesMax: 3 })),
      digest(sandbox.plugin('print(1)', { command: ['python3', '-u', 'cli.py'] })),
    ];
    expect(new Set([digest(), ...others]).size).toBe(others.length + 1);
  });

  test('names the layers in force, sorted, as many as a record has room for', () => {
    const { tier, layers } = sandbox.runtime.profile(sandbox.plugin('print(1)'), {});
    expect(tier).toBe('process');
    expect(layers).toEqual([...layers].sort());
    expect(layers.length).toBeLessThanOrEqual(LIMITS.recordLayersMax);
    expect(layers).toEqual(expect.arrayContaining(['files', 'network', 'keeper', 'work-folder']));
    expect(sandbox.runtime.layers().every(({ inForce }) => inForce)).toBe(true);
  });

  test('is refused, and nothing is run, where a property of the floor is missing', async () => {
    const below = await createTestProcesses({ landlockAbi: 1 });
    const plugin = below.plugin('print(1)');
    expect(() => below.runtime.profile(plugin, {})).toThrow(expect.objectContaining({ code: 'SANDBOX_UNAVAILABLE' }));
    expect(codeOf(await below.call(plugin))).toBe('SANDBOX_UNAVAILABLE');
    expect(below.runtime.layers()).toMatchObject([{ inForce: false, name: 'files', remedy: expect.any(String) }]);
    await below.close();
  });
});

describe('running a program for discovery', () => {
  const request = (source: string, limits: Partial<RunLimits> = {}) => ({
    plugin: sandbox.plugin(source),
    words: ['--describe'],
    limits: { ...TEST_LIMITS, ...limits },
    signal: new AbortController().signal,
  });

  test('gives its end as it was', async () => {
    const { end, stopped } = await sandbox.runtime.runProgram(
      request('import sys\nprint(sys.argv[1])\nprint("e", file=sys.stderr)\nsys.exit(3)'),
    );
    expect(stopped).toBeUndefined();
    expect({ ...end, stdout: String(end.stdout), stderr: String(end.stderr) }).toEqual({
      ...{ exitCode: 3, signal: null, stdout: '--describe\n', stderr: 'e\n', isStdoutCut: false, isStderrCut: false },
    });
  });

  test('stops at its deadline', async () => {
    const { stopped } = await sandbox.runtime.runProgram(request('import time\ntime.sleep(600)', { timeoutMs: 2_000 }));
    expect(stopped?.code).toBe('TIMEOUT');
  });
});

/** Until the test releases it. */
const STAYS = 'import os, sys, time\nopen("begun", "w").close()\nwhile not os.path.exists("go"): time.sleep(0.01)';
const STAYS_IF_TOLD = `import sys\nif sys.argv[1:]:\n    ${STAYS.replaceAll('\n', '\n    ')}`;

describe('the end', () => {
  test('of a plugin ends its calls as interrupted, and those whose signal is aborted as cancelled', async () => {
    const plugin = sandbox.plugin(`${STAYS}`);
    const controller = new AbortController();
    const plain = sandbox.call(plugin);
    const aborted = sandbox.call(plugin, { agent: 'ben', signal: controller.signal });
    await sandbox.begun(2);
    const ended = sandbox.runtime.end((from) => from === plugin);
    controller.abort();
    await ended;
    expect(await plain).toMatchObject({ kind: 'failed', effect: 'unknown', error: { code: 'INTERRUPTED' } });
    expect(await aborted).toMatchObject({ kind: 'cancelled', effect: 'unknown' });
  });

  test('of an agent leaves the calls of others', async () => {
    const plugin = sandbox.plugin(`${STAYS}\nprint("through")`);
    const [ana, ben] = [sandbox.call(plugin), sandbox.text(plugin, { agent: 'ben' })];
    await sandbox.begun(2);
    await sandbox.runtime.end((_, agent) => agent === 'ana');
    sandbox.release();
    expect(codeOf(await ana)).toBe('INTERRUPTED');
    expect(await ben).toBe('through');
  });

  test('of the runtime leaves no process, folder or descriptor, and refuses later calls', async () => {
    await sandbox.runtime.end(() => true);
    const before = openDescriptors();
    const other = await createTestProcesses();
    const plugin = other.plugin(STAYS_IF_TOLD);
    await other.warmUp(plugin);
    const running = [
      other.call(plugin, { args: { words: ['x'] } }),
      other.call(plugin, { args: { words: ['x'] }, agent: 'ben' }),
    ];
    await other.begun(2);
    await other.close();
    for (const outcome of await Promise.all(running)) expect(codeOf(outcome)).toBe('INTERRUPTED');
    expect(codeOf(await other.call(plugin))).toBe('SHUTTING_DOWN');
    await expect.poll(openDescriptors).toBeLessThanOrEqual(before);
    expect(descendantsOf(process.pid)).toEqual([]);
    expect(existsSync(other.root)).toBe(false);
  });
});

test('more calls than there are places are refused, and may be tried again', async () => {
  const small = await createTestProcesses({ childrenMax: 2 });
  const plugin = small.plugin(STAYS_IF_TOLD);
  const args = { words: ['stay'] };
  const codes = [1, 2, 3].map(async () => codeOf(await small.call(plugin, { args })));
  expect(await Promise.race(codes)).toBe('QUEUE_FULL');
  await small.begun(2);
  small.release();
  expect((await Promise.all(codes)).sort()).toEqual(['QUEUE_FULL', 'returned', 'returned']);
  expect(codeOf(await small.call(plugin))).toBe('returned');
  await small.close();
});

test('a Python under a prefix of its own runs, and nothing beside it can be read', async () => {
  using folder = makeFolder();
  const prefix = join(folder.path, 'prefix');
  mkdirSync(join(prefix, 'bin'), { recursive: true });
  symlinkSync('/usr/bin/python3', join(prefix, 'bin', 'python3'));
  const other = await createTestProcesses({ searchPath: join(prefix, 'bin') });
  const plugin = other.plugin(
    'import os, sys\nprint(sys.executable)\ntry: print(os.listdir(os.path.dirname(os.path.dirname(sys.executable))))\nexcept PermissionError: print("shut")',
  );
  expect(await other.text(plugin)).toBe(`${join(prefix, 'bin', 'python3')}\nshut`);
  await other.close();
});
