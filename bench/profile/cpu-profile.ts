// Reads a .cpuprofile of V8 and sums the time of a window by whom it was spent for. Native work counts for the JavaScript
// that asked for it, and what Node's own JavaScript does for the file of ours or of a package that called it.

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

/** µs by name. */
export type Sum = ReadonlyMap<string, number>;

export type Sums = {
  readonly busyUs: number;
  /** By the file of ours, or of a package, that the time was spent for: what Node did for it counts as its own. */
  readonly byFile: Sum;
  /** The same by folder of ours and by package. */
  readonly byOwner: Sum;
  /** Of Node's own files, for whomever. */
  readonly inNode: Sum;
};

type Place = { readonly file: string; readonly payer: string };

const IDLE = '(idle)';
const NOBODY = 'native code and the kernel';
const SPECIAL = new Map([
  [IDLE, IDLE],
  ['(garbage collector)', 'garbage collection'],
  ['(program)', NOBODY],
  ['(root)', NOBODY],
]);

/** `window`: from and to, on the clock of `startTime`. `root`: the folder of the product. */
export function sumProfile(
  profile: CpuProfile,
  window: { readonly fromUs: number; readonly toUs: number },
  root: string,
): Sums {
  const places = placesOf(profile, root);
  const sums = {
    byFile: new Map<string, number>(),
    byOwner: new Map<string, number>(),
    inNode: new Map<string, number>(),
  };
  const add = (sum: Map<string, number>, name: string, us: number) => sum.set(name, (sum.get(name) ?? 0) + us);
  let busyUs = 0;
  let atUs = profile.startTime;
  for (const [index, id] of profile.samples.entries()) {
    // A sample's delta lies before it: what ran until the next sample is this one's.
    atUs += profile.timeDeltas[index] ?? 0;
    const us = profile.timeDeltas[index + 1] ?? 0;
    const place = places.get(id);
    if (place === undefined || place.file === IDLE || atUs < window.fromUs || atUs > window.toUs) continue;
    busyUs += us;
    add(sums.byFile, place.payer, us);
    add(sums.byOwner, ownerOf(place.payer), us);
    if (isNode(place.file)) add(sums.inNode, place.file, us);
  }
  return { busyUs, ...sums };
}

/** The file of each node, and who pays for it: itself, or its nearest caller that is not Node's own. */
function placesOf({ nodes }: CpuProfile, root: string): ReadonlyMap<number, Place> {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const places = new Map<number, Place>();
  const visit = (node: ProfileNode, caller: Place): void => {
    const place = placeOf(node, caller, root);
    places.set(node.id, place);
    for (const id of node.children ?? []) {
      const child = byId.get(id);
      if (child !== undefined) visit(child, place);
    }
  };
  const [first] = nodes;
  if (first !== undefined) visit(first, { file: NOBODY, payer: NOBODY });
  return places;
}

function placeOf({ callFrame }: ProfileNode, caller: Place, root: string): Place {
  const special = SPECIAL.get(callFrame.functionName);
  if (special !== undefined) return { file: special, payer: special };
  // Native work has no file.
  if (callFrame.url === '') return caller;
  const file = fileOf(callFrame.url, root);
  const isPaidFor = isNode(file) && caller.payer !== NOBODY && !isNode(caller.payer);
  return { file, payer: isPaidFor ? caller.payer : file };
}

const isNode = (file: string): boolean => file.startsWith('node:');

function fileOf(url: string, root: string): string {
  if (!url.startsWith('file://')) return url;
  const path = relative(root, fileURLToPath(url));
  const packages = path.split(`node_modules${sep}`);
  return packages.length > 1 ? `node_modules/${packages.at(-1)}` : isAbsolute(path) ? url : path;
}

/** `src/gateway/mcp.ts` → `src/gateway`; a package by its name; Node as a whole. */
export function ownerOf(file: string): string {
  if (isNode(file)) return 'Node: HTTP, sockets, timers, for nobody in particular';
  const [first = '', second = '', third = ''] = file.split('/');
  if (first === 'node_modules') return second.startsWith('@') ? `${second}/${third}` : second;
  return ['src', 'sandbox'].includes(first) && third !== '' ? `${first}/${second}` : file;
}
