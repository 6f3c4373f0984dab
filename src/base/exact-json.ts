// JSON whose numbers keep the spelling that they came with: a double rounds integers beyond 2^53, and can't tell 5.0 from
// 5. Called by what takes arguments in and hands them on. Pure.

import { excessOf } from './bounded-json.ts';
import { isHeldByDouble } from './exact-number.ts';
import type { Json, JsonObject } from './json.ts';
import { LIMITS } from './limits.ts';

/** A number as it is written in a JSON text. `JSON.stringify` writes it so again. Made in this file only. */
export interface ExactNumber {
  // An interface, since a type would pass for an object of any keys.
  readonly rawJSON: string;
}

/** Plain JSON is exact JSON too. A number that `JSON.stringify` would spell otherwise is an `ExactNumber`. */
export type ExactJson = null | boolean | number | string | ExactNumber | readonly ExactJson[] | ExactJsonObject;
export type ExactJsonObject = { readonly [key: string]: ExactJson };

/** What TypeScript's library doesn't know of JSON yet. **Source:** ECMA-262, "JSON.parse source text access". */
type SourceText = {
  readonly parse: (
    text: string,
    reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown,
  ) => unknown;
  readonly rawJSON: (text: string) => ExactNumber;
  readonly isRawJSON: (value: unknown) => boolean;
};

const sourceText = (): SourceText => JSON as unknown as SourceText;

/**
 * What may be a number that `JSON.stringify` spells otherwise: 16 digits and more, a zero at the end of a fraction, a power of
 * ten, minus zero, a small fraction. Found in strings too, where it costs time only.
 */
const ODD_NUMBER = /(?:^|[[:,\s])-?(?:[\d.]{16}|\d+\.\d*0(?!\d)|\d+(?:\.\d+)?[eE]|0\.0{6})|(?:^|[[:,\s])-0(?![\d.])/;

/**
 * The value of a JSON text, every number of it exact; undefined when it is not JSON, nested deeper than `depthMax`, or of
 * more than `LIMITS.jsonValuesMax` values. Takes time linear in its length.
 *
 * **Trust:** the text is an agent's or a plugin's; its length was bounded by whoever received it.
 */
export function parseExactJson(text: string, depthMax: number = LIMITS.jsonDepthMax): ExactJson | undefined {
  if (excessOf(text, depthMax) !== undefined) return undefined;
  try {
    return exactValue(text);
  } catch {
    return undefined;
  }
}

/** False where `JSON.parse` alone gives the exact value of the text. */
export function mayBeRespelled(text: string): boolean {
  return ODD_NUMBER.test(text);
}

/** The value of a text that is ours, or whose excess was looked at, every number of it exact. @throws `SyntaxError` */
export function exactValue(text: string): ExactJson {
  if (!mayBeRespelled(text)) return JSON.parse(text) as Json;
  const { parse, rawJSON } = sourceText();
  return parse(text, (_, value, { source }) =>
    typeof value === 'number' && source !== undefined && String(value) !== source ? rawJSON(source) : value,
  ) as ExactJson;
}

/** A number with this spelling, which must be one of JSON's. */
export function exactNumber(spelling: string): ExactNumber {
  return sourceText().rawJSON(spelling);
}

/** True for a number with its spelling, and never for an object that came in a JSON text. */
export function isExactNumber(value: unknown): value is ExactNumber {
  return typeof value === 'object' && value !== null && sourceText().isRawJSON(value);
}

/** True for an object: not null, not an array, not a number with its spelling. */
export function isExactObject(value: unknown): value is ExactJsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isExactNumber(value);
}

/** How a number is spelled; undefined for what is none. */
export function numberSpelling(value: ExactJson | undefined): string | undefined {
  if (typeof value === 'number') return JSON.stringify(value);
  return isExactNumber(value) ? value.rawJSON : undefined;
}

/** True where every number is what a double holds, spelled as `JSON.stringify` would. */
export function isPlainJson(value: ExactJson): value is Json {
  if (typeof value !== 'object' || value === null) return true;
  if (isList(value)) return value.every(isPlainJson);
  if (isExactNumber(value)) return false;
  for (const key in value) if (!isPlainJson(value[key] ?? null)) return false;
  return true;
}

/** The same with doubles. Plain JSON is given back as it is. */
export function roundedJson(value: ExactJsonObject): JsonObject;
export function roundedJson(value: ExactJson): Json;
export function roundedJson(value: ExactJson): Json {
  if (isPlainJson(value)) return value;
  if (isList(value)) return value.map((item) => roundedJson(item));
  if (isExactNumber(value)) return Number(value.rawJSON);
  const entries = Object.entries(value as ExactJsonObject);
  return Object.fromEntries(entries.map(([key, item]) => [key, roundedJson(item)]));
}

/** A number that doubles would change, and where it is. */
export type UnheldNumber = { readonly pointer: string; readonly spelling: string };

/** Every number of the value that no double holds, in the order in which they stand; `[]` where doubles say all of it. */
export function unheldNumbers(value: ExactJson, pointer = ''): readonly UnheldNumber[] {
  if (isPlainJson(value)) return [];
  if (isExactNumber(value)) {
    return isHeldByDouble(value.rawJSON) ? [] : [{ pointer, spelling: value.rawJSON }];
  }
  const parts: readonly (readonly [string, ExactJson])[] = isList(value)
    ? value.map((item, index) => [String(index), item])
    : Object.entries(value);
  return parts.flatMap(([key, item]) =>
    isPlainJson(item) ? [] : unheldNumbers(item, `${pointer}/${pointerSegment(key)}`),
  );
}

/** A key as it stands in a JSON pointer. **Source:** RFC 6901 §3. */
export function pointerSegment(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}

const isList = (value: ExactJson): value is readonly ExactJson[] => Array.isArray(value);
