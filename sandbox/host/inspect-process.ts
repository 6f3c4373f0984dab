// Reads back from the kernel how a warden's process is confined, so that what a layer claims is what is in force. Linux;
// elsewhere nothing can be read, and what can't be read is not in force. Trusts the kernel, not the process: all that is read
// was set before its program began, and can't be undone by it.

import { readFileSync, readlinkSync } from 'node:fs';
import type { LaunchProfile } from './launcher/launch-profile.ts';
import { type ReadBack, readBack } from './launcher/read-back.ts';

/** What is not as it must be, in words; `[]` when all is. */
export type Shortfalls = Omit<ReadBack, 'boundingSet'> & {
  readonly environment: readonly string[];
  /** False where this host may not look at it. */
  readonly isEnvironmentSeen: boolean;
  /** Of Node's command line. */
  readonly flags: readonly string[];
  readonly limits: readonly string[];
};

/** Compares a process with its profile. Never throws: a process that can't be read falls short of everything. */
export function inspectProcess(pid: number, profile: LaunchProfile, hostUid: number): Shortfalls {
  const { env, cwd, command, limits, uid } = profile;
  const found = readBack(pid, { uid: uid ?? hostUid });
  const isEnvironmentSeen = mayLookInto(uid, hostUid);
  return {
    ...found,
    // Who may not drop the bounding set starts what keeps it.
    capabilities: [...found.capabilities, ...(hostHas(SETPCAP) ? found.boundingSet : [])],
    isEnvironmentSeen,
    environment: isEnvironmentSeen ? compareEnvironment(pid, { env, cwd }) : [],
    flags: compareFlags(readText(pid, 'cmdline'), command.slice(1, -1)),
    limits: compareLimits(readText(pid, 'limits'), {
      'Max data size': limits.dataBytes,
      'Max core file size': 1,
      'Max file size': limits.fileBytes,
      'Max open files': limits.descriptors,
      'Max processes': limits.processes,
      'Max stack size': limits.stackBytes,
    }),
  };
}

// include/uapi/linux/capability.h
const SETPCAP = 8n;
const SYS_PTRACE = 19n;

/** Of what can't be read it is taken that we have it: then all is looked at. */
function hostHas(capability: bigint): boolean {
  const held = /^CapEff:\s+([0-9a-f]+)$/m.exec(readText('self', 'status') ?? '')?.[1];
  return held === undefined || ((BigInt(`0x${held}`) >> capability) & 1n) === 1n;
}

/**
 * Environment and directory of another user's process are shown to who may trace it. A root in a container usually may not;
 * then what the launcher was told stands: its bytes are pinned, it hands on nothing else, and status, limits and command line,
 * which everybody may read, are compared all the same.
 */
function mayLookInto(uid: number | undefined, hostUid: number): boolean {
  return uid === undefined || uid === hostUid || hostHas(SYS_PTRACE);
}

/** Any variable besides ours is one that was inherited. */
function compareEnvironment(pid: number, { env, cwd }: Pick<LaunchProfile, 'env' | 'cwd'>): string[] {
  const text = readText(pid, 'environ');
  if (text === undefined) return ['can not be read'];
  const wanted = new Set(Object.entries(env).map(([name, value]) => `${name}=${value}`));
  const found = text.split('\0').filter((entry) => entry !== '');
  return [
    ...found.filter((entry) => !wanted.has(entry)).map((entry) => `variable ${entry.split('=')[0]}`),
    ...(readLink(pid, 'cwd') === cwd ? [] : ['directory']),
  ];
}

/** Every flag is there before the script's path, and nothing else opens the permission model. */
function compareFlags(text: string | undefined, expected: readonly string[]): string[] {
  const found = new Set((text ?? '').split('\0'));
  const missing = expected.filter((flag) => !found.has(flag)).map((flag) => `no ${flag}`);
  const more = [...found].filter((flag) => flag.startsWith('--allow-') && !expected.includes(flag));
  return [...missing, ...more];
}

/** Soft and hard limit may be lower, never higher. */
function compareLimits(text: string | undefined, expected: { readonly [name: string]: number }): string[] {
  return Object.entries(expected).flatMap(([name, max]) => {
    const [, soft, hard] = new RegExp(`^${name} +(\\d+|unlimited) +(\\d+|unlimited)`, 'm').exec(text ?? '') ?? [];
    const isHeld = [soft, hard].every((value) => Number(value) <= max);
    return isHeld ? [] : [`${name} ${soft ?? 'unknown'}`];
  });
}

function readText(pid: number | 'self', file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    return undefined;
  }
}

function readLink(pid: number, file: string): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/${file}`);
  } catch {
    return undefined;
  }
}
