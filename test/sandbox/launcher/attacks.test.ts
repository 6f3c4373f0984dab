import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { systemReadPaths } from '#sandbox/host/launcher/system-paths.ts';
import { machineOf, ownArch } from '#sandbox/host/seccomp/syscalls.ts';
import {
  type Host,
  IS_ROOT,
  launchAs,
  makeFile,
  makeFolder,
  makeOwnFolder,
  ORDINARY_HOST,
  profileFor,
  ROOT_HOST,
  runFree,
} from './harness.ts';
import type { Request } from './launch-here.ts';

const PYTHON = '/usr/bin/python3';
const PROBE = fileURLToPath(new URL('./probe.py', import.meta.url));

type Acts = { readonly tried: readonly string[]; readonly worked: readonly string[] };

/** What a machine may refuse to everybody: a container's own filter, a kernel without the feature. */
const REFUSED_BY_SOME_MACHINES = [
  'a namespace of users',
  'a child in a namespace of users',
  'keyrings',
  'a key',
  'io_uring',
  'asynchronous I/O',
  "use the kernel's ciphers",
  'connect over MPTCP',
  'connect by TCP Fast Open',
  'trace another process',
  'a handle of a file',
  'set an attribute',
  'queues of POSIX',
];

/** No layer has a say over these: SECURITY.md says so. */
const REMAINS = ['ask about a file'];
const REMAINS_FOR_OWN_USER = [...REMAINS, 'touch a file that all may write'];

/** Everything that the probe attacks, made for one run of it. */
async function makeWorld(host: Host, runner: number) {
  const stack = new AsyncDisposableStack();
  const folder = stack.use(makeFolder());
  const at = (name: string) => join(folder.path, name);
  const { uid } = host;
  makeOwnFolder(at('outside'), uid);
  chmodSync(at('outside'), 0o777);
  for (const name of ['file', 'other', 'removed', 'renamed', 'moved', 'readable'])
    makeFile(at(`outside/${name}`), { uid });
  const work = makeOwnFolder(at('work'), runner);
  copyFileSync(PROBE, at('probe.py'));
  const victim = spawn('/usr/bin/sleep', ['300'], {
    stdio: 'ignore',
    env: { SECRET: 'x' },
    cwd: '/',
    ...(IS_ROOT ? { uid, gid: uid } : {}),
  });
  await once(victim, 'spawn');
  stack.defer(() => void victim.kill('SIGKILL'));
  const listen = async (address: object) => {
    const server = createServer((socket) => socket.destroy()).listen(address);
    await once(server, 'listening');
    stack.defer(() => void server.close());
    return server.address();
  };
  const abstract = `smcp-launch-${process.pid}-${victim.pid}`;
  const tcp = await listen({ host: '127.0.0.1', port: 0 });
  await listen({ path: at('socket') });
  chmodSync(at('socket'), 0o777);
  await listen({ path: `\0${abstract}` });
  const datagrams = spawn(PYTHON, ['-c', RECEIVER, at('socket.dgram')], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {},
  });
  stack.defer(() => void datagrams.kill('SIGKILL'));
  await once(datagrams.stdout, 'data');
  const given = {
    calls: Object.fromEntries(machineOf(ownArch() ?? 'x64').numbers),
    outside: at('outside'),
    readable: at('outside/readable'),
    work,
    victim: victim.pid,
    port: typeof tcp === 'object' ? tcp?.port : 0,
    unix: at('socket'),
    abstract,
  };
  writeFileSync(at('given.json'), JSON.stringify(given));
  const command = [PYTHON, '-IS', at('probe.py'), at('given.json')] as const;
  return { at, work, command, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

const RECEIVER = `
import os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
os.chmod(sys.argv[1], 0o777)
print('ready', flush=True)
s.recv(1)
`;

/** What was tried, and what worked. */
async function attack(host: Host, how: Omit<Request, 'profile'> | 'free'): Promise<Acts> {
  const runner = how === 'free' ? host.uid : (host.programUid ?? host.uid);
  await using world = await makeWorld(host, runner);
  if (how === 'free') return JSON.parse(runFree(host.uid, world.command)) as Acts;
  const profile = profileFor(world.command, {
    limits: { ...profileFor(world.command).limits, processes: 40 },
    cwd: world.work,
    paths: [
      ...systemReadPaths('python'),
      { path: world.at('probe.py'), access: 'read' },
      { path: world.at('given.json'), access: 'read' },
      { path: world.at('outside/readable'), access: 'read' },
      { path: world.work, access: 'write' },
    ],
  });
  const report = launchAs(host, { profile, ...how });
  expect(report).toMatchObject({ exitCode: 0, shortfalls: [] });
  return JSON.parse(report.stdout) as Acts;
}

describe.each([ROOT_HOST, ORDINARY_HOST])('a hostile program of $name', (host) => {
  const runs = IS_ROOT || host.uid !== 0;

  test.skipIf(!runs)('succeeds in every act when nothing confines it', async () => {
    const { tried, worked } = await attack(host, 'free');
    const failed = tried.filter((act) => !worked.includes(act) && !REFUSED_BY_SOME_MACHINES.includes(act));
    expect(failed).toEqual([]);
    expect(tried).toHaveLength(75);
  });

  test.skipIf(!runs).each([2, 4, 5, undefined])(
    'succeeds in none but what is known to remain when it is confined, with Landlock ABI %s',
    async (abiMax) => {
      const { tried, worked } = await attack(host, abiMax === undefined ? {} : { abiMax });
      expect(worked).toEqual(host.programUid === undefined ? REMAINS : REMAINS_FOR_OWN_USER);
      expect(tried).toHaveLength(75);
    },
  );
});

describe('where Landlock lacks a right and the filter does not stand in for it', () => {
  const host = ORDINARY_HOST;

  test.each([
    [
      'modes, owners and times',
      { filterChanges: { refusesFileAttributes: false } },
      ['change a mode', 'change a mode back', 'change times', 'change a group', 'touch a file that all may write'],
    ],
    [
      'truncation',
      { abiMax: 2, filterChanges: { refusesPathTruncate: false } },
      ['truncate by path', 'truncate while opening to read'],
    ],
    [
      'signals',
      { abiMax: 4, filterChanges: { refusesSignalsToOthers: false } },
      ['signal another process', 'signal another thread', 'signal with a value'],
    ],
    [
      'sockets',
      { abiMax: 2, filterChanges: { sockets: 'unix' } },
      ['connect to a socket with a name', 'connect to an abstract socket', 'send from one of a pair to a name'],
    ],
  ] as const)('acts on %s work', async (_, how, expected) => {
    const { worked } = await attack(host, how);
    expect(worked.filter((act) => !REMAINS.includes(act))).toEqual(expected);
  });
});
