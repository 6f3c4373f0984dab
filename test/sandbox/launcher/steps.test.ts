import { spawnSync } from 'node:child_process';
import { closeSync, openSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { LIMITS } from '#base/limits.ts';
import { profileBytes } from '#sandbox/host/launcher/profile-bytes.ts';
import { ownArch } from '#sandbox/host/seccomp/syscalls.ts';
import { IS_ROOT, kernelOf, makeFolder, NOBODY, OWN_UID, profileFor } from './harness.ts';
import type { Failing } from './launch-failing.ts';

const folder = makeFolder();
afterAll(() => folder[Symbol.dispose]());

const ARCH = ownArch() ?? 'x64';
const LAUNCHER = fileURLToPath(new URL(`../../../sandbox/launcher/prebuilt/linux-${ARCH}/launcher`, import.meta.url));
const FAILING = fileURLToPath(new URL('./launch-failing.ts', import.meta.url));

/** Runs the launcher itself on a specification, through descriptor 3. */
function runLauncher(specification: Buffer, args: readonly string[] = ['3'], by: readonly string[] = []) {
  const path = join(folder.path, 'specification');
  writeFileSync(path, specification);
  const descriptor = openSync(path, 'r');
  const user = IS_ROOT && by.length === 0 ? { uid: NOBODY, gid: NOBODY } : {};
  const [file = LAUNCHER, ...before] = [...by, LAUNCHER];
  const { status, stderr, stdout } = spawnSync(file, [...before, ...args], {
    stdio: ['ignore', 'pipe', 'pipe', descriptor],
    encoding: 'latin1',
    env: {},
    ...user,
  });
  closeSync(descriptor);
  return { status, stderr, stdout };
}

const profile = profileFor(['/usr/bin/true']);
const kernel = { ...kernelOf(), uid: NOBODY };
const good = (): Buffer => profileBytes(profile, kernel);

/** Where the fields of the head are (profile-bytes.ts). */
const AT = {
  bytes: 8,
  floor: 12,
  cap: 16,
  parent: 20,
  kept: 32,
  paths: 36,
  ports: 40,
  args: 44,
  vars: 48,
  instructions: 52,
  places: 56,
};
const HEAD_BYTES = 128;

const withWord = (at: number, value: number): Buffer => {
  const bytes = good();
  bytes.writeUInt32LE(value >>> 0, at);
  return bytes;
};
/** The specification with other strings at its end, and so another length. */
const withTail = (change: (tail: string) => string): Buffer => {
  const bytes = good();
  const start = HEAD_BYTES + bytes.readUInt32LE(AT.instructions) * 8;
  const changed = Buffer.concat([
    bytes.subarray(0, start),
    Buffer.from(change(bytes.toString('latin1', start)), 'latin1'),
  ]);
  changed.writeUInt32LE(changed.length, AT.bytes);
  return changed;
};

test('the launcher runs a program by a specification that is right', () => {
  expect(runLauncher(good())).toEqual({ status: 0, stderr: '', stdout: '' });
});

describe('the launcher ends with 125 and names the step when', () => {
  test.each<[string, readonly string[]]>([
    ['it gets no argument', []],
    ['it gets two', ['3', '4']],
    ['its argument is no number', ['x']],
    ['its argument is a standard descriptor', ['2']],
    ['its argument is a number that no descriptor has', ['99999999999999999999']],
    ['its keeper gets no channel', ['--keep', '3']],
    ['its keeper gets a standard descriptor', ['--keep', '3', '2']],
    ['its keeper gets one descriptor for both', ['--keep', '3', '3']],
    ['its keeper gets a cgroup and nothing that ends it', ['--keep', '3', '4', '5']],
    ['its keeper gets more', ['--keep', '3', '4', '5', '6', '7']],
    ['its keeper gets a standard descriptor for a cgroup', ['--keep', '3', '4', '2', '6']],
    ['its keeper gets one descriptor for the cgroup and its end', ['--keep', '3', '4', '5', '5']],
  ])('%s', (_, args) => {
    expect(runLauncher(good(), args)).toEqual({ status: 125, stderr: 'launcher: arguments\n', stdout: '' });
  });

  test.each<[string, string | RegExp, () => Buffer]>([
    ['nothing is there to read', 'read the specification', () => Buffer.alloc(0)],
    ['its head is cut off', 'read the specification', () => good().subarray(0, HEAD_BYTES - 1)],
    ['its end is cut off', 'read the specification', () => good().subarray(0, -1)],
    ['it begins with something else', 'specification: its form', () => withWord(0, 0)],
    ['it says that it is shorter than its head', 'specification: its length', () => withWord(AT.bytes, HEAD_BYTES - 1)],
    [
      'it says that it is larger than any',
      'specification: its length',
      () => withWord(AT.bytes, LIMITS.launchBytesMax + 1),
    ],
    ['its filter is longer than it is', 'specification: its length', () => withWord(AT.bytes, HEAD_BYTES + 8)],
    ['it has more paths than it may', 'specification: a count', () => withWord(AT.paths, LIMITS.launchPathsMax + 1)],
    ['it has as many paths as there are numbers', 'specification: a count', () => withWord(AT.paths, 0xffff_ffff)],
    ['it has more arguments than it may', 'specification: a count', () => withWord(AT.args, LIMITS.launchStringsMax)],
    ['it has as many variables as there are numbers', 'specification: a count', () => withWord(AT.vars, 0xffff_ffff)],
    ['it has more ports than it may', 'specification: a count', () => withWord(AT.ports, LIMITS.launchPortsMax + 1)],
    ['it has no arguments', 'specification: a count', () => withWord(AT.args, 0)],
    ['it has no filter', 'specification: a count', () => withWord(AT.instructions, 0)],
    ['its filter is longer than the kernel takes', 'specification: a count', () => withWord(AT.instructions, 4097)],
    ['it has one string fewer than it says', 'specification: a string is missing', () => withWord(AT.args, 2)],
    ['it has one string more than it says', 'specification: more than it says', () => withTail((tail) => `${tail}x\0`)],
    [
      'its last string does not end',
      'specification: a string does not end',
      () => withTail((tail) => tail.slice(0, -1)),
    ],
    ['a place is outside of its filter', 'specification: place 0', () => withWord(AT.places, 1)],
    [
      'the program has no path',
      'specification: a path is not absolute',
      () => withTail((tail) => tail.replaceAll('/usr/bin/true', 'true')),
    ],
    ['a path is not absolute', 'specification: path 0', () => withTail((tail) => tail.replace('r/', 'ru'))],
    ['a path has another access', 'specification: path 0', () => withTail((tail) => tail.replace('r/', 'x/'))],
    ['its own descriptor is kept', 'specification: its own descriptor is kept', () => withWord(AT.kept, 0b1111)],
    ['it asks for more than the kernel has', /^landlock: the floor is above ABI \d+$/, () => withWord(AT.floor, 99)],
    ['it asks for more than it allows', /^landlock: the floor is above ABI 1$/, () => withWord(AT.cap, 1)],
    ['it allows none', 'landlock: the floor is above ABI 0', () => withWord(AT.cap, 0)],
    ['a path is not there', 'open path 0: error 2', () => withTail((tail) => tail.replace('r/usr', 'r/usx'))],
    ['another process started it', 'parent: it is not the one expected', () => withWord(AT.parent, 1)],
    ['the directory is not there', 'chdir: error 2', () => profileBytes({ ...profile, cwd: '/nowhere' }, kernel)],
    [
      'the program is not there',
      'execute: error 2',
      () => profileBytes({ ...profile, command: ['/usr/bin/nothing'] }, kernel),
    ],
    ['the program is in no path', 'execute: error 13', () => profileBytes({ ...profile, command: [LAUNCHER] }, kernel)],
    [
      'the program is only a path to write',
      'execute: error 13',
      () => profileBytes({ ...profile, command: ['/dev/null'] }, kernel),
    ],
    [
      'a host that is no root asks for a user',
      'setgroups: error 1',
      () => profileBytes({ ...profile, uid: 5 }, { ...kernel, canChangeUser: true }),
    ],
    [
      'a port is allowed where Landlock has none',
      'allow port 0: error 22',
      () =>
        profileBytes({ ...profile, network: 'inet', connectPorts: [1] }, { ...kernel, landlockAbi: 4 })
          .fill(2, AT.floor, AT.floor + 1)
          .fill(2, AT.cap, AT.cap + 1),
    ],
  ])('%s', (_, step, specification) => {
    const { status, stderr, stdout } = runLauncher(specification());
    const said = /^launcher: (.*)\n$/.exec(stderr)?.[1];
    if (typeof step === 'string') expect(said).toBe(step);
    else expect(said).toMatch(step);
    expect({ status, stdout }).toEqual({ status: 125, stdout: '' });
  });

  test.each([
    ['the path itself', 'link'],
    ['a folder on the way', 'link/bin'],
  ])('a symbolic link is in a path: %s', (_, name) => {
    const link = join(folder.path, `${name.length}`);
    symlinkSync('/usr', link);
    const paths = [{ path: join(link, name.slice('link'.length)), access: 'read' as const }];
    expect(runLauncher(profileBytes({ ...profile, paths }, kernel)).stderr).toBe('launcher: open path 0: error 40\n');
  });
});

/** A step, the call of it that fails, and of which first argument. */
const STEPS: readonly { readonly step: string; readonly call: string; readonly firstArgument?: number | 'token' }[] = [
  { step: 'landlock', call: 'landlock_create_ruleset' },
  { step: 'allow path 0', call: 'landlock_add_rule' },
  { step: 'open path 0', call: 'openat2' },
  { step: 'look at path 0', call: 'statx' },
  { step: 'rlimits: number 4', call: 'prlimit64' },
  { step: 'setsid', call: 'setsid' },
  { step: 'read capabilities', call: 'capget' },
  { step: 'read the user', call: 'getresuid' },
  { step: 'read the group', call: 'getresgid' },
  { step: 'clear ambient capabilities', call: 'prctl', firstArgument: 47 },
  { step: 'clear capabilities', call: 'capset' },
  { step: 'parent-death signal', call: 'prctl', firstArgument: 1 },
  { step: 'no_new_privs', call: 'prctl', firstArgument: 38 },
  { step: 'landlock: enforce', call: 'landlock_restrict_self' },
  { step: 'close on exec', call: 'fcntl' },
  { step: 'close_range', call: 'close_range' },
  { step: 'chdir', call: 'chdir' },
  { step: 'seccomp', call: 'seccomp' },
  { step: 'execute', call: 'execveat', firstArgument: 'token' },
];

describe('the launcher ends with 125 and names the step when the kernel refuses', () => {
  test.each(STEPS)('$step', ({ step, call, firstArgument }) => {
    const request = { call, firstArgument, folder: folder.path, launcher: LAUNCHER } satisfies Failing;
    const { stdout, stderr } = spawnSync(process.execPath, [FAILING, JSON.stringify(request)], {
      encoding: 'latin1',
      env: {},
      cwd: '/',
    });
    expect(stderr).toMatch(new RegExp(`^launcher: ${step}: error 95\\n$`));
    expect(stdout).toBe('125');
  });
});

describe.skipIf(!IS_ROOT)('the launcher of a host that is root ends with 125 and names the step when', () => {
  const own = { ...profile, uid: OWN_UID };
  const rooted = { ...kernelOf(), uid: 0 };
  const run = (specification: Buffer, ...without: readonly string[]) =>
    runLauncher(specification, ['3'], ['/usr/bin/setpriv', ...without.map((power) => `--bounding-set=-${power}`)]);

  test('it may do all that is asked: then it runs the program', () => {
    expect(run(profileBytes(own, rooted))).toEqual({ status: 0, stderr: '', stdout: '' });
  });

  test.each([
    ['setgroups: error 1', 'setgid'],
    ['setresuid: error 1', 'setuid'],
  ])('%s', (step, power) => {
    expect(run(profileBytes(own, rooted), power)).toEqual({ status: 125, stderr: `launcher: ${step}\n`, stdout: '' });
  });

  test('the program would stay root', () => {
    expect(run(good())).toEqual({ status: 125, stderr: 'launcher: user: it is root\n', stdout: '' });
  });
});

describe('the launcher limits the dumps of a process', () => {
  const show = 'sleep 5 & "$1" --core-limit $!; echo $?; grep core /proc/$!/limits; kill $!';
  const limited = (hard: string, by: readonly string[] = []) => {
    const [file = '/bin/sh', ...args] = [...by, '/bin/sh', '-c', `ulimit -c ${hard}; ${show}`, 'sh', LAUNCHER];
    return spawnSync(file, args, { encoding: 'utf8', env: { PATH: '/usr/bin:/bin' } }).stdout;
  };

  test('to 1, which holds where they are piped to a program, too', () => {
    expect(limited('unlimited')).toMatch(/^0\nMax core file size +1 +1 /);
  });

  test('and leaves 0 to who may not raise it', () => {
    const by = IS_ROOT ? ['/usr/bin/setpriv', '--reuid=65534', '--clear-groups', '--inh-caps=-all'] : [];
    expect(limited('0', by)).toMatch(/^0\nMax core file size +0 +0 /);
  });

  test.each([[[]], [['x']], [['0']], [['-1']], [['1', '2']], [['99999999999999999999']]])(
    'and refuses %j for a number',
    (args) => {
      expect(runLauncher(good(), ['--core-limit', ...args])).toEqual({
        status: 125,
        stderr: 'launcher: arguments\n',
        stdout: '',
      });
    },
  );

  test('and says so where it may not, or nobody is there', () => {
    expect(runLauncher(good(), ['--core-limit', String(2 ** 30 - 1)])).toMatchObject({
      status: 125,
      stderr: 'launcher: rlimits: number 4: error 3\n',
    });
  });
});
