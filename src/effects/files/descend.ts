// The way to a path of a workspace, name by name, each held and looked at before the next.

import { SmcpError } from '#base/errors.ts';
import type { WorkspacePath } from '#domain/workspace-path.ts';
import { foreign } from './faults.ts';
import { type Held, kindOf } from './held.ts';

/** How far a path leads. `folder` and `file` are held until it is disposed of. */
export class Spot implements Disposable {
  /** The last folder on the way. */
  readonly folder: Held;
  /** The names that are left below it; `[]`: it is what the path names. */
  readonly left: readonly string[];
  /** The file of the first name that is left, where there is one. With more names left it blocks the way. */
  readonly file: Held | undefined;
  readonly #owned: readonly Held[];

  constructor(owned: readonly Held[], left: readonly string[], { folder, file }: { folder: Held; file?: Held }) {
    this.folder = folder;
    this.left = left;
    this.file = file;
    this.#owned = owned;
  }

  [Symbol.dispose](): void {
    for (const held of this.#owned) held[Symbol.dispose]();
  }
}

/**
 * From the workspace's folder as far as there is something.
 *
 * @throws `CAPABILITY_DENIED` for a link, or what else is neither a plain file nor a folder of the workspace ·
 * `CAPABILITY_UNAVAILABLE` when the folder was moved elsewhere meanwhile, by somebody who is not the server
 */
export function descend(root: Held, path: WorkspacePath): Spot {
  let folder = root;
  /** All but the root, which is the caller's. */
  let owned: readonly Held[] = [];
  const letGo = () => {
    for (const held of owned) held[Symbol.dispose]();
  };
  try {
    for (const [depth, name] of path.names.entries()) {
      const child = folder.child(name);
      const left = path.names.slice(depth);
      if (child === undefined) return arrived(root, path, new Spot(owned, left, { folder }));
      owned = [...owned, child];
      const kind = kindOf(child, root);
      if (kind === 'foreign') throw foreign(path);
      if (kind === 'file') return arrived(root, path, new Spot(owned, left, { folder, file: child }));
      for (const above of owned.slice(0, -1)) above[Symbol.dispose]();
      owned = [child];
      folder = child;
    }
    return arrived(root, path, new Spot(owned, [], { folder }));
  } catch (thrown) {
    letGo();
    throw thrown;
  }
}

/** That the way led to where the path says, as the kernel sees it now: not so where somebody moved a folder on the way. */
function arrived(root: Held, { names }: WorkspacePath, spot: Spot): Spot {
  const expected = [root.place(), ...names.slice(0, names.length - spot.left.length)].join('/');
  if (spot.folder.place() === expected) return spot;
  throw new SmcpError('CAPABILITY_UNAVAILABLE', 'the workspace was changed by somebody else meanwhile', {
    details: { remedy: 'try again' },
  });
}
