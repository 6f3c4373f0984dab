// Reads a .cpuprofile of V8 and sums the time of a window by whose code ran: by file, and by owner (a folder of ours, a
// package, a part of Node). Native work counts for the JavaScript that asked for it.

import { isAbsolute, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

type ProfileNode = {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string };
  readonly children?: readonly number[];
};

export type CpuProfile = {
  readonly nodes: readonly ProfileNode[];
  /** µs of a clock that never goes back: on Linux the one of `process.hrtime`. */
  readonly startTime: number;
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
};

export type Sums = {
  readonly busyUs: number;
  readonly byOwner: ReadonlyMap<string, number>;
  readonly byFile: ReadonlyMap<string, number>;
};

const IDLE = '(idle)';
const UNATTRIBUTED = new Map([
  ['(garbage collector)', 'garbage collection'],
  ['(program)', 'native code and the kernel'],
  ['(root)', 'native code and the kernel'],
]);

/** `window`: from and to, on the clock of `startTime`. `root`: the folder of the product. */
export function sumProfile(
  profile: CpuProfile,
  window: { readonly fromUs: number; readonly toUs: number },
  root: string,
): Sums {
  const files = filesOf(profile, root);
  const byOwner = new Map<string, number>();
  const byFile = new Map<string, number>();
  let busyUs = 0;
  let atUs = profile.startTime;
  for (const [place, id] of profile.samples.entries()) {
    // The delta of a sample lies before it; what ran until the next sample is this one's.
    atUs += profile.timeDeltas[place] ?? 0;
    const us = profile.timeDeltas[place + 1] ?? 0;
    const file = files.get(id) ?? IDLE;
    if (file === IDLE || atUs < window.fromUs || atUs > window.toUs) continue;
    busyUs += us;
    byFile.set(file, (byFile.get(file) ?? 0) + us);
    const owner = ownerOf(file);
    byOwner.set(owner, (byOwner.get(owner) ?? 0) + us);
  }
  return { busyUs, byOwner, byFile };
}

/** The file of each node: its own, else that of the nearest caller that has one. */
function filesOf({ nodes }: CpuProfile, root: string): ReadonlyMap<number, string> {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const files = new Map<number, string>();
  const visit = (node: ProfileNode, inherited: string): void => {
    const { functionName, url } = node.callFrame;
    const special = functionName === IDLE ? IDLE : UNATTRIBUTED.get(functionName);
    const file = special ?? (url === '' ? inherited : fileOf(url, root));
    files.set(node.id, file);
    for (const id of node.children ?? []) {
      const child = byId.get(id);
      if (child !== undefined) visit(child, file);
    }
  };
  const [first] = nodes;
  if (first !== undefined) visit(first, 'native code and the kernel');
  return files;
}

function fileOf(url: string, root: string): string {
  if (!url.startsWith('file://')) return url;
  const path = relative(root, fileURLToPath(url));
  const packages = path.split(`node_modules${sep}`);
  return packages.length > 1 ? `node_modules/${packages.at(-1)}` : isAbsolute(path) ? url : path;
}

const NODE_HTTP = /^node:.*(_?http|net|stream|socket|timers|events|llhttp|parser)/;

/** `src/gateway/mcp.ts` → `src/gateway`; a package by its name; of Node its HTTP and streams, and the rest. */
export function ownerOf(file: string): string {
  if (NODE_HTTP.test(file)) return 'Node: HTTP, sockets, streams';
  if (file.startsWith('node:')) return 'Node: the rest';
  const [first = '', second = '', third = ''] = file.split('/');
  if (first === 'node_modules') return second.startsWith('@') ? `${second}/${third}` : second;
  return ['src', 'sandbox'].includes(first) && third !== '' ? `${first}/${second}` : file;
}
