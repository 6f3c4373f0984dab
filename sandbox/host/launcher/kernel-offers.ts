// What this machine's kernel, and the user that we run as, offer to confinement. Asked through the launcher itself, so that
// what answers is what will be confined. What can't be read is not offered.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { SmcpError } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import type { KernelOffers } from './launch-profile.ts';
import type { Launcher } from './launcher.ts';
import { ownWritableCgroup } from './own-cgroup.ts';

/** include/uapi/linux/capability.h: CAP_KILL, CAP_SETGID, CAP_SETUID */
const NEEDED_TO_CHANGE_USER = [5n, 6n, 7n];

/** @throws `SANDBOX_UNAVAILABLE` when the launcher does not run here; `SANDBOX_TAMPERED` */
export function kernelOffers(launcher: Launcher): KernelOffers {
  const answer = probe(launcher);
  const cgroup = ownWritableCgroup();
  return {
    arch: launcher.arch,
    landlockAbi: Number(/^landlock (\d+)$/m.exec(answer)?.[1] ?? 0),
    hasSeccomp: /^seccomp 1$/m.test(answer),
    uid: process.getuid?.() ?? 0,
    canChangeUser: canChangeUser(),
    ...(cgroup === undefined ? {} : { cgroup }),
  };
}

function probe(launcher: Launcher): string {
  try {
    return execFileSync(launcher.path(), ['--probe'], {
      env: {},
      encoding: 'latin1',
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: LIMITS.launcherProbeMsMax,
    });
  } catch (cause) {
    if (cause instanceof SmcpError) throw cause;
    const remedy = 'its file must be on a file system that is not mounted noexec';
    throw new SmcpError('SANDBOX_UNAVAILABLE', 'the launcher does not run', {
      details: { layer: 'launcher', remedy },
      cause,
    });
  }
}

function canChangeUser(): boolean {
  const capabilities = /^CapEff:\s+([0-9a-f]+)$/m.exec(readText('/proc/self/status'))?.[1];
  if (capabilities === undefined) return false;
  const held = BigInt(`0x${capabilities}`);
  return NEEDED_TO_CHANGE_USER.every((capability) => ((held >> capability) & 1n) === 1n);
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
