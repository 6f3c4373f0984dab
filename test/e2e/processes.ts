// The processes that this test process has started and that still exist, read from /proc.

import { readdirSync, readFileSync } from 'node:fs';

/** Process ids of this process's children whose command line names the product's warden. */
export function childPids(): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^[0-9]+$/.test(name))
    .map(Number)
    .filter((pid) => isOwnWarden(pid));
}

function isOwnWarden(pid: number): boolean {
  try {
    const parent = /^PPid:\s+([0-9]+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return Number(parent) === process.pid && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('warden');
  } catch {
    return false;
  }
}
