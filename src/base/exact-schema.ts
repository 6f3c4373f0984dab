// Numbers that no double holds, against a JSON Schema: what `schema.ts` says of them it says of the double next to them. Here
// they are compared by their spelling, and where a schema says more of a number than that, it does not fit. Pure.
// **Trust:** the schema is a plugin author's, the value an agent's.

import {
  type ExactJson,
  isExactNumber,
  isExactObject,
  pointerSegment,
  unheldParts,
  unheldPointers,
} from './exact-json.ts';
import { compareNumbers, wholeNumber } from './exact-number.ts';
import { isJsonObject, type Json, type JsonObject } from './json.ts';
import { LIMITS } from './limits.ts';
import type { Problem } from './schema.ts';

/** What is looked at here. */
const UNDERSTOOD = ['type', 'anyOf', 'properties', 'additionalProperties', 'items', 'prefixItems'] as const;
const BOUNDS = ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum'] as const;
/** What says nothing of the size of a number in the value. */
const SILENT = [
  ...['$schema', '$id', '$anchor', '$comment', '$defs', 'definitions', 'title', 'description', 'default', 'examples'],
  ...['deprecated', 'readOnly', 'writeOnly', 'format', 'pattern', 'minLength', 'maxLength', 'minItems', 'maxItems'],
  ...['uniqueItems', 'required', 'minProperties', 'maxProperties', 'propertyNames', 'dependentRequired'],
] as const;
const KNOWN: ReadonlySet<string> = new Set([...UNDERSTOOD, ...BOUNDS, ...SILENT]);

/**
 * Problems of the numbers that no double holds; `[]` when all of them fit, or there are none. What `schema.ts` finds comes on
 * top. Its refusals are certain; a number may be refused only because the schema says of it what is not looked at here. At most
 * `LIMITS.argumentProblemsMax` problems, for at most `LIMITS.schemaStepsMax` steps, of which each is as small as one of `schema.ts`.
 */
export function exactProblems(schema: Json | undefined, value: ExactJson): readonly Problem[] {
  const walk: Walk = { unheld: unheldParts(value), problems: [], stepsLeft: LIMITS.schemaStepsMax };
  visit(walk, { schema, value, pointer: '' });
  if (walk.stepsLeft < 0) return [{ pointer: '', message: 'takes too many steps to check' }];
  return walk.problems.slice(0, LIMITS.argumentProblemsMax);
}

type Walk = { readonly unheld: ReadonlySet<ExactJson>; readonly problems: Problem[]; stepsLeft: number };
type Place = { readonly schema: Json | undefined; readonly value: ExactJson; readonly pointer: string };

function visit(walk: Walk, { schema, value, pointer }: Place): void {
  const isDone = walk.stepsLeft < 0 || walk.problems.length >= LIMITS.argumentProblemsMax;
  if (isDone || !walk.unheld.has(value) || !isJsonObject(schema)) return;
  const keywords = Object.keys(schema);
  walk.stepsLeft -= 1 + keywords.length;
  const strange = keywords.find((key) => !KNOWN.has(key) && !key.startsWith('x-'));
  const branch = branchFor(walk, schema, value);
  if (strange !== undefined || branch === 'unclear') {
    const message = `has more digits than \`${strange ?? 'anyOf'}\` of the schema can be checked for`;
    const [first = ''] = unheldPointers(value, 1);
    walk.problems.push({ pointer: `${pointer}${first}`, message });
    return;
  }
  if (branch !== undefined) visit(walk, { schema: branch, value, pointer });
  if (isExactNumber(value)) {
    walk.problems.push(...numberProblems(schema, value.rawJSON, pointer));
    return;
  }
  const parts = Array.isArray(value) ? itemsOf(schema, value) : isExactObject(value) ? membersOf(schema, value) : [];
  walk.stepsLeft -= parts.length;
  for (const [key, part, own] of parts) {
    if (walk.unheld.has(part)) visit(walk, { schema: own, value: part, pointer: `${pointer}/${key}` });
  }
}

/** The one branch of `anyOf` that the value can be of by its type, as generators write what is optional. */
function branchFor(walk: Walk, { anyOf }: JsonObject, value: ExactJson): JsonObject | undefined | 'unclear' {
  if (anyOf === undefined) return undefined;
  if (!Array.isArray(anyOf)) return 'unclear';
  walk.stepsLeft -= anyOf.length;
  const types = isExactNumber(value) ? ['integer', 'number'] : [Array.isArray(value) ? 'array' : 'object'];
  const fitting = anyOf.filter((one) => !isJsonObject(one) || !isTextOutside(one['type'], types));
  const [only] = fitting;
  return fitting.length === 1 && isJsonObject(only) && typeof only['type'] === 'string' ? only : 'unclear';
}

const isTextOutside = (type: Json | undefined, types: readonly string[]): boolean =>
  typeof type === 'string' && !types.includes(type);

type Part = readonly [key: string, value: ExactJson, schema: Json | undefined];

function itemsOf({ items, prefixItems }: JsonObject, list: readonly ExactJson[]): readonly Part[] {
  const prefix = Array.isArray(prefixItems) ? prefixItems : [];
  return list.map((item, index) => [String(index), item, index < prefix.length ? prefix[index] : items]);
}

function membersOf({ properties, additionalProperties }: JsonObject, object: object): readonly Part[] {
  return Object.entries(object).map(([key, value]) => {
    const isOwn = isJsonObject(properties) && Object.hasOwn(properties, key);
    return [pointerSegment(key), value as ExactJson, isOwn ? properties[key] : additionalProperties];
  });
}

function numberProblems(schema: JsonObject, spelling: string, pointer: string): readonly Problem[] {
  const { type } = schema;
  const types = Array.isArray(type) ? type : type === undefined ? ['number'] : [type];
  const isOfType = types.includes('number') || (types.includes('integer') && wholeNumber(spelling) !== undefined);
  const problems: Problem[] = isOfType ? [] : [{ pointer, message: `must be ${types.join(', ')}` }];
  for (const keyword of BOUNDS) {
    const bound = schema[keyword];
    if (typeof bound !== 'number' || isWithin(keyword, compareNumbers(spelling, String(bound)))) continue;
    problems.push({ pointer, message: `is not within \`${keyword}\` of the schema: ${bound}` });
  }
  return problems;
}

function isWithin(keyword: (typeof BOUNDS)[number], order: number): boolean {
  switch (keyword) {
    case 'minimum':
      return order >= 0;
    case 'maximum':
      return order <= 0;
    case 'exclusiveMinimum':
      return order > 0;
    case 'exclusiveMaximum':
      return order < 0;
  }
}
