// Replaces secrets' values in texts, bytes and JSON by a mark of one length. Pure, in linear time. What it finds: the value as it is,
// reversed, in base64, hexadecimal or UTF-16, with letters of either case, and with any of its characters percent-encoded, escaped as in
// JSON or HTML. What a program makes of a value otherwise (a cipher, letters one by one) no mask finds.
// **Trust:** what is masked is anybody's. Nothing is told of what was found but that something was.

import { type ExactJson, isExactNumber, isExactObject, numberSpelling } from '#base/exact-json.ts';
import type { Json } from '#base/json.ts';
import type { SecretMask } from '#domain/secret-ports.ts';
import { type Automaton, createAutomaton } from './automaton.ts';
import { openPatternsOf, patternsOf } from './mask-patterns.ts';
import { type View, viewsOf } from './mask-views.ts';

/** Its length tells nothing of the value's. */
export const SECRET_MARK = '[secret]';

/** Nothing shorter is looked for: neither a form of a value, nor the beginning or end of one where a text was cut. */
const FORM_BYTES_MIN = 8;

/** Where a text was cut, so that a value may stand there in part. */
export type CutSides = { readonly start?: boolean; readonly end?: boolean };

export type ValueMask = SecretMask & {
  /** As `bytes`, of a text that was cut. */
  readonly cutBytes: (bytes: Uint8Array, cut: CutSides) => Uint8Array;
  /** As `json`, with numbers as they are spelled. */
  readonly exactJson: (value: ExactJson) => ExactJson;
};

type Range = { readonly start: number; readonly end: number };

/**
 * A mask of these values. What has none of them in it is given back as it is, the same object.
 *
 * @param values each of at least 8 bytes, which `checkSecretValue` sees to: what is shorter is found by chance, or not at all
 * @param shown those that whoever writes the text knows. Only of them a part is masked where a text was cut: of others that would tell
 * a guess letter by letter whether it is right
 */
export function createSecretMask(values: readonly string[], shown: readonly string[] = values): ValueMask {
  const patterns = values.flatMap(patternsOf);
  const automaton = createAutomaton(patterns, values.flatMap(openPatternsOf));
  const parts = shown.flatMap(patternsOf);
  let forwards: Automaton | undefined;
  let backwards: Automaton | undefined;
  const longest = parts.reduce((most, { length }) => Math.max(most, length), 0);

  /** What is left of a value at the start of a text: read from the end of every form to its beginning. */
  const tailAtStart = (bytes: Uint8Array): number => {
    backwards ??= createAutomaton(parts.map((pattern) => Uint8Array.from(pattern).reverse()));
    let state = 0;
    for (let at = Math.min(longest, bytes.length) - 1; at >= 0; at -= 1) state = backwards.step(state, bytes[at] ?? 0);
    return backwards.depth(state);
  };
  const headAtEnd = (bytes: Uint8Array): number => {
    forwards ??= shown === values ? automaton : createAutomaton(parts);
    let state = 0;
    for (const byte of bytes.subarray(Math.max(0, bytes.length - longest))) state = forwards.step(state, byte);
    return forwards.depth(state);
  };

  const cutBytes: ValueMask['cutBytes'] = (bytes, cut) => {
    if (bytes.length < FORM_BYTES_MIN) return bytes;
    const ranges: Range[] = [];
    for (const view of viewsOf(bytes)) for (const range of rangesIn(automaton, view)) ranges.push(range);
    const head = cut.end === true ? headAtEnd(bytes) : 0;
    const tail = cut.start === true ? tailAtStart(bytes) : 0;
    if (head >= FORM_BYTES_MIN) ranges.push({ start: bytes.length - head, end: bytes.length });
    if (tail >= FORM_BYTES_MIN) ranges.push({ start: 0, end: tail });
    return ranges.length === 0 ? bytes : replaced(bytes, ranges);
  };
  const bytes: SecretMask['bytes'] = (given) => cutBytes(given, {});
  const text: SecretMask['text'] = (given) => {
    if (Buffer.byteLength(given) < FORM_BYTES_MIN) return given;
    const before = Buffer.from(given);
    const after = bytes(before);
    return after === before ? given : Buffer.from(after).toString();
  };
  const exactJson = createJsonMask({ text, bytes });
  return { text, bytes, cutBytes, exactJson, json: (value: Json) => exactJson(value) as Json };
}

const EQUALS = 0x3d;
const isBase64 = (byte = 0): boolean => /[A-Za-z0-9+/_-]/.test(String.fromCharCode(byte));

/** Those of one view, disjoint and in order. Each byte is looked at once. */
function rangesIn(automaton: Automaton, { bytes, starts, ends }: View): Range[] {
  const found: Range[] = [];
  automaton.search(bytes, (end, length, isOpen) => {
    const first = end - length + (isOpen && isBase64(bytes[end - length]) ? 0 : 1);
    let at = end;
    if (isOpen && isBase64(bytes[at + 1])) at += 1;
    // What fills it up tells the rest of the length by three.
    for (let count = 0; isOpen && count < 2 && bytes[at + 1] === EQUALS; count += 1) at += 1;
    let start = starts?.[first] ?? first;
    for (let last = found.at(-1); last !== undefined && last.end >= start; last = found.at(-1)) {
      start = Math.min(start, last.start);
      found.pop();
    }
    found.push({ start, end: ends?.[at] ?? at + 1 });
  });
  return found;
}

function replaced(bytes: Uint8Array, ranges: readonly Range[]): Uint8Array {
  const mark = Buffer.from(SECRET_MARK);
  const pieces: Uint8Array[] = [];
  let done = 0;
  for (const { start, end } of ranges.toSorted((a, b) => a.start - b.start)) {
    // One that begins within the last belongs to it.
    if (start >= done || pieces.length === 0) pieces.push(bytes.subarray(done, start), mark);
    done = Math.max(done, end);
  }
  return Buffer.concat([...pieces, bytes.subarray(done)]);
}

/** Keys too. What stands under the key `base64` is masked as the bytes that it means, so that it stays base64. */
function createJsonMask({ text, bytes }: Pick<SecretMask, 'text' | 'bytes'>): ValueMask['exactJson'] {
  const encoded = (value: string): string => {
    const meant = Buffer.from(value, 'base64');
    if (meant.toString('base64') !== value) return text(value);
    const masked = bytes(meant);
    // It may be no base64 after all, but a text that looks like it.
    return text(masked === meant ? value : Buffer.from(masked).toString('base64'));
  };
  const mask = (value: ExactJson): ExactJson => {
    if (typeof value === 'string') return text(value);
    if (typeof value === 'number' || isExactNumber(value)) {
      const spelling = numberSpelling(value) ?? '';
      return text(spelling) === spelling ? value : SECRET_MARK;
    }
    if (Array.isArray(value)) {
      const items: readonly ExactJson[] = value;
      const masked = items.map(mask);
      return masked.every((item, at) => item === items[at]) ? value : masked;
    }
    if (!isExactObject(value)) return value;
    const entries = Object.entries(value);
    const masked = entries.map(([key, item]): [string, ExactJson] => [
      text(key),
      key === 'base64' && typeof item === 'string' ? encoded(item) : mask(item),
    ]);
    const isSame = masked.every(([key, item], at) => key === entries[at]?.[0] && item === entries[at]?.[1]);
    return isSame ? value : Object.fromEntries(masked);
  };
  return mask;
}
