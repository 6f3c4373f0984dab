// Which paths of a workspace a call was given: read, held against the entries of its capabilities, and named for the record.
// **Trust:** paths are a guest's.

import type { Json } from '#base/json.ts';
import type { Access, FilesEntry } from '#domain/capability.ts';
import { isAtOrBelow } from '#domain/narrow.ts';
import { denied, malformed } from '#domain/refusal.ts';
import { readWorkspacePath, WORKSPACE, type WorkspacePath } from '#domain/workspace-path.ts';
import type { CallContext } from './call-handler.ts';

/**
 * The path, and what the record calls it: the narrowest folder given that holds it. So a record has a line for each folder given, and
 * not for each file.
 *
 * @throws `REQUEST_INVALID` for what no path is written as · `CAPABILITY_DENIED` for one that leaves the workspace, or was not given
 */
export function allowedPath(
  call: string,
  value: Json | undefined,
  { context, needs }: { readonly context: CallContext; readonly needs: Access },
): { readonly path: WorkspacePath; readonly target: string } {
  const given = context.capabilities.files ?? [];
  const reading = readWorkspacePath(value);
  const asked = typeof value === 'string' ? value : '';
  const shown = { asked: `${asked}:${needs}`, allowed: given.map(({ path, access }) => `${path}:${access}`) };
  if (reading.kind === 'unwritable') {
    throw malformed({ ...shown, message: `${call}: ${reading.why}`, remedy: 'name it as workspace/folder/file' });
  }
  const refuse = (message: string, remedy: string) => denied({ ...shown, capability: 'files', message, remedy });
  if (reading.kind === 'outside') {
    throw refuse('this is no path in the workspace', 'name it as workspace/folder/file, without . and .. and \\');
  }
  const holding = given.filter(({ path }) => isAtOrBelow(asked, path));
  const [target] = holding.filter(({ access }) => needs === 'read' || access === 'write').sort(narrowestFirst);
  if (target !== undefined) return { path: reading.path, target: target.path };
  throw refuse(
    holding.length > 0 ? 'this call may only read there' : 'this call was not given this path',
    `ask for {"path": …, "access": "${needs}"} under \`files\` in plugin.json, and have the grant give it`,
  );
}

const narrowestFirst = (one: FilesEntry, other: FilesEntry): number => other.path.length - one.path.length;

/** Of what goes from one folder that was given to another: the narrowest folder that holds both. */
export function commonTarget(one: string, other: string): string {
  if (isAtOrBelow(one, other)) return other;
  if (isAtOrBelow(other, one)) return one;
  const others = other.split('/');
  const names = one.split('/');
  const apart = names.findIndex((name, at) => name !== others[at]);
  return names.slice(0, apart).join('/') || WORKSPACE;
}
