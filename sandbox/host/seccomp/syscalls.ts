// Which number a system call has on a machine, and what the kernel calls that machine. Used by the filter and its tests.

import { ARM64_CALLS } from './calls-arm64.ts';
import { X64_CALLS } from './calls-x64.ts';

export type Arch = 'x64' | 'arm64';

export type Machine = {
  /** What the kernel puts into `seccomp_data.arch`. **Source:** include/uapi/linux/audit.h */
  readonly auditArch: number;
  /** By name. */
  readonly numbers: ReadonlyMap<string, number>;
};

const AUDIT_ARCH = { x64: 0xc000_003e, arm64: 0xc000_00b7 } as const;

/** The machine's calls, up to the newest that we know. */
export function machineOf(arch: Arch): Machine {
  const tables = arch === 'x64' ? X64_CALLS : ARM64_CALLS;
  const numbers = tables.flatMap(({ first, names }) =>
    names
      .trim()
      .split(/\s+/)
      .map((name, place): [string, number] => [name, first + place]),
  );
  return { auditArch: AUDIT_ARCH[arch], numbers: new Map(numbers.filter(([name]) => name !== '-')) };
}

/** The machine that this process runs on; undefined for one that neither the launcher nor the filter knows. */
export function ownArch(): Arch | undefined {
  return process.platform === 'linux' && (process.arch === 'x64' || process.arch === 'arm64')
    ? process.arch
    : undefined;
}
