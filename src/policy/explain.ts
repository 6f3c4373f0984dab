// What is wrong with the shape of a policy, in words for the person who wrote it. Pure. The schema is the one source of
// what is allowed; this file only says where and what instead.

import { pointerSegment } from '#base/exact-json.ts';
import { isJsonObject, type Json, type JsonObject } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import { nearest } from '#base/nearest.ts';
import type { Validator } from '#base/schema.ts';

/** A finding before it has a line: `of` says whether it is about the key or the value at the pointer. */
export type Finding = {
  readonly severity: 'error' | 'warning';
  readonly pointer: string;
  readonly of: 'key' | 'value';
  /** Characters into the value's own text. */
  readonly within?: number;
  readonly message: string;
  readonly remedy?: string;
};

/** `[]` exactly when `validate` finds nothing. */
export function explainShape(value: Json, schema: JsonObject, validate: Validator): readonly Finding[] {
  const problems = validate(value);
  if (problems.length === 0) return [];
  const findings = [...explainKeys(value, schema, schema, '')];
  const told = new Set(findings.map((finding) => parentOf(finding.pointer)));
  for (const problem of problems) {
    // One sentence for each place: a map with an unknown key is told by that key.
    if (told.has(problem.pointer)) continue;
    told.add(problem.pointer);
    const expected = schemaAt(schema, problem.pointer);
    const described = expected?.['description'];
    const meant = explainChoice(valueAt(value, problem.pointer), expected?.['enum'], findings.length);
    const remedy = meant?.remedy ?? (typeof described === 'string' ? `expected: ${described}` : problem.remedy);
    findings.push({
      severity: 'error',
      pointer: problem.pointer,
      of: 'value',
      message: meant?.message ?? messageOf(problem.message),
      ...(remedy === undefined ? {} : { remedy }),
    });
  }
  return findings;
}

/** A word that is none of those to choose from; undefined for anything else. Of many only the first get one that is meant. */
function explainChoice(value: Json | undefined, choices: Json | undefined, told: number) {
  if (typeof value !== 'string' || !Array.isArray(choices)) return undefined;
  const words = choices.map(String);
  const near = told < LIMITS.policySuggestionsMax ? nearest(value, words) : undefined;
  const remedy = near === undefined ? `choose one of: ${words.join(', ')}` : `did you mean ${quote(near)}?`;
  return { message: `there is no ${quote(value)} here`, remedy };
}

/** What a person can do something with; a regular expression is not. */
function messageOf(message: string): string {
  return /^must (match pattern|NOT be valid|NOT have more than 0 items)/.test(message)
    ? 'this is not allowed here'
    : message;
}

/** Keys that the schema does not know, and names that it does not allow. */
function* explainKeys(value: Json, schema: JsonObject, root: JsonObject, pointer: string): Generator<Finding> {
  if (Array.isArray(value)) {
    const items = resolve(schema['items'], root);
    if (items === undefined) return;
    for (const [index, item] of value.entries()) yield* explainKeys(item, items, root, `${pointer}/${index}`);
    return;
  }
  if (!isJsonObject(value)) return;
  const properties = isJsonObject(schema['properties']) ? schema['properties'] : {};
  const names = resolve(schema['propertyNames'], root);
  for (const [key, part] of Object.entries(value)) {
    const at = `${pointer}/${pointerSegment(key)}`;
    const own = Object.hasOwn(properties, key) ? properties[key] : undefined;
    const next = resolve(own ?? schema['additionalProperties'], root);
    if (names !== undefined && !isName(key, names)) {
      const description = String(names['description']);
      const message = isReserved(key, names) ? `the name ${quote(key)} is reserved` : `${quote(key)} is no name`;
      yield { severity: 'error', pointer: at, of: 'key', message, remedy: description };
    } else if (next === undefined && schema['additionalProperties'] === false && own === undefined) {
      yield explainUnknownKey(key, at, pointer, Object.keys(properties));
    } else if (next !== undefined) {
      yield* explainKeys(part, next, root, at);
    }
  }
}

function explainUnknownKey(key: string, at: string, pointer: string, known: readonly string[]): Finding {
  // Else two of them could contain each other.
  if (key === 'roles' && /^\/roles\/[^/]+$/.test(pointer)) {
    const remedy = 'give each agent all of its roles, under agents.NAME.roles';
    return { severity: 'error', pointer: at, of: 'key', message: 'a role has no roles of its own', remedy };
  }
  const near = nearest(key, known);
  const remedy = near === undefined ? `the keys here are: ${known.join(', ')}` : `did you mean ${quote(near)}?`;
  return { severity: 'error', pointer: at, of: 'key', message: `unknown key ${quote(key)}`, remedy };
}

function isName(key: string, names: JsonObject): boolean {
  return new RegExp(String(names['pattern'])).test(key) && !isReserved(key, names);
}

function isReserved(key: string, names: JsonObject): boolean {
  const refused = isJsonObject(names['not']) ? names['not']['enum'] : undefined;
  return Array.isArray(refused) && refused.includes(key);
}

function valueAt(value: Json, pointer: string): Json | undefined {
  let found: Json | undefined = value;
  for (const segment of pointer.split('/').slice(1)) {
    const key = segment.replaceAll('~1', '/').replaceAll('~0', '~');
    if (Array.isArray(found)) found = found[Number(key)];
    else found = isJsonObject(found) && Object.hasOwn(found, key) ? found[key] : undefined;
  }
  return found;
}

/** The schema that describes what stands at the pointer. */
function schemaAt(root: JsonObject, pointer: string): JsonObject | undefined {
  let schema: JsonObject | undefined = root;
  for (const segment of pointer.split('/').slice(1)) {
    const properties: Json | undefined = schema?.['properties'];
    const own = isJsonObject(properties) && Object.hasOwn(properties, segment) ? properties[segment] : undefined;
    schema = resolve(own ?? schema?.['items'] ?? schema?.['additionalProperties'], root);
  }
  return schema;
}

function resolve(schema: Json | undefined, root: JsonObject): JsonObject | undefined {
  if (!isJsonObject(schema)) return undefined;
  const reference = schema['$ref'];
  if (typeof reference !== 'string') return schema;
  const definitions = root['$defs'];
  const found = isJsonObject(definitions) ? definitions[reference.replace('#/$defs/', '')] : undefined;
  return isJsonObject(found) ? found : undefined;
}

const parentOf = (pointer: string): string => pointer.slice(0, Math.max(pointer.lastIndexOf('/'), 0));
const quote = (text: string): string => JSON.stringify(text.slice(0, 64));
