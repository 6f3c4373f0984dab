// The smallest arguments that a tool's schema takes, for a first call of it. Pure. **Trust:** the schema is a plugin author's; it was
// compiled, so it is bounded, and what is made of it is checked by the caller.

import { isJsonObject, type Json, type JsonObject } from '#base/json.ts';

const DEPTH_MAX = 8;
/** A text that is asked to be longer is not made. */
const TEXT_LENGTH_MAX = 10_000;

/** Undefined when nothing can be made of it; what is made need not fit: of patterns and conditions nothing is known here. */
export function minimalValue(schema: Json, root: JsonObject, depth = 0): Json | undefined {
  if (schema === true) return {};
  if (!isJsonObject(schema) || depth > DEPTH_MAX) return undefined;
  if (schema['const'] !== undefined) return schema['const'];
  for (const key of ['enum', 'examples']) if (Array.isArray(schema[key])) return schema[key][0] as Json;
  if (schema['default'] !== undefined) return schema['default'];
  const next = nextOf(schema, root);
  if (next !== undefined && schema['type'] === undefined) return minimalValue(next, root, depth + 1);
  const type = Array.isArray(schema['type']) ? schema['type'][0] : schema['type'];
  switch (type) {
    case 'string':
      return textOf(schema);
    case 'integer':
    case 'number':
      return numberOf(schema);
    case 'boolean':
      return false;
    case 'null':
      return null;
    case 'array':
      return listOf(schema, root, depth);
    default:
      return objectOf(schema, root, depth);
  }
}

function nextOf(schema: JsonObject, root: JsonObject): Json | undefined {
  const ref = schema['$ref'];
  if (typeof ref === 'string' && ref.startsWith('#/')) {
    return ref
      .slice(2)
      .split('/')
      .reduce<Json | undefined>((at, key) => (isJsonObject(at) ? at[key] : undefined), root);
  }
  const choices = schema['anyOf'] ?? schema['oneOf'] ?? schema['allOf'];
  return Array.isArray(choices) ? choices[0] : undefined;
}

const FORMATS: JsonObject = {
  ...{ date: '2026-01-01', 'date-time': '2026-01-01T00:00:00Z', time: '00:00:00Z', email: 'a@example.org' },
  ...{ uri: 'https://example.org/', uuid: '00000000-0000-4000-8000-000000000000', hostname: 'example.org' },
  ...{ ipv4: '192.0.2.1', ipv6: '2001:db8::1' },
};

function textOf({ minLength = 0, maxLength, format }: JsonObject): Json | undefined {
  if (typeof format === 'string' && FORMATS[format] !== undefined) return FORMATS[format];
  const length = Math.max(Number(minLength), 1);
  if (length > TEXT_LENGTH_MAX) return undefined;
  return 'a'.repeat(maxLength === 0 ? 0 : length);
}

function numberOf({ minimum, maximum, exclusiveMinimum, multipleOf }: JsonObject): Json {
  if (typeof exclusiveMinimum === 'number') return exclusiveMinimum + 1;
  if (typeof minimum === 'number') return minimum;
  if (typeof multipleOf === 'number') return multipleOf;
  return typeof maximum === 'number' && maximum < 1 ? maximum : 1;
}

function listOf({ minItems = 0, items = {} }: JsonObject, root: JsonObject, depth: number): Json | undefined {
  const made = Array.from({ length: Math.min(Number(minItems), 100) }, () => minimalValue(items, root, depth + 1));
  return made.every((one) => one !== undefined) ? made : undefined;
}

function objectOf({ properties = {}, required = [] }: JsonObject, root: JsonObject, depth: number): Json | undefined {
  const names = Array.isArray(required) ? required.map(String) : [];
  const made = names.map((name) => {
    const schema = isJsonObject(properties) && Object.hasOwn(properties, name) ? properties[name] : {};
    return [name, minimalValue(schema ?? {}, root, depth + 1)] as const;
  });
  if (made.some(([, value]) => value === undefined)) return undefined;
  return Object.fromEntries(made.map(([name, value]) => [name, value ?? null]));
}
