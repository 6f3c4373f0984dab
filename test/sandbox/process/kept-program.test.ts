import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { silentLogger } from '#base/log.ts';
import type { LaunchProfile } from '#sandbox/host/launcher/launch-profile.ts';
import { openLauncher } from '#sandbox/host/launcher/launcher.ts';
import { exitStatus, type KeptProgram, startKept } from '#sandbox/host/process/kept-program.ts';
import { treeFigures } from '#sandbox/host/process/process-group.ts';
import { openTreeGroups } from '#sandbox/host/process/tree-groups.ts';
import { isAlive } from '#test/sandbox/harness.ts';
import { IS_ROOT, kernelOf, makeFolder, OWN_UID, profileFor } from '#test/sandbox/launcher/harness.ts';
import { groupOf, HOLDERS } from './group-harness.ts';
import { descendantsOf, openDescriptors } from './harness.ts';

const folder = makeFolder();
const launcher = openLauncher();
const ports = { launcher, kernel: kernelOf(), logger: silentLogger };
afterAll(() => {
  launcher[Symbol.dispose]();
  folder[Symbol.dispose]();
});

const code = join(folder.path, 'code');
mkdirSync(code, { mode: 0o755 });

function profileOf(command: readonly [string, ...string[]], changes: Partial<LaunchProfile> = {}): LaunchProfile {
  const profile = profileFor(command, changes);
  const user = IS_ROOT ? { uid: OWN_UID } : {};
  return { ...profile, ...user, paths: [...profile.paths, { path: code, access: 'read' }] };
}

const shell = (script: string) => profileOf(['/bin/sh', '-c', script]);

async function outputOf(program: KeptProgram): Promise<string> {
  let text = '';
  for (const at of [1, 2]) (program.stdio[at] as Readable).on('data', (chunk) => (text += chunk));
  await program.ended;
  return text;
}

const start = (script: string) => startKept(ports, shell(script), ['ignore', 'pipe', 'pipe']);

describe('a kept program', () => {
  test('runs, and how it ended and what it used is told when all of it has been reaped', async () => {
    const program = start('echo hello; exit 7');
    expect(await outputOf(program)).toBe('hello\n');
    const { cpuMs, rssBytesPeak, isShortOfMemory: _, ...end } = await program.ended;
    expect(end).toEqual({ exitCode: 7, signal: null, outlived: 0 });
    expect(cpuMs).toBeGreaterThan(0);
    expect(rssBytesPeak).toBeGreaterThan(100_000);
    await expect(program.begun).resolves.toBeUndefined();
  });

  test('that ends by a signal is told so', async () => {
    const program = start('kill -SEGV $$');
    await outputOf(program);
    expect(await program.ended).toMatchObject({ exitCode: null, signal: 'SIGSEGV' });
  });

  test('ends with everything that it left behind', async () => {
    const program = start('sleep 600 & sleep 600 & echo done');
    expect(await outputOf(program)).toBe('done\n');
    expect(await program.ended).toMatchObject({ exitCode: 0, outlived: 2 });
    expect(descendantsOf(process.pid)).toEqual([]);
  });

  test('is killed with its whole tree', async () => {
    const program = start('(trap "" TERM; sleep 600; sleep 600) & echo up; wait');
    await new Promise((resolve) => (program.stdio[1] as Readable).once('data', resolve));
    // What runs beside the one that speaks may start later than it speaks.
    await expect.poll(() => treeFigures(program.keeperPid ?? 0).processes).toBe(4);
    program.kill();
    expect(await program.ended).toMatchObject({ exitCode: null, signal: 'SIGKILL' });
    expect(descendantsOf(process.pid)).toEqual([]);
  });

  test('is killed before it began, too', async () => {
    const program = start('sleep 600');
    program.kill();
    await outputOf(program);
    expect(await program.ended).toMatchObject({ exitCode: null });
    expect(descendantsOf(process.pid)).toEqual([]);
  });

  test('that can not be confined tells the step that failed', async () => {
    const program = startKept(ports, profileOf(['/usr/bin/nothing']), ['ignore', 'pipe', 'pipe']);
    expect(await outputOf(program)).toBe('launcher: execute: error 2\n');
    await expect(program.begun).rejects.toMatchObject({
      code: 'SANDBOX_UNAVAILABLE',
      details: { step: 'launcher: execute: error 2' },
    });
    expect(await program.ended).toMatchObject({ exitCode: 125 });
  });

  test('has no descriptor of its keeper', async () => {
    writeFileSync(
      join(code, 'fds.py'),
      'import os\nfor fd in range(64):\n  try: os.fstat(fd); print(fd)\n  except OSError: pass\n',
      { mode: 0o644 },
    );
    const program = startKept(ports, profileOf(['/usr/bin/python3', join(code, 'fds.py')]), ['ignore', 'pipe', 'pipe']);
    expect(await outputOf(program)).toBe('0\n1\n2\n');
  });
});

/** A host, its tree once its program's is there, and the group that holds that. */
async function startHost(place?: string) {
  const path = fileURLToPath(new URL('./kept-host.ts', import.meta.url));
  const args = place === undefined ? [] : [place];
  const host = spawn(process.execPath, [path, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const said = await new Promise((resolve) => host.stdout.once('data', resolve));
  return { host, tree: descendantsOf(host.pid ?? 0), group: String(said).trim() };
}

describe.each(HOLDERS)('where a tree is held by $holder', ({ withoutGroups }) => {
  const parent = withoutGroups ? undefined : kernelOf().cgroup;
  const open = () => openTreeGroups({ logger: silentLogger }, { parent, place: folder.path });
  const startIn = (script: string, groups = open()) => {
    const group = groups?.create({ memoryBytes: 2 ** 28, processes: 64 });
    return { group, program: startKept(ports, shell(script), ['ignore', 'pipe', 'pipe'], group) };
  };

  test('it is whole from its first moment, and over with its program', async () => {
    const { program, group } = startIn('sleep 600 & echo up; read -r forever < /dev/zero');
    await new Promise((resolve) => (program.stdio[1] as Readable).once('data', resolve));
    const all = descendantsOf(program.keeperPid ?? 0);
    const own = groupOf(process.pid);
    const inGroup = new Set(all.map(groupOf));
    expect(all.length).toBeGreaterThanOrEqual(2);
    expect(inGroup.size).toBe(1);
    expect(inGroup.has(own)).toBe(withoutGroups);
    // Who kills it can't be in it.
    expect(groupOf(program.keeperPid ?? 0)).toBe(own);
    program.kill();
    await outputOf(program);
    expect(all.filter(isAlive)).toEqual([]);
    expect(group === undefined || !existsSync(group.startFolder)).toBe(true);
  });

  test('it ends when its keeper is killed', async () => {
    const { program, group } = startIn('sleep 600 & echo up; wait');
    await new Promise((resolve) => (program.stdio[1] as Readable).once('data', resolve));
    await expect.poll(() => descendantsOf(process.pid)).toHaveLength(3);
    const all = descendantsOf(process.pid);
    process.kill(program.keeperPid ?? 0, 'SIGKILL');
    expect(await program.ended).toMatchObject({ exitCode: null, signal: null });
    expect(all.filter(isAlive)).toEqual([]);
    expect(group === undefined || !existsSync(group.startFolder)).toBe(true);
  });

  test('a host that is killed takes it along, grandchildren too', async () => {
    const { host, tree, group } = await startHost(withoutGroups ? undefined : folder.path);
    expect(group === '').toBe(withoutGroups);
    expect(tree.length).toBeGreaterThanOrEqual(4);
    host.kill('SIGKILL');
    await expect.poll(() => tree.filter(isAlive)).toEqual([]);
    await open()?.close();
    expect(group === '' || !existsSync(group)).toBe(true);
  });

  test('it leaves no descriptor open in the host, and has none of its group', async () => {
    const groups = open();
    await outputOf(startIn('true', groups).program);
    const before = openDescriptors();
    for (let round = 0; round < 5; round += 1) {
      const { program } = startIn(
        'for fd in 0 1 2 3 4 5 6 7 8 9; do true <&$fd && echo $fd; done 2> /dev/null',
        groups,
      );
      expect(await outputOf(program)).toBe('0\n1\n2\n');
    }
    expect(openDescriptors()).toBe(before);
    await groups?.close();
  });

  test('and it can not be born, nothing runs', async () => {
    const groups = open();
    const group = groups?.create({ memoryBytes: 2 ** 28, processes: 64 });
    await group?.remove();
    const begin = () => startKept(ports, shell('true'), ['ignore', 'pipe', 'pipe'], group);
    if (withoutGroups) expect(await outputOf(begin())).toBe('');
    else expect(begin).toThrow('ENOENT');
    await groups?.close();
  });
});

test.each([
  [0, { exitCode: 0, signal: null }],
  [3 << 8, { exitCode: 3, signal: null }],
  [9, { exitCode: null, signal: 'SIGKILL' }],
  // With a dump.
  [0x80 | 11, { exitCode: null, signal: 'SIGSEGV' }],
  [34, { exitCode: null, signal: 'signal 34' }],
])('the status %i is read as wait(2) says', (status, expected) => {
  expect(exitStatus(status)).toEqual(expected);
});
