// Paths and names of workspaces, in the one spelling that is taken. Pure. **Trust:** what is read here is a guest's.
//
// A path that passes is compared as text, and each of its names is opened as it stands: no name means another one, none reads
// like another one, and none means something to another program that it doesn't mean here.

import { LIMITS } from '#base/limits.ts';
import { utf8Length } from '#base/utf8-length.ts';
import type { AgentName } from './agent.ts';

/** The folder of an agent's files: `^[a-z0-9][a-z0-9_.-]{0,63}$`, as the policy names it; the agent's own name where it doesn't. */
export type WorkspaceName = string & { readonly __brand: 'WorkspaceName' };

/** Every agent's name is a workspace's. */
export const workspaceOf = (agent: AgentName): WorkspaceName => agent as string as WorkspaceName;

/** What every path begins with. */
export const WORKSPACE = 'workspace';

/** A path that was read. Made by `readWorkspacePath` only. */
export type WorkspacePath = {
  /** `workspace`, or `workspace/…`. */
  readonly text: string;
  /** The names below `workspace`; `[]`: the workspace itself. */
  readonly names: readonly string[];
  readonly __brand: 'WorkspacePath';
};

/**
 * `outside`: it means, or means to some program, what is no file of the workspace · `unwritable`: it is no text that a path is
 * written in; `why` quotes nothing of it.
 */
export type PathReading =
  | { readonly kind: 'path'; readonly path: WorkspacePath }
  | { readonly kind: 'outside' }
  | { readonly kind: 'unwritable'; readonly why: string };

/** What the server names its own files that are not whole yet; no path has such a name. */
export const PARTIAL_PREFIX = '.smcp-';

/** Separators of other systems, and what ends or steers a text. */
export const STEERING = /[\\\p{Cc}\p{Zl}\p{Zp}]/u;
/** What other systems drop from the end of a name, and what nobody sees at its start. */
const EDGES = /^\s|[\s.]$/u;
/** Signs that turn the direction of reading: a name would look like another one. */
const TURNING = /\p{Bidi_Control}/u;

export function readWorkspacePath(value: unknown): PathReading {
  if (typeof value !== 'string' || !value.isWellFormed()) return unwritable('a path is a text');
  if (utf8Length(value) > LIMITS.filePathBytesMax) {
    return unwritable(`a path has at most ${LIMITS.filePathBytesMax} bytes`);
  }
  const [first, ...names] = value.split('/');
  const isOutside = first !== WORKSPACE || STEERING.test(value) || names.some((name) => /^\.{0,2}$/.test(name));
  if (isOutside) return { kind: 'outside' };
  if (names.length > LIMITS.filePathDepthMax) return unwritable(`a path has at most ${LIMITS.filePathDepthMax} names`);
  const why = names.map(faultOfName).find((fault) => fault !== undefined);
  if (why !== undefined) return unwritable(why);
  return { kind: 'path', path: { text: value, names } as unknown as WorkspacePath };
}

/** Whether a path could have this name: only such files are listed. */
export function isWorkspaceFileName(name: string): boolean {
  return readWorkspacePath(`${WORKSPACE}/${name}`).kind === 'path';
}

/** Why no path has the name; undefined where one may. */
export function faultOfName(name: string): string | undefined {
  if (utf8Length(name) > LIMITS.fileNameBytesMax) return `a name has at most ${LIMITS.fileNameBytesMax} bytes`;
  if (EDGES.test(name)) return 'a name neither begins nor ends with a space, nor ends with a dot';
  if (TURNING.test(name)) return 'a name has no signs that turn the direction of reading';
  // Two spellings of one name would be two files that look the same.
  if (name.normalize('NFC') !== name) return 'a name is written in the normal form C of Unicode (NFC)';
  return name.startsWith(PARTIAL_PREFIX) ? `a name does not begin with ${PARTIAL_PREFIX}` : undefined;
}

const unwritable = (why: string): PathReading => ({ kind: 'unwritable', why });
