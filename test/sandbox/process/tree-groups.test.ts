import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LIMITS } from '#base/limits.ts';
import { silentLogger } from '#base/log.ts';
import { ownCgroupIn } from '#sandbox/host/launcher/own-cgroup.ts';
import { boundGroup, enableControllers, removeGroup, wasShortOfMemory } from '#sandbox/host/process/cgroup-files.ts';
import { ownLayers } from '#sandbox/host/process/ground.ts';
import { createStopper, supervise } from '#sandbox/host/process/supervise.ts';
import { openTreeGroups } from '#sandbox/host/process/tree-groups.ts';
import type { Watch } from '#sandbox/host/process/watch.ts';
import { isAlive } from '#test/sandbox/harness.ts';
import { CGROUPS, groupMembers, startRunaway, withWord } from './group-harness.ts';
import { TEST_LIMITS, until } from './harness.ts';

const BOUNDS = { memoryBytes: 2 ** 26, processes: 32 };

let place: string;
beforeAll(() => {
  place = mkdtempSync(join(tmpdir(), 'smcp-groups-'));
});
afterAll(() => rmSync(place, { recursive: true, force: true }));

describe('the group of the server itself', () => {
  const UNIFIED = '29 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw';

  test.each([
    ['where it is the only hierarchy', UNIFIED, '0::/a.slice/b.service\n', '/sys/fs/cgroup/a.slice/b.service'],
    ['at the root of a namespace', UNIFIED, '0::/\n', '/sys/fs/cgroup'],
    [
      'beside older hierarchies',
      `28 23 0:25 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n${UNIFIED.replace('/sys/fs/cgroup', '/sys/fs/cgroup/unified')}`,
      '8:pids:/other\n0::/own\n',
      '/sys/fs/cgroup/unified/own',
    ],
    ['where a part of it is mounted', UNIFIED.replace('0:26 /', '0:26 /box'), '0::/box/in\n', '/sys/fs/cgroup/in'],
    ['where another part is mounted', UNIFIED.replace('0:26 /', '0:26 /box'), '0::/boxes/in\n', undefined],
    ['with a blank in its place', UNIFIED.replace('/sys/fs/cgroup', '/a\\040b'), '0::/\n', '/a b'],
    ['where none is mounted', '28 23 0:25 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids', '0::/\n', undefined],
    ['of a kernel without it', UNIFIED, '8:pids:/other\n', undefined],
  ])('is found %s', (_, mountinfo, cgroup, folder) => {
    expect(ownCgroupIn({ mountinfo, cgroup })).toBe(folder);
  });
});

test('where no group can be made there are none, and the layer says what stands in', () => {
  expect(openTreeGroups({ logger: silentLogger }, { parent: undefined, place })).toBeUndefined();
  // A folder that is there and no group, too.
  expect(openTreeGroups({ logger: silentLogger }, { parent: join(place, 'no'), place })?.bounding).toEqual([]);
  const layer = (bounding: readonly string[] | undefined) =>
    ownLayers({ hasUsers: true, bounding }).find(({ name }) => name === 'cgroup');
  expect(layer(undefined)).toMatchObject({ inForce: false, detail: expect.stringContaining('stand in') });
  expect(layer([])).toMatchObject({ inForce: true, detail: expect.stringContaining('rlimits bound it') });
  expect(layer(['memory', 'pids'])).toMatchObject({ detail: expect.stringContaining('bounds its memory and pids') });
});

describe('a group with controllers', () => {
  /** A folder with these files: a model of what the kernel shows. */
  const model = (files: readonly string[]): string => {
    const folder = join(place, randomUUID());
    mkdirSync(folder);
    for (const name of files) writeFileSync(join(folder, name), '');
    return folder;
  };
  const bounds = ['memory.max', 'memory.oom.group', 'memory.swap.max', 'pids.max'];

  test('is bounded by all that it has', () => {
    const folder = model(bounds);
    boundGroup(folder, BOUNDS);
    expect(bounds.map((name) => readFileSync(join(folder, name), 'utf8'))).toEqual([
      ...[String(BOUNDS.memoryBytes + LIMITS.groupMemoryMarginBytes), '1', '0', '32'],
    ]);
  });

  test('is bounded by what it has alone', () => {
    const folder = model(['pids.max']);
    boundGroup(folder, BOUNDS);
    expect(readdirSync(folder)).toEqual(['pids.max']);
  });

  test.each([
    ['low 0\nhigh 3\nmax 9\noom 1\noom_kill 1\noom_group_kill 1\n', true],
    ['low 0\nhigh 3\nmax 9\noom 0\noom_kill 0\noom_group_kill 0\n', false],
    ['', false],
  ])('tells by %j whether the kernel ended something for its memory', (events, isSo) => {
    const folder = model([]);
    writeFileSync(join(folder, 'memory.events'), events);
    expect(wasShortOfMemory(folder)).toBe(isSo);
  });
});

test.each([
  [true, 'MEMORY_EXCEEDED'],
  [false, undefined],
])('a run that the kernel ended for its memory (%s) is told as such', async (isShortOfMemory, code) => {
  const end = { exitCode: null, signal: 'SIGKILL', cpuMs: 1, rssBytesPeak: 1, isShortOfMemory };
  const run = { root: 1, cpuMsBefore: 0, hasBegun: () => true, kill: () => {}, ended: Promise.resolve(end) };
  const watch = { begin: () => ({ [Symbol.dispose]: () => {} }) } satisfies Watch;
  const { signal } = new AbortController();
  const supervision = { limits: TEST_LIMITS, memoryBytesMax: 1, workFolder: place, signal, msLeft: 10_000 };
  const { stopped } = await supervise({ watch, logger: silentLogger }, run, supervision, createStopper());
  expect(stopped?.code).toBe(code);
});

describe.each(CGROUPS)('in groups of the kernel, below %s', (parent) => {
  const open = (of = place) => openTreeGroups({ logger: silentLogger }, { parent, place: of });

  test('a tree ends as a whole, sessions of its own and orphans too, which its process group does not', async () => {
    const groups = open();
    const group = groups?.create(BOUNDS);
    const word = `smcp-${randomUUID()}`;
    const child = await startRunaway(group?.startFolder ?? '', word);
    expect(withWord(word)).toHaveLength(3);
    // What one signal to its process group leaves: the control.
    process.kill(-(child.pid ?? 0), 'SIGKILL');
    await once(child, 'exit');
    expect(withWord(word)).toHaveLength(2);
    expect(group?.kill()).toBeUndefined();
    await until(() => withWord(word).length === 0);
    expect(withWord(word)).toEqual([]);
    expect(await group?.remove()).toBe(true);
    await groups?.close();
    expect(existsSync(group?.startFolder ?? '')).toBe(false);
  });

  test('what is removed is killed first', async () => {
    const groups = open();
    const group = groups?.create(BOUNDS);
    const word = `smcp-${randomUUID()}`;
    await startRunaway(group?.startFolder ?? '', word);
    expect(await group?.remove()).toBe(true);
    expect(withWord(word)).toEqual([]);
    expect(await group?.remove()).toBe(true);
    await groups?.close();
  });

  test('what a server that crashed left is ended at the next start, and what another has is not', async () => {
    const [crashed, other] = [join(place, 'crashed'), join(place, 'other')];
    for (const folder of [crashed, other]) mkdirSync(folder);
    const [left, others] = [open(crashed)?.create(BOUNDS), open(other)?.create(BOUNDS)];
    const words = [`smcp-${randomUUID()}`, `smcp-${randomUUID()}`] as const;
    await startRunaway(left?.startFolder ?? '', words[0]);
    await startRunaway(others?.startFolder ?? '', words[1]);
    const next = open(crashed);
    await next?.close();
    expect(withWord(words[0])).toEqual([]);
    expect(existsSync(left?.startFolder ?? '')).toBe(false);
    expect(withWord(words[1])).toHaveLength(3);
    expect(await others?.remove()).toBe(true);
    await open(other)?.close();
  });

  test('a folder that somebody else removed is made again when it is needed, and missed by nobody at the end', async () => {
    const groups = open();
    const group = groups?.create(BOUNDS);
    const folder = dirname(group?.startFolder ?? '');
    expect(await group?.remove()).toBe(true);
    rmdirSync(folder);
    expect(await groups?.create(BOUNDS).remove()).toBe(true);
    rmdirSync(folder);
    await groups?.close();
    expect(existsSync(folder)).toBe(false);
  });

  test('only a child of the program is put into the group of a call', async () => {
    const groups = open();
    const group = groups?.create(BOUNDS, { servesCalls: true });
    const word = `smcp-${randomUUID()}`;
    const child = await startRunaway(group?.startFolder ?? '', word);
    const [pid = 0] = withWord(word).filter((one) => one !== child.pid);
    await expect(group?.enterCall(process.pid, child.pid ?? 0)).rejects.toThrow('no child of it');
    await expect(group?.enterCall(2 ** 22 + 1, child.pid ?? 0)).rejects.toThrow('no child of it');
    expect(isAlive(process.pid)).toBe(true);
    const call = await group?.enterCall(pid, child.pid ?? 0);
    expect(groupMembers(group?.startFolder ?? '')).toBe(2);
    expect(call?.leave()).toBe(false);
    process.kill(pid, 'SIGKILL');
    await until(() => call?.leave() === true);
    expect(await group?.remove()).toBe(true);
    await groups?.close();
  });
});

/** Groups that could have a controller: any will do, since which it is makes no difference to these rules. */
const OFFERING = CGROUPS.flatMap((parent) => {
  const [controller = ''] = readFileSync(join(parent, 'cgroup.controllers'), 'utf8').trim().split(' ');
  return controller === '' ? [] : [{ parent, controller }];
});

describe.each(OFFERING)('the controller $controller of $parent', ({ parent, controller }) => {
  const group = join(parent, `smcp-test-${randomUUID()}`);
  const control = join(parent, 'cgroup.subtree_control');
  const wasEnabled = readFileSync(control, 'utf8').trim().split(' ').includes(controller);
  afterAll(async () => {
    await removeGroup(group);
    if (!wasEnabled) writeFileSync(control, `-${controller}`);
  });

  test('is had for groups below, and one that nobody offers is not', () => {
    expect(enableControllers(parent, { wanted: [controller, 'none-such'] })).toEqual([controller]);
    mkdirSync(group);
    expect(readFileSync(join(group, 'cgroup.controllers'), 'utf8').trim().split(' ')).toContain(controller);
  });

  const serve = (script: string) => {
    const host = fileURLToPath(new URL('./aside-host.ts', import.meta.url));
    const args = ['-c', `echo $$ > "$1/cgroup.procs" && ${script}`, 'sh', group, process.execPath, host, controller];
    return JSON.parse(execFileSync('/bin/sh', args, { encoding: 'utf8' })) as object;
  };

  test('is had below a server’s own group where it is alone in it: it steps aside', () => {
    expect(serve('exec "$2" "$3" "$1" "$4"')).toEqual({ had: [], got: [controller], at: 'host' });
  });

  test('is not had where others are in that group, and nobody is moved', () => {
    writeFileSync(join(group, 'cgroup.subtree_control'), `-${controller}`);
    expect(serve('"$2" "$3" "$1" "$4"; true')).toEqual({ had: [], got: [], at: basename(group) });
  });
});
