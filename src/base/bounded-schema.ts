// Makes a foreign JSON Schema one whose checks can be counted: every subschema says what a visit of it costs, and what
// compares whole values is done by keywords of ours. Used by schema.ts alone. **Trust:** the schema is a plugin author's.

import { SmcpError } from './errors.ts';
import { type ExactJson, exactItems, isExactNumber, isExactObject } from './exact-json.ts';
import { canonicalNumber } from './exact-number.ts';
import { isJsonObject, type Json, type JsonObject } from './json.ts';
import { LIMITS } from './limits.ts';
import type { StepMeter } from './step-meter.ts';

/** Keywords whose values are maps by a name of the author's: the map itself is no schema. */
const MAPS = new Set([
  '$defs',
  'definitions',
  'dependencies',
  'dependentRequired',
  'dependentSchemas',
  'patternProperties',
  'properties',
  '$vocabulary',
]);
/** Annotations that hold values, not schemas. Nothing reads them, and nothing may refer into them. */
const ANNOTATIONS = new Set(['$comment', 'default', 'examples']);
/** Stands for `enum` and `const` where a value is an object or a list. */
const VALUES = 'smcp-values';
/** Checks of a schema object that together cost about as much as a visit. */
const CHECKS_PER_STEP = 8;
/** Measured: 0.2 µs to list a key of a large object, 0.4 µs to write and compare a value; a visit takes 0.06. */
const STEPS_PER_KEY = 4;
const STEPS_PER_VALUE = 8;

/**
 * The same schema, ready for an Ajv that has `meteredKeywords` and a `$comment` hook: each subschema's `$comment`
 * is the cost of a visit in steps, known before its type is looked at.
 *
 * @throws `MANIFEST_INVALID` when it is over a bound of `LIMITS`.
 */
export function boundedSchema(schema: JsonObject): JsonObject {
  const bytes = Buffer.byteLength(JSON.stringify(schema));
  if (bytes > LIMITS.schemaBytesMax) throw tooLarge(`${bytes} bytes`, `${LIMITS.schemaBytesMax} bytes`);
  const size = { parts: 0 };
  const bounded = boundPart(schema, size, 0);
  return isJsonObject(bounded) ? bounded : {};
}

type Size = { parts: number };

function boundPart(part: Json, size: Size, depth: number): Json {
  if (typeof part !== 'object' || part === null) return part;
  if (depth > LIMITS.jsonDepthMax) throw tooLarge('too deep a nesting', `${LIMITS.jsonDepthMax} levels`);
  if (!isJsonObject(part)) return part.map((item) => boundPart(item, size, depth + 1));
  size.parts += 1;
  if (size.parts > LIMITS.schemaPartsMax) throw tooLarge('too many parts', `${LIMITS.schemaPartsMax} subschemas`);
  const entries = Object.entries(part).filter(([key]) => !ANNOTATIONS.has(key));
  if (entries.length === 0) return {};
  const checks = entries.reduce((sum, [, value]) => sum + checksOf(value), 0);
  const bounded = entries.map(([key, value]): readonly [string, Json] => {
    if (MAPS.has(key) && isJsonObject(value)) return [key, boundMap(value, size, depth + 1)];
    return boundKeyword(key, value, size, depth);
  });
  return Object.fromEntries([...bounded, ['$comment', String(1 + Math.ceil(checks / CHECKS_PER_STEP))]]);
}

function boundMap(map: JsonObject, size: Size, depth: number): JsonObject {
  return Object.fromEntries(Object.entries(map).map(([name, value]) => [name, boundPart(value, size, depth)]));
}

function boundKeyword(key: string, value: Json, size: Size, depth: number): readonly [string, Json] {
  if (key === '$ref' && typeof value === 'string') checkReference(value);
  const allowed = key === 'const' ? [value] : key === 'enum' && Array.isArray(value) ? value : undefined;
  // As texts they are no schemas that a reference could lead to.
  if (allowed?.some((item) => typeof item === 'object' && item !== null))
    return [VALUES, allowed.map((item) => comparable(item))];
  if (allowed !== undefined) return [key, value];
  // Ajv walks a whole list for this one, and no schema is there to count it.
  if (key === 'contains' && value === false) return [key, { not: {}, $comment: '1' }];
  return [key, boundPart(value, size, depth + 1)];
}

/** A list of names is no schema, and costs more than a reference to it would tell. */
function checkReference(reference: string): void {
  if (!/[/](dependentRequired|[$]vocabulary)$/.test(decodeURIComponent(reference))) return;
  throw new SmcpError('MANIFEST_INVALID', `${JSON.stringify(reference)} refers to what is no schema`, {
    details: { pointer: '', remedy: 'put what is shared under $defs' },
  });
}

/** Members of a list or map that a visit may look at one by one. */
function checksOf(value: Json): number {
  if (Array.isArray(value)) return 1 + value.length;
  return isJsonObject(value) ? 1 + Object.keys(value).length : 1;
}

function tooLarge(what: string, most: string): SmcpError {
  return new SmcpError('MANIFEST_INVALID', `the schema has ${what}; it may have ${most}`, {
    details: { pointer: '', remedy: 'write a simpler schema, or split the tool' },
  });
}

/** A text that two values have in common exactly when they are equal, as JSON Schema compares. */
function comparable(value: ExactJson, meter?: StepMeter): string {
  meter?.spend(STEPS_PER_VALUE);
  if (isExactNumber(value)) return canonicalNumber(value.rawJSON);
  if (typeof value === 'string') meter?.spend(value.length >> 2);
  if (Array.isArray(value)) return `[${value.map((item) => comparable(item, meter)).join()}]`;
  if (!isExactObject(value)) return JSON.stringify(value);
  const entries = Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${comparable(value[key] ?? null, meter)}`);
  return `{${entries.join()}}`;
}

/** JSON Schema counts characters, not UTF-16 units. */
function codePoints(text: string): number {
  let count = text.length;
  for (let at = 1; at < text.length; at += 1) {
    const isPair = (text.charCodeAt(at - 1) & 0xfc00) === 0xd800 && (text.charCodeAt(at) & 0xfc00) === 0xdc00;
    if (isPair) count -= 1;
  }
  return count;
}

type Check = {
  (data: unknown): boolean;
  errors?: { readonly message: string; readonly params: Record<string, never> }[];
};

/** A keyword as Ajv's `addKeyword` takes it. */
export type MeteredKeyword = {
  readonly keyword: string;
  readonly type?: 'array' | 'object' | 'string';
  readonly schemaType: 'array' | 'boolean' | 'number';
  readonly before?: string;
  readonly errors: true;
  /** Takes the keyword's value. */
  compile(written: unknown): Check;
};

function checkOf<Data>(message: string, holds: (data: Data) => boolean): Check {
  const check: Check = (data) => {
    const isSound = holds(data as Data);
    check.errors = isSound ? [] : [{ message, params: {} }];
    return isSound;
  };
  return check;
}

/** In place of the keywords whose work grows with the value, and not with visits: these pay for it. */
export function meteredKeywords(meter: StepMeter): readonly MeteredKeyword[] {
  const lengthOf = (text: string): number => {
    meter.spend(text.length >> 5);
    return codePoints(text);
  };
  const countOf = (map: object): number => {
    const { length } = Object.keys(map);
    meter.spend(length * STEPS_PER_KEY);
    return length;
  };
  const textOf = (value: ExactJson): string => comparable(value, meter);
  const text = { type: 'string', schemaType: 'number', errors: true } as const;
  // After `propertyNames`, Ajv skips what is left where there is no property.
  const map = { type: 'object', schemaType: 'number', before: 'required', errors: true } as const;
  return [
    {
      ...text,
      keyword: 'maxLength',
      compile: (most: number) =>
        checkOf(
          `must NOT have more than ${most} characters`,
          (data: string) => data.length <= most || lengthOf(data) <= most,
        ),
    },
    {
      ...text,
      keyword: 'minLength',
      compile: (least: number) =>
        checkOf(
          `must NOT have fewer than ${least} characters`,
          (data: string) => data.length >= least && lengthOf(data) >= least,
        ),
    },
    {
      ...map,
      keyword: 'maxProperties',
      compile: (most: number) =>
        checkOf(`must NOT have more than ${most} properties`, (data: object) => countOf(data) <= most),
    },
    {
      ...map,
      keyword: 'minProperties',
      compile: (least: number) =>
        checkOf(`must NOT have fewer than ${least} properties`, (data: object) => countOf(data) >= least),
    },
    {
      keyword: 'uniqueItems',
      type: 'array',
      schemaType: 'boolean',
      errors: true,
      compile: (isAsked: boolean) =>
        checkOf(
          'must NOT have duplicate items',
          // Two numbers are two, whatever double is next to them.
          (items: readonly Json[]) => !isAsked || new Set(exactItems(items).map(textOf)).size === items.length,
        ),
    },
    {
      keyword: VALUES,
      schemaType: 'array',
      errors: true,
      compile: (texts: readonly string[]) => {
        const allowed = new Set(texts);
        return checkOf('must be equal to one of the allowed values', (value: Json) => allowed.has(textOf(value)));
      },
    },
  ];
}
