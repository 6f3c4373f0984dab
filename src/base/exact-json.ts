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

/** Where a list that was rounded has what it was rounded from: two items may be one double, and be two numbers. */
const EXACT = Symbol('exact');

/**
 * The same with doubles. Plain JSON is given back as it is, for one walk through the value. A list that was changed knows what it
 * was: see `exactItems`.
 */
export function roundedJson(value: ExactJsonObject): JsonObject;
export function roundedJson(value: ExactJson): Json;
export function roundedJson(value: ExactJson): Json {
  if (typeof value !== 'object' || value === null) return value;
  if (isExactNumber(value)) return Number(value.rawJSON);
  // Made for the few values that need it.
  let changed: Map<string | number, Json> | undefined;
  const look = (key: string | number, item: ExactJson): void => {
    const rounded = roundedJson(item);
    if (Object.is(rounded, item)) return;
    changed ??= new Map();
    changed.set(key, rounded);
  };
  const own = (key: string | number, item: ExactJson): Json => changed?.get(key) ?? (item as Json);
  if (isList(value)) {
    for (const [index, item] of value.entries()) look(index, item);
    if (changed === undefined) return value as readonly Json[];
    return Object.defineProperty(
      value.map((item, index) => own(index, item)),
      EXACT,
      { value },
    );
  }
  for (const key in value) look(key, value[key] ?? null);
  if (changed === undefined) return value as JsonObject;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, own(key, item)]));
}

/** The items of a list as they were before `roundedJson`. */
export function exactItems(list: readonly Json[]): readonly ExactJson[] {
  return (list as { readonly [EXACT]?: readonly ExactJson[] })[EXACT] ?? list;
}

/** Every number of the value that no double holds, and every list and object that has one in it. For one walk through the value. */
export function unheldParts(value: ExactJson): ReadonlySet<ExactJson> {
  const unheld = new Set<ExactJson>();
  const isUnheld = (part: ExactJson): boolean => {
    if (typeof part !== 'object' || part === null) return false;
    let isFound = isExactNumber(part) && !isHeldByDouble(part.rawJSON);
    // No short cut: each part of it is to be known.
    for (const [, inner] of partsOf(part)) if (isUnheld(inner)) isFound = true;
    if (isFound) unheld.add(part);
    return isFound;
  };
  isUnheld(value);
  return unheld;
}

/** Pointers of the first numbers that no double holds, in the order in which they stand; looks no further than `countMax` of them. */
export function unheldPointers(value: ExactJson, countMax: number): readonly string[] {
  const found: string[] = [];
  const path: string[] = [];
  const look = (part: ExactJson): void => {
    if (typeof part !== 'object' || part === null || found.length >= countMax) return;
    if (isExactNumber(part) && !isHeldByDouble(part.rawJSON)) found.push(path.map((key) => `/${key}`).join(''));
    for (const [key, inner] of partsOf(part)) {
      path.push(key);
      look(inner);
      path.pop();
    }
  };
  look(value);
  return found;
}

/** What a list or an object holds, each with its part of a pointer. */
function partsOf(value: object): readonly (readonly [string, ExactJson])[] {
  if (isExactNumber(value)) return [];
  if (isList(value as ExactJson)) return (value as readonly ExactJson[]).map((item, index) => [String(index), item]);
  return Object.entries(value as ExactJsonObject).map(([key, item]) => [pointerSegment(key), item]);
}

/** A key as it stands in a JSON pointer. **Source:** RFC 6901 §3. */
export function pointerSegment(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}

const isList = (value: ExactJson): value is readonly ExactJson[] => Array.isArray(value);
