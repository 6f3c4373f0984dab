// What the kernel says about the tree of a program: its figures, and its end where no keeper is left to see to it. Linux.
// Trusts the kernel; the names and numbers that processes give themselves are not looked at.

import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { LIMITS } from '#base/limits.ts';
import { procStat } from '#sandbox/host/proc-stat.ts';

export type TreeFigures = {
  /** Of processes that live, and of those that were reaped inside the tree. */
  readonly cpuMs: number;
  /** Memory that belongs to no file, so that shared code counts for nobody; pages shared after a fork count for each. */
  readonly memoryBytes: number;
  readonly processes: number;
};

const BYTES_PER_KIB = 1024;

/** The figures of a process and all below it. What ends meanwhile is left out. */
export function treeFigures(root: number): TreeFigures {
  const found: number[] = [root];
  let cpuMs = 0;
  let memoryBytes = 0;
  for (let at = 0; at < found.length && at < LIMITS.treeProcessesMax; at += 1) {
    const pid = found[at] ?? root;
    const { cpuMs: ownMs = 0, reapedCpuMs = 0 } = procStat(pid) ?? {};
    cpuMs += ownMs + reapedCpuMs;
    memoryBytes += ownMemoryBytes(pid);
    found.push(...childrenOf(pid));
  }
  return { cpuMs, memoryBytes, processes: found.length };
}

function childrenOf(pid: number): readonly number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      readText(`/proc/${pid}/task/${thread}/children`)
        .split(' ')
        .filter((number) => number !== '')
        .map(Number),
    );
  } catch {
    return [];
  }
}

/** Of one process; as `TreeFigures.memoryBytes`. */
export function ownMemoryBytes(pid: number): number {
  const status = readText(`/proc/${pid}/status`);
  const kib = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1] ?? 0);
  return (kib('RssAnon') + kib('RssShmem')) * BYTES_PER_KIB;
}

/** Undefined when there is no such process. */
export function parentOf(pid: number): number | undefined {
  return procStat(pid)?.parent;
}

/** Between two looks; and how many, in all as long as the end of a program may take. */
const ROUND_MS = 10;
const ROUNDS_MAX = LIMITS.programEndMsMax / ROUND_MS;

/**
 * Kills every process of a group until none is left but zombies; false when some did not end. Its number is not another's as
 * long as one of its processes lives: each is looked at before it is killed.
 */
export async function endGroup(group: number): Promise<boolean> {
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const members = membersOf(group);
    if (members.length === 0) return true;
    for (const pid of members) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended already.
      }
    }
    await wait(ROUND_MS);
  }
  return false;
}

function membersOf(group: number): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      const stat = procStat(name);
      return stat?.group === group && stat.state !== 'Z' && stat.state !== 'X';
    })
    .map(Number);
}

/** Processes and threads of a user. What its limit is counted from. */
export function tasksOfUser(uid: number): number {
  let tasks = 0;
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const status = readText(`/proc/${name}/status`);
    if (Number(/^Uid:\s+(\d+)/m.exec(status)?.[1]) === uid)
      tasks += Number(/^Threads:\s+(\d+)/m.exec(status)?.[1] ?? 1);
  }
  return tasks;
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
