// JSON as CEL sees it: numbers get the type that the tool's schema gives them, objects become Maps so that no key can
// pass for anything else. Pure. Trust: the values are an agent's, the schema is a plugin author's.

import { type ExactJson, type ExactJsonObject, isExactNumber, isExactObject } from './exact-json.ts';
import { isHeldByDouble, wholeNumber } from './exact-number.ts';
import { isJsonObject, type Json, type JsonObject } from './json.ts';
import { LIMITS } from './limits.ts';

/** A value that CEL takes as it is. An integer is a bigint, a double a number. */
export type CelArgument =
  | null
  | boolean
  | bigint
  | number
  | string
  | readonly CelArgument[]
  | ReadonlyMap<string, CelArgument>
  | Unusable;

/** Stands for a value beyond a bound: whatever touches it is an error, what does not is undisturbed. */
export class Unusable {
  readonly #why: string;

  constructor(why: string) {
    this.#why = why;
  }

  toString(): string {
    return this.#why;
  }
}

/** What may be known of a value: the schemas of which at least one describes it; `[]`: nothing. */
type Known = readonly JsonObject[];

/** Schemas looked at for one value; more say nothing new. */
const SCHEMAS_MAX = 64;
const INT64_MAX = 2 ** 63;

/**
 * An agent's arguments for a condition. A number is an integer or a double as the schema says, through `properties`,
 * `items`, `prefixItems`, `additionalProperties`, `anyOf`, `oneOf`, `allOf` and local references. Where the schema says
 * nothing, a whole number is an integer and any other a double, so that `args.replicas + 1 <= 3` works. Nulls of
 * properties that are not required are left out. Lists, maps, strings beyond their bounds are `Unusable`, and so is a number
 * that neither a double nor an integer of 64 bits holds: it is never compared as another one.
 */
export function celArguments(args: ExactJsonObject, schema: JsonObject | undefined): CelArgument {
  const root = schema ?? {};
  return convert(args, schemasAt(root, root), {
    root,
    valuesLeft: LIMITS.conditionValuesMax,
    depth: 0,
  });
}

type Progress = { readonly root: JsonObject; valuesLeft: number; depth: number };

function convert(value: ExactJson, known: Known, progress: Progress): CelArgument {
  progress.valuesLeft -= 1;
  if (progress.valuesLeft < 0) return new Unusable(`more than ${LIMITS.conditionValuesMax} values`);
  if (typeof value === 'number') return convertNumber(value, known);
  if (isExactNumber(value)) return convertExact(value.rawJSON, known);
  if (typeof value === 'string') {
    const isLong = value.length > LIMITS.conditionStringLengthMax;
    return isLong ? new Unusable(`a text longer than ${LIMITS.conditionStringLengthMax}`) : value;
  }
  if (value === null || typeof value === 'boolean') return value;
  if (progress.depth >= LIMITS.jsonDepthMax) return new Unusable(`values nested deeper than ${LIMITS.jsonDepthMax}`);
  progress.depth += 1;
  const converted = isExactObject(value) ? convertObject(value, known, progress) : convertList(value, known, progress);
  progress.depth -= 1;
  return converted;
}

function convertObject(value: ExactJsonObject, known: Known, progress: Progress): CelArgument {
  const keys = Object.keys(value);
  if (keys.length > LIMITS.conditionMapSizeMax) {
    return new Unusable(`an object of more than ${LIMITS.conditionMapSizeMax} keys`);
  }
  const entries = new Map<string, CelArgument>();
  for (const key of keys) {
    const part = value[key] ?? null;
    if (part === null && !isRequired(known, key)) continue;
    entries.set(key, convert(part, schemasOfProperty(known, key, progress.root), progress));
  }
  return entries;
}

function convertList(value: readonly ExactJson[], known: Known, progress: Progress): CelArgument {
  if (value.length > LIMITS.conditionListLengthMax) {
    return new Unusable(`a list of more than ${LIMITS.conditionListLengthMax} elements`);
  }
  return value.map((item, index) => convert(item, schemasOfItem(known, index, progress.root), progress));
}

function convertNumber(value: number, known: Known): CelArgument {
  const isInteger = Number.isInteger(value) && Math.abs(value) < INT64_MAX;
  return isInteger && !isDouble(known) ? BigInt(value) : value;
}

/** A number by its spelling: as its double where that is the same number, else as an integer with all its digits. */
function convertExact(spelling: string, known: Known): CelArgument {
  if (isHeldByDouble(spelling)) return convertNumber(Number(spelling), known);
  const whole = isDouble(known) ? undefined : wholeNumber(spelling);
  const integer = whole === undefined ? undefined : BigInt(whole);
  return integer !== undefined && BigInt.asIntN(64, integer) === integer
    ? integer
    : new Unusable('a number of more digits than can be compared');
}

function isDouble(known: Known): boolean {
  const types = known.flatMap((schema) => typesOf(schema));
  return types.includes('number') && !types.includes('integer');
}

/** The names in a schema's `type`; `[]` when it has none. */
export function typesOf(schema: JsonObject): readonly string[] {
  const type = schema['type'];
  if (typeof type === 'string') return [type];
  return Array.isArray(type) ? type.filter((name) => typeof name === 'string') : [];
}

/** True when one of the schemas requires the property. */
export function isRequired(known: Known, key: string): boolean {
  return known.some((schema) => {
    const required = schema['required'];
    return Array.isArray(required) && required.includes(key);
  });
}

/** The schemas of a property of what `known` describes; `[]` when nothing is said about it. */
export function schemasOfProperty(known: Known, key: string, root: JsonObject): Known {
  return first(known, (schema) => {
    const properties = schema['properties'];
    const own = isJsonObject(properties) && Object.hasOwn(properties, key) ? properties[key] : undefined;
    return schemasAt(own ?? schema['additionalProperties'], root);
  });
}

/** The schemas of an element of the list that `known` describes. */
export function schemasOfItem(known: Known, index: number, root: JsonObject): Known {
  return first(known, (schema) => {
    const prefix = schema['prefixItems'];
    const own: Json | undefined = Array.isArray(prefix) ? prefix[index] : undefined;
    return schemasAt(own ?? schema['items'], root);
  });
}

function first(known: Known, next: (schema: JsonObject) => Known): Known {
  return known.length === 0 ? known : known.flatMap(next).slice(0, SCHEMAS_MAX);
}

/** The schema itself and those that it combines or refers to, each once and `SCHEMAS_MAX` at most. */
export function schemasAt(schema: Json | undefined, root: JsonObject): Known {
  if (!isJsonObject(schema)) return [];
  const found = new Set<JsonObject>([schema]);
  for (const known of found) {
    const reference = known['$ref'];
    const target = typeof reference === 'string' ? resolvePointer(root, reference) : undefined;
    const branches = [known['anyOf'], known['oneOf'], known['allOf']].flatMap((list) =>
      Array.isArray(list) ? list : [],
    );
    for (const branch of target === undefined ? branches : [target, ...branches]) {
      if (isJsonObject(branch) && found.size < SCHEMAS_MAX) found.add(branch);
    }
  }
  return [...found];
}

/** `#/a/b` in the schema itself; anything else is not looked up. */
function resolvePointer(root: JsonObject, reference: string): Json | undefined {
  if (reference === '#') return root;
  if (!reference.startsWith('#/')) return undefined;
  let node: Json | undefined = root;
  for (const raw of reference.slice(2).split('/')) {
    const segment = raw.replaceAll('~1', '/').replaceAll('~0', '~');
    if (Array.isArray(node)) node = node[Number(segment)];
    else if (isJsonObject(node) && Object.hasOwn(node, segment)) node = node[segment];
    else return undefined;
  }
  return node;
}

const NANOS = 1_000_000_000n;

/** `left` − `right` as CEL writes durations. Both are timestamps of the library. */
export function durationBetween(left: unknown, right: unknown): string {
  const nanos = nanosOf(left) - nanosOf(right);
  const size = nanos < 0n ? -nanos : nanos;
  const text = `${size / NANOS}.${String(size % NANOS).padStart(9, '0')}s`;
  return nanos < 0n ? `-${text}` : text;
}

function nanosOf(timestamp: unknown): bigint {
  const { message } = timestamp as { readonly message: { readonly seconds: bigint; readonly nanos: number } };
  return message.seconds * NANOS + BigInt(message.nanos);
}
