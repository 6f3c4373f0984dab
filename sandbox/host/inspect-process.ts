// Reads back from the kernel how a process of ours is confined, so that what a layer claims is what is in force. Linux;
// elsewhere nothing can be read, and what can't be read is not in force. Trusts the kernel, not the process: all that
// is read was set before its program began, and can't be undone by it.

import { readFileSync, readlinkSync } from 'node:fs';

/** What a warden's process must look like. */
export type ProcessClaims = {
  readonly env: { readonly [name: string]: string };
  readonly cwd: string;
  /** Of Node's command line. */
  readonly flags: readonly string[];
  /** Soft and hard limit may be lower, never higher. By the names of /proc/<pid>/limits. */
  readonly limits: { readonly [name: string]: number };
};

/** What is not as it must be, in words; `[]` when all is. */
export type Shortfalls = {
  readonly environment: readonly string[];
  readonly flags: readonly string[];
  readonly limits: readonly string[];
};

/** Compares a process with what was asked for it. Never throws: a process that can't be read falls short of everything. */
export function inspectProcess(pid: number, claims: ProcessClaims): Shortfalls {
  return {
    environment: [
      ...compareEnvironment(readText(pid, 'environ'), claims.env),
      ...(readLink(pid, 'cwd') === claims.cwd ? [] : ['directory']),
    ],
    flags: compareFlags(readText(pid, 'cmdline'), claims.flags),
    limits: compareLimits(readText(pid, 'limits'), claims.limits),
  };
}

/** `NoNewPrivs` and `Seccomp` of a process, as the kernel tells them; undefined when it can't be read. */
export function privilegesOf(pid: number): { readonly noNewPrivs: string; readonly seccomp: string } | undefined {
  const status = readText(pid, 'status');
  const noNewPrivs = /^NoNewPrivs:\s+(\d)/m.exec(status ?? '')?.[1];
  const seccomp = /^Seccomp:\s+(\d)/m.exec(status ?? '')?.[1];
  return noNewPrivs === undefined || seccomp === undefined ? undefined : { noNewPrivs, seccomp };
}

/** Any variable besides ours is one that was inherited. */
function compareEnvironment(text: string | undefined, expected: { readonly [name: string]: string }): string[] {
  if (text === undefined) return ['can not be read'];
  const wanted = new Set(Object.entries(expected).map(([name, value]) => `${name}=${value}`));
  const found = text.split('\0').filter((entry) => entry !== '');
  return found.filter((entry) => !wanted.has(entry)).map((entry) => `variable ${entry.split('=')[0]}`);
}

/** Every flag is there before the script's path, and nothing else opens the permission model. */
function compareFlags(text: string | undefined, expected: readonly string[]): string[] {
  const found = new Set((text ?? '').split('\0'));
  const missing = expected.filter((flag) => !found.has(flag)).map((flag) => `no ${flag}`);
  const more = [...found].filter((flag) => flag.startsWith('--allow-') && !expected.includes(flag));
  return [...missing, ...more];
}

function compareLimits(text: string | undefined, expected: { readonly [name: string]: number }): string[] {
  return Object.entries(expected).flatMap(([name, max]) => {
    const [, soft, hard] = new RegExp(`^${name} +(\\d+|unlimited) +(\\d+|unlimited)`, 'm').exec(text ?? '') ?? [];
    const isHeld = [soft, hard].every((value) => Number(value) <= max);
    return isHeld ? [] : [`${name} ${soft ?? 'unknown'}`];
  });
}

function readText(pid: number, file: string): string | undefined {
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
