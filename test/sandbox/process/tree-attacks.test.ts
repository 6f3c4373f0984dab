import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CGROUPS, groupOf, HOLDERS } from './group-harness.ts';
import { codeOf, createTestProcesses, descendantsOf, type TestProcesses, until } from './harness.ts';

/** Forks twice, tries to leave session and group, and goes on forking from every process there is. */
const STORM = `
import os, sys, time
if sys.argv[1:] == ["storm"]:
    for _ in range(2):
        if os.fork() == 0:
            for leave in (os.setsid, lambda: os.setpgid(0, 0)):
                try: leave()
                except OSError: pass
    while True:
        try: os.fork()
        except OSError: time.sleep(0.01)
`;

/** What of the hierarchies of groups it can read, write or make, below the folder given. */
const REACH = `
import json, os, sys
def attempt(act):
    try:
        act()
        return "done"
    except OSError as error:
        return error.errno
folder, name = sys.argv[1], sys.argv[2]
print(json.dumps({
    "list": attempt(lambda: os.listdir(folder)),
    "read": attempt(lambda: open(folder + "/cgroup.procs").read()),
    "leave": attempt(lambda: open(folder + "/cgroup.procs", "w").write(str(os.getpid()))),
    "make": attempt(lambda: os.mkdir(folder + "/" + name)),
    "unmake": attempt(lambda: os.rmdir(folder + "/" + name)),
    "own": attempt(lambda: open("/proc/self/cgroup").read()),
}))
`;
const EACCES = 13;
const ENOENT = 2;

describe.each(HOLDERS)('a program whose tree is held by $holder', ({ withoutGroups }) => {
  let sandbox: TestProcesses;
  beforeAll(async () => {
    sandbox = await createTestProcesses({ withoutGroups });
  });
  afterAll(() => sandbox.close());

  test('is said to be so, by layers and profile', () => {
    const layer = sandbox.runtime.layers().find(({ name }) => name === 'cgroup');
    expect(layer?.inForce).toBe(!withoutGroups);
    const { layers } = sandbox.runtime.profile(sandbox.plugin(''), {});
    expect(layers.includes('cgroup')).toBe(!withoutGroups);
  });

  test.each([
    ['fresh', false],
    ['from an interpreter that waited', true],
  ])('leaves nothing when it forks without end, %s', async (_, warm) => {
    const plugin = sandbox.plugin(STORM, { processesMax: 60, warm });
    if (warm) await sandbox.warmUp(plugin);
    const code = codeOf(await sandbox.call(plugin, { args: { words: ['storm'] }, limits: { timeoutMs: 1_500 } }));
    expect(['TIMEOUT', 'CPU_EXCEEDED', 'MEMORY_EXCEEDED']).toContain(code);
    await sandbox.runtime.end((from) => from === plugin);
    expect(descendantsOf(process.pid)).toEqual([]);
    expect(sandbox.folders()).toEqual([]);
  });

  test('reaches no group, not its own either', async () => {
    const [folder = '/sys/fs/cgroup'] = CGROUPS;
    const words = [folder, `smcp-${randomUUID()}`];
    const found = JSON.parse(await sandbox.text(sandbox.plugin(REACH, { warm: false }), { args: { words } })) as object;
    const { unmake, ...others } = found as { unmake: number };
    expect(new Set(Object.values(others))).toEqual(new Set([EACCES]));
    expect([EACCES, ENOENT]).toContain(unmake);
  });

  test('is one of many calls of an interpreter, and all of the call is together', async () => {
    const plugin = sandbox.plugin(
      'import os, sys, time\nif sys.argv[1:]: \n    if os.fork() == 0: time.sleep(600)\n    while not os.path.exists("go"): time.sleep(0.01)',
    );
    await sandbox.warmUp(plugin);
    const call = sandbox.call(plugin, { args: { words: ['x'] } });
    const groups = () => descendantsOf(process.pid).map(groupOf);
    const ofCalls = () => groups().filter((group) => /\/call-\d+$/.test(group ?? ''));
    await until(() => descendantsOf(process.pid).length === 4);
    const own = groupOf(process.pid);
    expect(ofCalls().length).toBe(withoutGroups ? 0 : 2);
    expect(new Set(ofCalls()).size).toBe(withoutGroups ? 0 : 1);
    // The keeper, and the interpreter.
    expect(groups().filter((group) => group === own).length).toBe(withoutGroups ? 4 : 1);
    expect(groups().filter((group) => group?.endsWith('/program')).length).toBe(withoutGroups ? 0 : 1);
    sandbox.release();
    expect(codeOf(await call)).toBe('returned');
    await sandbox.runtime.end((from) => from === plugin);
    expect(descendantsOf(process.pid)).toEqual([]);
  });
});

// The control: with nothing around it, it reaches all of it.
describe.each(CGROUPS)('without a sandbox', (folder) => {
  test('the same program reaches every group', () => {
    const args = ['-c', REACH, folder, `smcp-${randomUUID()}`];
    const found = JSON.parse(execFileSync('/usr/bin/python3', args, { encoding: 'utf8' })) as object;
    expect(new Set(Object.values(found))).toEqual(new Set(['done']));
  });
});
