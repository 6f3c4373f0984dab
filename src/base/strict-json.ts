// Strict JSON (RFC 8259) for files that people write: says where it is wrong, and refuses what two readers could take
// differently: a key twice, half a surrogate pair, a number beyond what a double holds. Called with plugin.json, and with
// what a `cli.py` says of itself.

import type { Json } from './json.ts';

/** Line and column count from 1; the column in UTF-16 units. */
export type StrictJsonResult =
  | { readonly kind: 'value'; readonly value: Json }
  | { readonly kind: 'broken'; readonly message: string; readonly line: number; readonly column: number };

/** Sticky patterns hold a position, so each reading has its own. */
const createPatterns = () => ({
  space: /[ \t\n\r]*/y,
  // Between the quotes: anything from the space on but a quote and a backslash, or an escape.
  string: /"(?:[ !#-[\]-\u{10FFFF}]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/uy,
  number: /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y,
  word: /true|false|null/y,
});

class Broken extends Error {
  readonly position: number;
  constructor(message: string, position: number) {
    super(message);
    this.position = position;
  }
}

type Cursor = {
  readonly text: string;
  readonly depthMax: number;
  readonly patterns: ReturnType<typeof createPatterns>;
  position: number;
};

/**
 * The value of a JSON text.
 *
 * **Trust:** the text is the plugin author's; its length was bounded by the caller, its nesting is bounded by `depthMax`.
 */
export function parseStrictJson(text: string, options: { readonly depthMax: number }): StrictJsonResult {
  const cursor: Cursor = { text, depthMax: options.depthMax, patterns: createPatterns(), position: 0 };
  try {
    readValue(cursor, 1);
    readSpace(cursor);
    if (cursor.position < text.length) throw new Broken('there is more after the end', cursor.position);
  } catch (thrown) {
    if (!(thrown instanceof Broken)) throw thrown;
    const before = text.slice(0, thrown.position);
    const line = before.split('\n').length;
    return { kind: 'broken', message: thrown.message, line, column: before.length - before.lastIndexOf('\n') };
  }
  return { kind: 'value', value: JSON.parse(text) as Json };
}

function readValue(cursor: Cursor, depth: number): void {
  if (depth > cursor.depthMax) throw new Broken(`nested over ${cursor.depthMax} deep`, cursor.position);
  readSpace(cursor);
  const start = cursor.position;
  switch (cursor.text[start]) {
    case '{':
      readObject(cursor, depth);
      return;
    case '[':
      readArray(cursor, depth);
      return;
    case '"':
      readString(cursor);
      return;
    default:
      if (take(cursor, cursor.patterns.word) !== undefined) return;
      if (!Number.isFinite(Number(take(cursor, cursor.patterns.number) ?? fail(cursor, 'a value is expected')))) {
        throw new Broken('this number is too large', start);
      }
  }
}

function readObject(cursor: Cursor, depth: number): void {
  const keys = new Set<string>();
  cursor.position += 1;
  if (takeMark(cursor, '}')) return;
  do {
    readSpace(cursor);
    const start = cursor.position;
    const key = readString(cursor);
    if (keys.has(key)) throw new Broken(`the key ${JSON.stringify(key)} is there twice`, start);
    keys.add(key);
    if (!takeMark(cursor, ':')) fail(cursor, '":" is expected after a key');
    readValue(cursor, depth + 1);
  } while (takeMark(cursor, ','));
  if (!takeMark(cursor, '}')) fail(cursor, '"," or "}" is expected');
}

function readArray(cursor: Cursor, depth: number): void {
  cursor.position += 1;
  if (takeMark(cursor, ']')) return;
  do readValue(cursor, depth + 1);
  while (takeMark(cursor, ','));
  if (!takeMark(cursor, ']')) fail(cursor, '"," or "]" is expected');
}

function readString(cursor: Cursor): string {
  const start = cursor.position;
  const raw = take(cursor, cursor.patterns.string) ?? fail(cursor, 'a string in double quotes is expected');
  const value = JSON.parse(raw) as string;
  if (!value.isWellFormed()) throw new Broken('this string holds half a surrogate pair', start);
  return value;
}

function readSpace(cursor: Cursor): void {
  take(cursor, cursor.patterns.space);
}

/** Takes one character, and the white space before it. */
function takeMark(cursor: Cursor, mark: string): boolean {
  readSpace(cursor);
  if (cursor.text[cursor.position] !== mark) return false;
  cursor.position += 1;
  return true;
}

function take(cursor: Cursor, pattern: RegExp): string | undefined {
  pattern.lastIndex = cursor.position;
  const found = pattern.exec(cursor.text)?.[0];
  if (found !== undefined) cursor.position += found.length;
  return found;
}

function fail(cursor: Cursor, message: string): never {
  const isEnd = cursor.position >= cursor.text.length;
  throw new Broken(isEnd ? `${message}, but the text ends` : message, cursor.position);
}
