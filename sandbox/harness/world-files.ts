// The workspace of a made-up world: files in memory, behind the host calls of the capability `files`, refused by the broker's
// rules. **Trust:** params are a plugin's.

import { SmcpError } from '#base/errors.ts';
import type { Json, JsonObject } from '#base/json.ts';
import type { CallHandlers, PreparedCall } from '#broker/call-handler.ts';
import { denied, fieldsOf, invalid } from '#broker/params.ts';
import { isAtOrBelow } from '#domain/narrow.ts';
import { checkGiven } from './given.ts';
import type { World } from './world.ts';

/** One that was listed at once. */
const ENTRIES_LISTED_MAX = 1_000;
/** What one read answers with: as much as an answer holds, and no more. */
const READ_BYTES_MAX = 512 * 1024;
const PATH_BYTES_MAX = 1024;

export type WorldFiles = {
  readonly calls: CallHandlers;
  /** Every file by path, as text where it is text. */
  readonly read: () => { readonly [path: string]: string | { readonly base64: string } };
};

type Tree = { readonly files: Map<string, Buffer>; readonly folders: Set<string> };

export function createWorldFiles({ files: given = {} }: World): WorldFiles {
  const tree: Tree = { files: new Map(), folders: new Set(['workspace']) };
  for (const [path, content] of Object.entries(given)) {
    put(tree, checkPath(path), typeof content === 'string' ? Buffer.from(content) : fromBase64(content.base64));
  }
  const handler =
    (name: string, keys: readonly string[], perform: (tree: Tree, fields: JsonObject) => Json) =>
    (...[params, context]: Parameters<NonNullable<CallHandlers['files.read']>>): PreparedCall => {
      const fields = fieldsOf(name, params, keys);
      const paths = name === 'files.move' ? [fields['from'], fields['to']] : [fields['path']];
      for (const path of paths) if (path !== undefined) checkPath(path);
      checkGiven({ name, params, kind: 'files' }, context);
      return { target: String(paths[0] ?? 'workspace'), perform: () => perform(tree, fields) };
    };
  const calls: CallHandlers = {
    'files.read': handler('files.read', ['path', 'as', 'offset', 'length'], read),
    'files.write': handler('files.write', ['path', 'text', 'base64', 'mode'], write),
    'files.list': handler('files.list', ['path', 'after'], list),
    'files.stat': handler('files.stat', ['path'], stat),
    'files.move': handler('files.move', ['from', 'to'], move),
    'files.remove': handler('files.remove', ['path'], remove),
    'files.makeFolder': handler('files.makeFolder', ['path'], (all, { path }) => {
      makeFolders(all, String(path));
      return null;
    }),
  };
  return { calls, read: () => Object.fromEntries([...tree.files].map(([path, bytes]) => [path, contentOf(bytes)])) };
}

/** @throws `REQUEST_INVALID` for what is no path · `CAPABILITY_DENIED` for one that leaves the workspace */
function checkPath(path: Json): string {
  if (typeof path !== 'string' || !path.isWellFormed() || Buffer.byteLength(path) > PATH_BYTES_MAX || path === '') {
    throw invalid(`a path is a text of 1 to ${PATH_BYTES_MAX} bytes`);
  }
  const parts = path.split('/');
  const isInside = parts[0] === 'workspace' && parts.every((part) => !['', '.', '..'].includes(part));
  if (isInside && !/[\\\p{Cc}]/u.test(path)) return path;
  throw denied({
    capability: 'files',
    asked: path,
    allowed: ['workspace/…'],
    message: 'this is no path in the workspace',
    remedy: 'name it as workspace/folder/file, without . and ..',
  });
}

function read({ files }: Tree, { path, as = 'text', offset = 0, length = READ_BYTES_MAX }: JsonObject): Json {
  const whole = files.get(String(path)) ?? missing(path);
  if (!isCount(offset) || !isCount(length)) throw invalid('files.read: offset and length are whole numbers');
  const bytes = whole.subarray(offset, offset + Math.min(length, READ_BYTES_MAX));
  const isCut = offset + bytes.length < whole.length;
  if (as === 'base64') return { base64: bytes.toString('base64'), bytes: whole.length, isCut };
  if (as !== 'text') throw invalid('files.read: as is text or base64');
  return { text: bytes.toString('utf8'), bytes: whole.length, isCut };
}

function write(tree: Tree, { path, text, base64, mode = 'replace' }: JsonObject): Json {
  const name = String(path);
  const bytes =
    typeof text === 'string' ? Buffer.from(text) : typeof base64 === 'string' ? fromBase64(base64) : undefined;
  if (bytes === undefined) throw invalid('files.write: text or base64 is missing');
  if (mode !== 'replace' && mode !== 'create' && mode !== 'append') {
    throw invalid('files.write: mode is replace, create or append');
  }
  const before = tree.files.get(name);
  if (mode === 'create' && before !== undefined) throw invalid('files.write: the file is there already');
  const after = mode === 'append' && before !== undefined ? Buffer.concat([before, bytes]) : bytes;
  put(tree, name, after);
  return { bytes: after.length };
}

function list(tree: Tree, { path = 'workspace', after = '' }: JsonObject): Json {
  const folder = String(path);
  if (!tree.folders.has(folder)) missing(path);
  const below = (one: string) => one.startsWith(`${folder}/`) && !one.slice(folder.length + 1).includes('/');
  const nameOf = (one: string) => one.slice(folder.length + 1);
  const entries: { readonly name: string; readonly kind: string; readonly bytes?: number }[] = [
    ...[...tree.folders].filter(below).map((one) => ({ name: nameOf(one), kind: 'folder' })),
    ...[...tree.files]
      .filter(([one]) => below(one))
      .map(([one, bytes]) => ({ name: nameOf(one), kind: 'file', bytes: bytes.length })),
  ]
    .filter(({ name }) => name > String(after))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  return { entries: entries.slice(0, ENTRIES_LISTED_MAX) as Json, isCut: entries.length > ENTRIES_LISTED_MAX };
}

function stat({ files, folders }: Tree, { path }: JsonObject): Json {
  const file = files.get(String(path));
  if (file !== undefined) return { kind: 'file', bytes: file.length };
  return folders.has(String(path)) ? { kind: 'folder' } : missing(path);
}

function move(tree: Tree, { from, to }: JsonObject): Json {
  const [source, target] = [String(from), String(to)];
  if (tree.files.has(target) || tree.folders.has(target)) throw invalid('files.move: there is something already');
  if (isAtOrBelow(target, source)) throw invalid('files.move: a folder does not move into itself');
  const file = tree.files.get(source);
  if (file !== undefined) {
    tree.files.delete(source);
    put(tree, target, file);
    return null;
  }
  if (!tree.folders.has(source)) missing(from);
  makeFolders(tree, target);
  for (const folder of [...tree.folders].filter((one) => isAtOrBelow(one, source))) {
    tree.folders.delete(folder);
    tree.folders.add(`${target}${folder.slice(source.length)}`);
  }
  for (const [path, bytes] of [...tree.files].filter(([one]) => isAtOrBelow(one, source))) {
    tree.files.delete(path);
    tree.files.set(`${target}${path.slice(source.length)}`, bytes);
  }
  return null;
}

function remove(tree: Tree, { path }: JsonObject): Json {
  const name = String(path);
  if (tree.files.delete(name)) return null;
  if (!tree.folders.has(name)) missing(path);
  const isEmpty = ![...tree.files.keys(), ...tree.folders].some((one) => one !== name && isAtOrBelow(one, name));
  if (!isEmpty || name === 'workspace') throw invalid('files.remove: the folder is not empty');
  tree.folders.delete(name);
  return null;
}

function put(tree: Tree, path: string, bytes: Buffer): void {
  if (tree.folders.has(path)) throw invalid('there is a folder of this name');
  makeFolders(tree, path.slice(0, path.lastIndexOf('/')));
  tree.files.set(path, bytes);
}

function makeFolders({ files, folders }: Tree, path: string): void {
  const parts = path.split('/');
  for (const end of parts.keys()) {
    const folder = parts.slice(0, end + 1).join('/');
    if (files.has(folder)) throw invalid('a file stands where a folder is needed');
    folders.add(folder);
  }
}

const isCount = (value: Json): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;

const fromBase64 = (text: string): Buffer => Buffer.from(text, 'base64');

function contentOf(bytes: Buffer): string | { readonly base64: string } {
  const text = bytes.toString('utf8');
  return Buffer.from(text).equals(bytes) ? text : { base64: bytes.toString('base64') };
}

function missing(path: Json | undefined): never {
  throw new SmcpError('NOT_FOUND', 'there is nothing at this path', { details: { asked: path ?? null } });
}
