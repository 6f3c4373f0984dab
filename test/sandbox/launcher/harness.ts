// What the tests of the launcher share: profiles, hosts of any user, and a world to attack. Everything made is removed again.

import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { kernelOffers } from '#sandbox/host/launcher/kernel-offers.ts';
import type { KernelOffers, LaunchProfile } from '#sandbox/host/launcher/launch-profile.ts';
import { openLauncher } from '#sandbox/host/launcher/launcher.ts';
import { systemReadPaths } from '#sandbox/host/launcher/system-paths.ts';
import type { Report, Request } from './launch-here.ts';

export const IS_ROOT = process.getuid?.() === 0;
export const NOBODY = 65_534;
/** No user of the machine has it. */
export const OWN_UID = 61_234;

/** A host: the user that starts programs, and the user that they get. */
export type Host = { readonly name: string; readonly uid: number; readonly programUid?: number };

export const ROOT_HOST: Host = { name: 'a host that is root', uid: 0, programUid: OWN_UID };
export const ORDINARY_HOST: Host = {
  name: 'a host of an ordinary user',
  uid: IS_ROOT ? NOBODY : (process.getuid?.() ?? NOBODY),
};

/** As the machine is, or with the ABI of Landlock of an older one. */
export function kernelOf(abiMax?: number): KernelOffers {
  using launcher = openLauncher();
  const kernel = kernelOffers(launcher);
  return { ...kernel, landlockAbi: Math.min(kernel.landlockAbi, abiMax ?? kernel.landlockAbi) };
}

/** Counted for the whole user, which may be the one that runs these tests. */
export const PROCESSES_MAX = 2 ** 14;

/** A profile in which system programs run and nothing else is reached. */
export function profileFor(
  command: readonly [string, ...string[]],
  changes: Partial<LaunchProfile> = {},
): LaunchProfile {
  return {
    program: 'general',
    paths: systemReadPaths('native'),
    network: 'none',
    limits: { dataBytes: 2 ** 28, fileBytes: 2 ** 20, descriptors: 64, processes: PROCESSES_MAX, stackBytes: 2 ** 23 },
    env: { LANG: 'C.UTF-8' },
    cwd: '/',
    command,
    keptDescriptors: [0, 1, 2],
    ...changes,
  };
}

const HERE = fileURLToPath(new URL('./launch-here.ts', import.meta.url));

const asUser = (uid: number) => (IS_ROOT && uid !== 0 ? { uid, gid: uid } : {});

/** Runs a program to its end under the launcher, as this host. */
export function launchAs(host: Host, request: Request): Report {
  const profile = host.programUid === undefined ? request.profile : { uid: host.programUid, ...request.profile };
  const { stdout, stderr } = spawnSync(process.execPath, [HERE, JSON.stringify({ ...request, profile })], {
    ...asUser(host.uid),
    cwd: '/',
    encoding: 'utf8',
    env: {},
  });
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as Report;
}

/** A host that stays, with a program that does. */
export async function stayAs(host: Host, profile: LaunchProfile) {
  const request: Request = {
    profile: { ...profile, ...(host.programUid === undefined ? {} : { uid: host.programUid }) },
    isLong: true,
  };
  const child = spawn(process.execPath, [HERE, JSON.stringify(request)], {
    ...asUser(host.uid),
    cwd: '/',
    env: {},
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const chunk of child.stdout) {
    const { pid, shortfalls } = JSON.parse(String(chunk).split('\n')[0] ?? '') as Report;
    return { child, pid, shortfalls };
  }
  throw new Error('the host ended before the program began');
}

/** Runs a program with no launcher, as this user: what an attack does when nothing stops it. */
export function runFree(uid: number, command: readonly [string, ...string[]]) {
  const [file, ...args] = command;
  return execFileSync(file, args, { ...asUser(uid), cwd: '/', encoding: 'utf8', env: { LANG: 'C.UTF-8' } });
}

/** A folder that any user may enter, removed at the end. */
export function makeFolder(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), 'smcp-launch-'));
  chmodSync(path, 0o755);
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** A folder of a user. */
export function makeOwnFolder(path: string, uid: number): string {
  mkdirSync(path, { mode: 0o700 });
  if (IS_ROOT) chownSync(path, uid, uid);
  return path;
}

/** A file with a mode that the umask has no say in. `text` in bytes: one of a program. */
export function makeFile(
  path: string,
  options: { readonly uid: number; readonly mode?: number; readonly text?: string | Buffer },
): string {
  writeFileSync(path, options.text ?? 'secret');
  if (IS_ROOT) chownSync(path, options.uid, options.uid);
  // Last: a change of the owner takes away that it runs as its owner.
  chmodSync(path, options.mode ?? 0o666);
  return path;
}
