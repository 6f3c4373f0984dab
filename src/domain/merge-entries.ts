// Many small entries of capabilities as few that allow the same: for a manifest that a person reads. Pure.

import { LIMITS } from '#base/limits.ts';
import type { FilesEntry, NetEntry } from './capability.ts';
import { isAtOrBelow } from './narrow.ts';

/**
 * Entries with one host, port and method each become entries by host, in which methods share an entry only where their paths
 * are the same: two methods with other paths in one entry would allow each the paths of both. Over
 * `LIMITS.capabilityEntriesMax` paths become the `…/*` that holds them all.
 */
export function mergeNet(entries: readonly NetEntry[]): readonly NetEntry[] {
  const paths = new Map<string, Set<string>>();
  for (const { host, ports = [], methods = [], ...entry } of entries) {
    const key = JSON.stringify([host, ports[0], methods[0]]);
    const known = paths.get(key) ?? new Set();
    for (const path of entry.paths ?? []) known.add(path);
    paths.set(key, known);
  }
  const byPaths = grouped(
    [...paths].map(([key, found]) => {
      const [host, port, method] = JSON.parse(key) as [string, number, string];
      return { key: JSON.stringify([host, port, fewer([...found].sort())]), value: method };
    }),
  );
  const byMethods = grouped(
    [...byPaths].map(([key, methods]) => {
      const [host, port, all] = JSON.parse(key) as [string, number, string[]];
      return { key: JSON.stringify([host, methods.sort(), all]), value: port };
    }),
  );
  return [...byMethods]
    .map(([key, ports]): NetEntry => {
      const [host, methods, all] = JSON.parse(key) as [string, string[], string[]];
      return { host, ports: ports.sort((a, b) => a - b), methods, paths: all };
    })
    .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

/** Without entries that another one holds. */
export function mergeFiles(entries: readonly FilesEntry[]): readonly FilesEntry[] {
  const all = [...new Map(entries.map((entry) => [`${entry.path}\n${entry.access}`, entry])).values()];
  const kept = all.filter((entry) => !all.some((other) => other !== entry && holds(other, entry)));
  const sorted = kept.sort((a, b) => (a.path < b.path ? -1 : 1));
  if (sorted.length <= LIMITS.capabilityEntriesMax) return sorted;
  const access = sorted.some((entry) => entry.access === 'write') ? 'write' : 'read';
  return [{ path: commonFolder(sorted.map(({ path }) => path)).replace(/\/$/, '') || 'workspace', access }];
}

const holds = (outer: FilesEntry, inner: FilesEntry): boolean =>
  isAtOrBelow(inner.path, outer.path) && (outer.access === 'write' || inner.access === 'read');

function fewer(paths: readonly string[]): readonly string[] {
  return paths.length <= LIMITS.capabilityEntriesMax ? paths : [`${commonFolder(paths)}*`];
}

/** Up to and with the last `/` that all have in common. */
function commonFolder(paths: readonly string[]): string {
  const [first = '', ...others] = paths;
  let length = first.length;
  for (const path of others) {
    let same = 0;
    while (same < length && path[same] === first[same]) same += 1;
    length = same;
  }
  return first.slice(0, first.lastIndexOf('/', length - 1) + 1);
}

function grouped<T>(pairs: readonly { readonly key: string; readonly value: T }[]): ReadonlyMap<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const { key, value } of pairs) groups.set(key, [...(groups.get(key) ?? []), value]);
  return groups;
}
