// Arguments as agents really send them, made to fit the tool's schema where there is one way to take them: a name with
// the other dash, a list in `{"item": …}`, a list or object as JSON text, null for what is optional, `"2"` for a number.
// Called before the schema check, which refuses all else. Pure. **Trust:** the schema is a plugin's, the arguments an agent's.

import {
  type ExactJson,
  type ExactJsonObject,
  exactNumber,
  isExactObject,
  numberSpelling,
  parseExactJson,
  pointerSegment,
} from '#base/exact-json.ts';
import { isInRange, isNumberSpelling } from '#base/exact-number.ts';
import { isJsonObject, type Json, type JsonObject } from '#base/json.ts';
import { jsonFault } from '#base/json-fault.ts';
import { LIMITS } from '#base/limits.ts';

/** What was done to a value. */
export type ArgumentChangeKind =
  | 'renamed'
  | 'null-dropped'
  | 'item-unwrapped'
  | 'json-parsed'
  | 'number-parsed'
  | 'boolean-parsed'
  | 'integer-spelled'
  | 'number-spelled';

/** One row for all items of a list: `pointer` has `*` for their places. It names properties of the schema only, and no values. */
export type ArgumentChange = {
  readonly pointer: string;
  readonly kind: ArgumentChangeKind;
  readonly count: number;
};

export type NormalisedArguments<Value> = {
  /** The same object where nothing was changed. */
  readonly args: Value;
  /** `[]` where nothing was. */
  readonly changes: readonly ArgumentChange[];
};

type Walk = { readonly changes: Map<string, ArgumentChange> };

const INTEGER = /^-?(?:0|[1-9]\d*)$/;

/**
 * The arguments, with what does not fit its schema changed where the schema leaves one way to read it. A value of a type
 * that its schema takes is never changed. Numbers made of texts keep every digit (`ExactNumber`): `roundedJson` gives
 * what a schema is checked with, `JSON.stringify` the exact text.
 */
export function normaliseArguments(schema: JsonObject, args: ExactJsonObject): NormalisedArguments<ExactJsonObject> {
  const walk: Walk = { changes: new Map() };
  const changed = fitObject(walk, schema, args, { pointer: '', depth: 1 });
  const changes = [...walk.changes.values()];
  return { args: changes.length === 0 ? args : changed, changes };
}

type Place = { readonly pointer: string; readonly depth: number };

const below = ({ pointer, depth }: Place, name: string): Place => ({
  pointer: `${pointer}/${pointerSegment(name)}`,
  depth: depth + 1,
});

function note({ changes }: Walk, { pointer }: Place, kind: ArgumentChangeKind): void {
  const key = `${kind} ${pointer}`;
  changes.set(key, { pointer, kind, count: (changes.get(key)?.count ?? 0) + 1 });
}

function fitObject(walk: Walk, schema: JsonObject, object: ExactJsonObject, place: Place): ExactJsonObject {
  const { properties } = schema;
  if (!isJsonObject(properties)) return object;
  const names = ownNames(schema, properties, object);
  return Object.fromEntries(
    Object.entries(object).flatMap(([key, value]): readonly (readonly [string, ExactJson])[] => {
      const name = names.get(key) ?? key;
      const own = Object.hasOwn(properties, name) ? properties[name] : undefined;
      const here = below(place, name);
      if (name !== key) note(walk, here, 'renamed');
      if (!isJsonObject(own)) return [[key, value]];
      if (value === null && canDrop(schema, properties, name)) {
        note(walk, here, 'null-dropped');
        return [];
      }
      return [[name, fitValue(walk, own, value, here)]];
    }),
  );
}

/** Whether null says nothing for this property: it may be absent, and can't be null. */
function canDrop({ required }: JsonObject, properties: JsonObject, name: string): boolean {
  const own = properties[name];
  if (Array.isArray(required) && required.includes(name)) return false;
  return isJsonObject(own) && typesOf(own)?.includes('null') === false;
}

/** For keys that the schema would refuse: the one property that differs from it in dashes only, and isn't given by another key. */
function ownNames(schema: JsonObject, properties: JsonObject, object: ExactJsonObject): ReadonlyMap<string, string> {
  if (schema['additionalProperties'] !== false || schema['patternProperties'] !== undefined) return new Map();
  const strangers = Object.keys(object).filter((key) => !Object.hasOwn(properties, key));
  if (strangers.length === 0) return new Map();
  const alike = Map.groupBy(Object.keys(properties), dashless);
  const asked = Map.groupBy(strangers, dashless);
  return new Map(
    strangers.flatMap((key): readonly (readonly [string, string])[] => {
      const [name, ...others] = alike.get(dashless(key)) ?? [];
      const isOnly = others.length === 0 && asked.get(dashless(key))?.length === 1;
      if (name === undefined || !isOnly) return [];
      const isFree = !Object.hasOwn(object, name) || (object[name] === null && canDrop(schema, properties, name));
      return isFree ? [[key, name]] : [];
    }),
  );
}

const dashless = (name: string): string => name.replaceAll('-', '_');

/** The types that a schema takes; undefined where that can't be told from one keyword. */
function typesOf(schema: JsonObject): readonly Json[] | undefined {
  const { type, anyOf } = schema;
  if (typeof type === 'string') return [type];
  if (Array.isArray(type)) return type;
  // As generators write what is optional: `anyOf: [{ type: … }, { type: null }]`.
  if (!Array.isArray(anyOf) || !anyOf.every(isJsonObject)) return undefined;
  const types = anyOf.map((one) => (isJsonObject(one) ? one['type'] : undefined));
  return types.every((one) => typeof one === 'string') ? types : undefined;
}

/** The part of a schema that has the type: itself, or one branch of its `anyOf`. */
function partOf(schema: JsonObject, type: Json): JsonObject {
  const { anyOf } = schema;
  const branch =
    schema['type'] === undefined && Array.isArray(anyOf)
      ? anyOf.find((one) => isJsonObject(one) && one['type'] === type)
      : schema;
  return isJsonObject(branch) ? branch : schema;
}

function fitValue(walk: Walk, schema: JsonObject, value: ExactJson, place: Place): ExactJson {
  // With several types, a value of another one could be meant for any of them.
  const types = typesOf(schema)?.filter((type) => type !== 'null') ?? [];
  const [type] = types;
  if (types.length !== 1 || type === undefined || place.depth > LIMITS.jsonDepthMax) return value;
  const part = partOf(schema, type);
  const fitted = converted(walk, part, { type, value }, place);
  if (type === 'object' && isExactObject(fitted)) return fitObject(walk, part, fitted, place);
  const { items } = part;
  if (type === 'array' && isList(fitted) && isJsonObject(items) && part['prefixItems'] === undefined) {
    return fitted.map((item) => fitValue(walk, items, item, below(place, '*')));
  }
  return fitted;
}

type Typed = { readonly type: Json; readonly value: ExactJson };

/** The value as one of this type; itself where it is one, or can't be read as one. */
function converted(walk: Walk, schema: JsonObject, { type, value }: Typed, place: Place): ExactJson {
  const become = (kind: ArgumentChangeKind, next: ExactJson): ExactJson => {
    note(walk, place, kind);
    return next;
  };
  if (typeof value === 'string') {
    const isNumber = type === 'integer' ? INTEGER.test(value) : type === 'number' && isNumberSpelling(value);
    if (isNumber && isInRange(value)) return become('number-parsed', exactNumber(value));
    if (type === 'boolean' && /^([tT]rue|[fF]alse)$/.test(value))
      return become('boolean-parsed', value.toLowerCase() === 'true');
    if (type !== 'array' && type !== 'object') return value;
    const parsed = parseOf(type, value, LIMITS.jsonDepthMax - place.depth);
    return parsed === undefined ? value : become('json-parsed', parsed);
  }
  if (type === 'string') {
    const spelling = numberSpelling(value);
    if (spelling === undefined || !isInRange(spelling)) return value;
    // As it was sent: which of its spellings that is, is known.
    return become(INTEGER.test(spelling) ? 'integer-spelled' : 'number-spelled', spelling);
  }
  if (type === 'array' && isExactObject(value)) {
    const items = itemsIn(schema, value);
    return items === undefined ? value : become('item-unwrapped', items);
  }
  return value;
}

/** What a text says, when that is of the type. */
function parseOf(type: 'array' | 'object', text: string, depthMax: number): ExactJson | undefined {
  if (!text.trimStart().startsWith(type === 'array' ? '[' : '{')) return undefined;
  const parsed = parseExactJson(text, depthMax);
  // What no body may hold comes in by no text either.
  return parsed === undefined || jsonFault(text, parsed) !== undefined ? undefined : parsed;
}

/** What `{"item": …}` holds, as a list; undefined where the object may be meant as the one item of the list. */
function itemsIn({ items }: JsonObject, object: ExactJsonObject): readonly ExactJson[] | undefined {
  if (Object.keys(object).length !== 1 || !Object.hasOwn(object, 'item')) return undefined;
  if (isJsonObject(items) && isJsonObject(items['properties']) && Object.hasOwn(items['properties'], 'item'))
    return undefined;
  const item = object['item'] ?? null;
  if (item === null) return undefined;
  return isList(item) ? item : [item];
}

const isList = (value: ExactJson): value is readonly ExactJson[] => Array.isArray(value);
