// Paths in arguments, read in one spelling only, for conditions of the policy. What they mean to the tool that gets them is the tool's: so
// whatever some program reads as another path is no path here. Pure. **Trust:** anybody's.

import { LIMITS } from '#base/limits.ts';
import { faultOfName, STEERING } from './workspace-path.ts';

export type PlainPath = { readonly isAbsolute: boolean; readonly names: readonly string[] };

/** What shells and many programs replace by somebody's home, or by a variable. */
const EXPANDED = /^~|[$%]/;

/**
 * `/a/b` or `a/b`, with one slash at its end at most; `/` itself. Undefined for `.`, `..` and empty names, backslashes, control
 * characters, names of other spellings (see `readWorkspacePath`), and what a program may expand (`~`, `$HOME`, `%APPDATA%`).
 */
export function parsePlainPath(text: string): PlainPath | undefined {
  if (text === '' || text.length > LIMITS.filePathBytesMax || !text.isWellFormed() || STEERING.test(text))
    return undefined;
  const isAbsolute = text.startsWith('/');
  const bare = text.slice(isAbsolute ? 1 : 0).replace(/\/$/, '');
  if (bare === '') return text === '/' ? { isAbsolute, names: [] } : undefined;
  const names = bare.split('/');
  const isPlain = names.every(
    (name) => !/^\.{0,2}$/.test(name) && !EXPANDED.test(name) && faultOfName(name) === undefined,
  );
  return isPlain ? { isAbsolute, names } : undefined;
}

/**
 * Whether the path is the root or lies below it. Undefined where that can't be told: one of them is none, only one of them says where it
 * begins, or they differ in case alone, which some file systems take for the same. Links are not followed: no condition sees a disk.
 */
export function isWithinPath(path: string, root: string): boolean | undefined {
  const [inner, outer] = [parsePlainPath(path), parsePlainPath(root)];
  if (inner === undefined || outer === undefined || inner.isAbsolute !== outer.isAbsolute) return undefined;
  if (outer.names.every((name, at) => inner.names[at] === name)) return true;
  return outer.names.every((name, at) => folded(inner.names[at] ?? '') === folded(name)) ? undefined : false;
}

const folded = (name: string): string => name.toUpperCase().toLowerCase();
