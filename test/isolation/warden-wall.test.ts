// The wall around a warden, attacked by arbitrary code in it: JavaScript without any hurdle, and native code that makes whatever
// system calls it likes. As a server that is root and as one that is not, on the kernel's Landlock and on older ones.

import { execFileSync, spawn } from 'node:child_process';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { machineOf, ownArch } from '#sandbox/host/seccomp/syscalls.ts';
import {
  type Host,
  IS_ROOT,
  kernelOf,
  makeFile,
  makeFolder,
  ORDINARY_HOST,
  ROOT_HOST,
} from '#test/sandbox/launcher/harness.ts';
import { ONLY_ROOT } from './wall-attacks.ts';
import type { AttackReport, WallRequest } from './wall-host.ts';

const folder = makeFolder();
const addon = join(folder.path, 'native.node');
const servers: Server[] = [];
let port = 0;

const listen = (at: string | number) =>
  new Promise<Server>((resolve) => {
    const server = createServer((socket) => socket.on('error', () => {}).end());
    servers.push(server);
    server.listen(at, () => resolve(server));
  });

beforeAll(async () => {
  const source = join(import.meta.dirname, 'native.c');
  execFileSync('/usr/bin/cc', ['-shared', '-fPIC', '-O1', '-nostdlib', '-o', addon, source]);
  const address = (await listen(0)).address();
  port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  await listen(join(folder.path, 'socket'));
  for (const name of ['socket', '.', 'native.node']) execFileSync('/bin/chmod', ['0777', join(folder.path, name)]);
  makeFile(join(folder.path, 'secret'), { uid: ORDINARY_HOST.uid, text: 'the secret' });
  makeFile(join(folder.path, 'open'), { uid: ORDINARY_HOST.uid });
  makeFile(join(folder.path, 'program'), { uid: ORDINARY_HOST.uid, mode: 0o777, text: 'no program' });
});

afterAll(() => {
  for (const server of servers) server.close();
  folder[Symbol.dispose]();
});

/** Attacks from a warden of a server of this user. */
async function attackFrom(host: Host, options: Pick<WallRequest, 'isFree' | 'abiMax'>): Promise<AttackReport> {
  const numbers = Object.fromEntries(machineOf(ownArch() ?? 'x64').numbers);
  const request: WallRequest = { numbers, addon, folder: folder.path, port, ...options };
  const child = spawn(process.execPath, [join(import.meta.dirname, 'wall-host.ts'), JSON.stringify(request)], {
    ...(IS_ROOT && host.uid !== 0 ? { uid: host.uid, gid: host.uid } : {}),
    cwd: '/',
    env: { SMCP_SECRET: 'x' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [out, errors] = ['', ''];
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  await new Promise((resolve) => child.on('close', resolve));
  if (out === '') throw new Error(errors);
  return JSON.parse(out) as AttackReport;
}

/** EPERM, EACCES, and ENOSYS for what a program does without. */
const REFUSALS: readonly unknown[] = ['EPERM', 'EACCES', 'ENOSYS', -1, -13, -38];

const KERNELS = [
  { kernel: 'all of this kernel', abiMax: undefined },
  { kernel: 'no more than Ubuntu 24.04 has', abiMax: 4 },
  { kernel: 'no more than Debian 12 has', abiMax: 2 },
].filter(({ abiMax = 0 }) => abiMax <= kernelOf().landlockAbi);
const HOSTS = IS_ROOT ? [ROOT_HOST, ORDINARY_HOST] : [ORDINARY_HOST];

describe.each(HOSTS)('for $name', (host) => {
  test.each(KERNELS)('no attack works by $kernel of Landlock', async ({ abiMax }) => {
    const { tried, worked, failed, uid } = await attackFrom(host, {
      isFree: false,
      ...(abiMax === undefined ? {} : { abiMax }),
    });
    expect(worked).toEqual([]);
    expect(tried.length).toBeGreaterThan(60);
    // Refused, and not failed for a reason of its own. A secret is in no variable.
    const { 'inherit a secret': variable, ...refused } = failed;
    expect(Object.values(refused).filter((answer) => !REFUSALS.includes(answer))).toEqual([]);
    expect(variable).toBe('nothing');
    expect(uid === host.uid).toBe(host.uid !== 0);
  });

  test('each of them works where no wall is', async () => {
    const { tried, worked, failed } = await attackFrom(host, { isFree: true });
    const missed = tried.filter((attack) => !worked.includes(attack)).map((attack) => [attack, failed[attack]]);
    expect(missed.filter(([attack]) => host.uid === 0 || !ONLY_ROOT.includes(String(attack)))).toEqual([]);
  });
});
