import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { afterAll, describe, expect, test } from 'vitest';
import { createFilterBook, launchCommand, startLaunch } from '#sandbox/host/launcher/launch.ts';
import type { LaunchProfile } from '#sandbox/host/launcher/launch-profile.ts';
import { openLauncher } from '#sandbox/host/launcher/launcher.ts';
import { confinementShortfalls } from '#sandbox/host/launcher/read-back.ts';
import {
  IS_ROOT,
  kernelOf,
  launchAs,
  makeFile,
  makeFolder,
  ORDINARY_HOST,
  OWN_UID,
  profileFor,
  ROOT_HOST,
  stayAs,
} from './harness.ts';

const PYTHON = '/usr/bin/python3';
const folder = makeFolder();
const launcher = openLauncher();
const kernel = kernelOf();
afterAll(() => {
  folder[Symbol.dispose]();
  launcher[Symbol.dispose]();
});

const ports = { launcher, kernel, filterOf: createFilterBook() };
const HOSTS = [ROOT_HOST, ORDINARY_HOST];
const canBe = (uid: number) => IS_ROOT || uid !== 0;
/** As this process can start it. */
const ownUser = IS_ROOT ? { uid: OWN_UID } : {};
const python = (code: string, changes: Partial<LaunchProfile> = {}) =>
  profileFor([PYTHON, '-ISc', code], { ...ownUser, ...changes });

const LIST_DESCRIPTORS = `
import os
found = []
for fd in range(1024):
    try: os.fstat(fd); found.append(fd)
    except OSError: pass
print(found)
`;

describe.each(HOSTS)('a confined program of $name', (host) => {
  const isRun = canBe(host.uid);
  const uid = host.programUid ?? host.uid;

  test.skipIf(!isRun)('has nothing that it was not given, and can get nothing', () => {
    const code = `
import json, os, resource
print(json.dumps({
  'env': dict(os.environ), 'cwd': os.getcwd(), 'umask': os.umask(0), 'ids': [os.getresuid(), os.getresgid(), os.getgroups()],
  'leads': os.getsid(0) == os.getpid() == os.getpgrp(),
  'limits': [resource.getrlimit(getattr(resource, 'RLIMIT_' + name)) for name in ('CORE', 'DATA', 'FSIZE', 'NOFILE', 'NPROC', 'STACK', 'AS', 'CPU')],
}))`;
    const limits = {
      dataBytes: 2 ** 27,
      addressSpaceBytes: 2 ** 30,
      fileBytes: 4096,
      descriptors: 20,
      processes: 9,
      cpuSeconds: 7,
      stackBytes: 2 ** 20,
    };
    const profile = profileFor([PYTHON, '-ISc', code], { cwd: '/usr', env: { A: 'b=c', EMPTY: '' }, limits });
    const report = launchAs(host, { profile });
    expect(report).toMatchObject({ exitCode: 0, stderr: '', shortfalls: [] });
    const both = (value: number) => [value, value];
    expect(JSON.parse(report.stdout)).toEqual({
      env: { A: 'b=c', EMPTY: '', LC_CTYPE: 'C.UTF-8' },
      cwd: '/usr',
      umask: 0o77,
      // An ordinary host's program keeps the host's user, and so its groups.
      ids: [[uid, uid, uid], [uid, uid, uid], host.programUid === undefined ? expect.any(Array) : []],
      leads: true,
      limits: [1, 2 ** 27, 4096, 20, 9, 2 ** 20, 2 ** 30, 7].map(both),
    });
  });

  test.skipIf(!isRun)('gains nothing from a program that runs as its owner', () => {
    const path = makeFile(join(folder.path, `suid-${uid}`), {
      uid: 0,
      mode: 0o4755,
      text: readFileSync('/usr/bin/id'),
    });
    const profile = profileFor([path], { paths: [...profileFor(['/x']).paths, { path, access: 'read' }] });
    const { stdout } = launchAs(host, { profile });
    expect(stdout).toMatch(new RegExp(`^uid=${uid}[( ]`));
    expect(stdout).not.toContain('euid');
  });

  test.skipIf(!isRun)('dies with its host', async () => {
    const { child, pid, shortfalls } = await stayAs(host, profileFor(['/usr/bin/sleep', '300']));
    expect(shortfalls).toEqual([]);
    expect(confinementShortfalls(pid, { uid })).toEqual([]);
    // Only who may change its bounding set can give it up; for the others no_new_privs makes it worth nothing.
    const bounding = /^CapBnd:\s+([0-9a-f]+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1];
    if (host.uid === 0) expect(bounding).toMatch(/^0+$/);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await expect.poll(() => isThere(pid)).toBe(false);
  });
});

/** Not reaped is as good as gone. */
function isThere(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'latin1'));
  } catch {
    return false;
  }
}

test.skipIf(!IS_ROOT)('a program that runs as its owner does so where nothing confines it', () => {
  const path = makeFile(join(folder.path, 'suid-free'), {
    uid: 0,
    mode: 0o4755,
    text: readFileSync('/usr/bin/id'),
  });
  const { stdout } = spawnSync(path, [], { uid: OWN_UID, gid: OWN_UID, encoding: 'latin1', env: {} });
  expect(stdout).toContain('euid=0');
});

describe('descriptors', () => {
  const secret = makeFile(join(folder.path, 'secret'), { uid: process.getuid?.() ?? 0 });

  /** Gives a program more than it should have: what an oversight in the host would. */
  async function spawnWithMore(file: string, args: readonly string[], specification?: { at: number; bytes: Buffer }) {
    const more = openSync(secret, 'r');
    const stdio = Array.from({ length: 30 }, (_, place) => (place === specification?.at ? 'pipe' : more));
    const child: ChildProcess = spawn(file, [...args], {
      env: {},
      cwd: '/',
      stdio: ['ignore', 'pipe', 'inherit', ...stdio.slice(3)],
    });
    closeSync(more);
    const pipe = child.stdio[specification?.at ?? -1] as Duplex | undefined;
    pipe?.write(specification?.bytes);
    let said = '';
    for await (const chunk of child.stdout ?? []) said += String(chunk);
    return said;
  }

  test('that the host leaves open are closed, and there for who is not confined', async () => {
    const command = launchCommand(ports, python(LIST_DESCRIPTORS));
    expect(command.descriptor).toBe(3);
    const at = { at: command.descriptor, bytes: command.specification };
    expect(await spawnWithMore(command.file, command.args, at)).toBe('[0, 1, 2]\n');
    const free = JSON.parse(await spawnWithMore(PYTHON, ['-ISc', LIST_DESCRIPTORS])) as number[];
    expect(free.length).toBeGreaterThanOrEqual(30);
  });

  test('that are kept carry what is written, both ways; a gap between them is closed', async () => {
    const code = `import os; os.write(5, os.read(5, 9)[::-1])\n${LIST_DESCRIPTORS}`;
    const profile = python(code, { keptDescriptors: [0, 1, 2, 5] });
    const { child, begun } = startLaunch(ports, profile, ['ignore', 'pipe', 'inherit', 'pipe', 'ignore', 'pipe']);
    await begun;
    const channel = (child.stdio as readonly unknown[])[5] as Duplex;
    channel.write('olleh');
    const [answer] = (await once(channel, 'data')) as [Buffer];
    expect(String(answer)).toBe('hello');
    expect(String(((await once(child.stdout ?? channel, 'data')) as [Buffer])[0])).toBe('[0, 1, 2, 5]\n');
  });

  test('that the profile does not keep can not be given', () => {
    expect(() => startLaunch(ports, python('1'), ['ignore', 'ignore', 'ignore', 'pipe'])).toThrow(
      'keeps each descriptor',
    );
  });
});

describe('what the host learns', () => {
  test('is when the program begins: it is confined by then', async () => {
    const { child, begun } = startLaunch(ports, profileFor(['/usr/bin/sleep', '300'], ownUser), [
      'ignore',
      'ignore',
      'ignore',
    ]);
    await begun;
    const uid = ownUser.uid ?? process.getuid?.() ?? 0;
    expect(confinementShortfalls(child.pid ?? 0, { uid })).toEqual([]);
    expect(readFileSync(`/proc/${child.pid}/cmdline`, 'latin1')).toBe('/usr/bin/sleep\x00300\x00');
    child.kill('SIGKILL');
  });

  test('is which step failed, and that nothing began', async () => {
    const { child, begun } = startLaunch(ports, profileFor(['/usr/bin/nothing'], ownUser), [
      'ignore',
      'ignore',
      'ignore',
    ]);
    const exit = once(child, 'exit');
    await expect(begun).rejects.toMatchObject({
      code: 'SANDBOX_UNAVAILABLE',
      details: { step: 'launcher: execute: error 2', remedy: expect.any(String) },
    });
    expect((await exit)[0]).toBe(125);
  });

  test('does not take a program that ends with 125 for one that never began', async () => {
    const { child, begun } = startLaunch(ports, profileFor(['/bin/sh', '-c', 'exit 125'], ownUser), [
      'ignore',
      'ignore',
      'ignore',
    ]);
    const exit = once(child, 'exit');
    await expect(begun).resolves.toBeUndefined();
    expect((await exit)[0]).toBe(125);
  });

  test('of a process that is not confined is all that it lacks', () => {
    const child = spawn('/usr/bin/sleep', ['300'], { stdio: 'ignore', ...(IS_ROOT ? { uid: OWN_UID } : {}) });
    expect(confinementShortfalls(child.pid ?? 0, { uid: 1 })).toEqual(
      expect.arrayContaining(['user', 'group', 'no_new_privs', 'seccomp', 'seccomp filters']),
    );
    expect(confinementShortfalls(process.pid, { uid: process.getuid?.() ?? 0 })).toEqual(
      expect.arrayContaining(['no_new_privs', 'seccomp', ...(IS_ROOT ? ['CapPrm', 'CapEff'] : [])]),
    );
    expect(confinementShortfalls(2 ** 22 + 1, { uid: 1 })).toEqual(['can not be read']);
    child.kill('SIGKILL');
  });

  test('nothing of it is in the command line that others may read', () => {
    const command = launchCommand(
      ports,
      profileFor(['/usr/bin/true', '--password=x'], { ...ownUser, env: { SECRET: 'x' } }),
    );
    expect([command.args, command.env]).toEqual([['3'], {}]);
    expect(command.specification.includes('--password=x')).toBe(true);
  });

  test('two launches have two tokens', () => {
    const [one, two] = [1, 2].map(() => launchCommand(ports, profileFor(['/usr/bin/true'], ownUser)).specification);
    expect(one?.subarray(120, 128)).not.toEqual(two?.subarray(120, 128));
    expect(one).not.toEqual(two);
  });
});
