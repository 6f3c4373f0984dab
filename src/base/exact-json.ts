// JSON whose numbers keep the spelling that they came with: a double rounds integers beyond 2^53, and can't tell 5.0 from
// 5. Called by what hands arguments on to programs. Pure.

import { excessOf } from './bounded-json.ts';
import type { Json } from './json.ts';
import { LIMITS } from './limits.ts';

/** A number as it is written in a JSON text. `JSON.stringify` writes it so again. Made by `exactNumber` only. */
export type ExactNumber = { readonly rawJSON: string };

/** Plain JSON is exact JSON too; its numbers then are what a double holds. */
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
 * The value of a JSON text, every number of it exact; undefined when it is not JSON, nested deeper than `depthMax`, or of
 * more than `LIMITS.jsonValuesMax` values. Takes time linear in its length.
 *
 * **Trust:** the text is an agent's or a plugin's; its length was bounded by whoever received it.
 */
export function parseExactJson(text: string, depthMax: number = LIMITS.jsonDepthMax): ExactJson | undefined {
  if (excessOf(text, depthMax) !== undefined) return undefined;
  const { parse, rawJSON } = sourceText();
  try {
    return parse(text, (_, value, { source }) =>
      typeof value === 'number' && source !== undefined ? rawJSON(source) : value,
    ) as ExactJson;
  } catch {
    return undefined;
  }
}

/** A number with this spelling, which must be one of JSON's. */
export function exactNumber(source: string): ExactNumber {
  return sourceText().rawJSON(source);
}

/** True for a number with its spelling, and never for an object that came in a JSON text. */
export function isExactNumber(value: unknown): value is ExactNumber {
  return sourceText().isRawJSON(value);
}

/** True for an object: not null, not an array, not a number with its spelling. */
export function isExactObject(value: ExactJson): value is ExactJsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isExactNumber(value);
}

/** The same with doubles, as schemas and policies see it. */
export function roundedJson(value: ExactJson): Json {
  if (isExactNumber(value)) return Number(value.rawJSON);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(roundedJson);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, roundedJson(item)]));
}
