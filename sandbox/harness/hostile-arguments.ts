// Arguments that an attacker, or a confused model, would send: by a tool's schema, at each of its properties. Pure.

import { isJsonObject, type Json, type JsonObject } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';

export type Hostile = { readonly what: string; readonly args: JsonObject };

/** Of one tool: each is a call. */
const CASES_MAX = 400;
/** As long as arguments may be, with room for the rest of them. */
const HUGE = Math.floor(LIMITS.argumentBytesMax * 0.9);

const TEXTS: readonly (readonly [string, string])[] = [
  ['an empty text', ''],
  ['white space', ' \t\r\n\u00a0\u2028'],
  ['control characters', 'a\u0000b\u001b[31mred\u0007\u007f'],
  ['text that runs backwards', '\u202egnp.exe\u2066\u2069'],
  ['half a character', 'x\ud800'],
  ['characters beyond 16 bits', '👩‍👩‍👧‍👧𝕏e\u0301'],
  ['a path upwards', '../../../../etc/passwd'],
  ['a path upwards, encoded', '..%2f..%2f%2e%2e/etc/passwd'],
  ['an absolute path', '/etc/shadow'],
  ['a path of another system', '..\\..\\windows\\system32'],
  ['a file URL', 'file:///etc/passwd'],
  ['the metadata service', 'http://169.254.169.254/latest/meta-data/'],
  ['loopback as a number', 'http://2130706433/'],
  ['loopback in hexadecimal', 'http://0x7f.1/'],
  ['loopback in IPv6', 'http://[::ffff:127.0.0.1]:22/'],
  ['a URL with another host as its user', 'https://example.org@evil.invalid/'],
  ['a line break in a URL', 'https://example.org/\r\nHost: evil.invalid'],
  ['a shell command', '$(id);`id`|id&&id\nid'],
  ['an option', '--help'],
  ['a quote of SQL', '\'; DROP TABLE users; --"'],
  ['a template', '{{7*7}}<%= 7 %>#{7}'],
  ['a tag', '<script>alert(1)</script>'],
  ['a key of prototypes', '__proto__'],
  ['another key of prototypes', 'constructor'],
  ['a number as text', '1e999'],
  ['a pattern that takes long', `${'a'.repeat(5_000)}!`],
  ['a huge text', 'A'.repeat(HUGE)],
];

const NUMBERS: readonly (readonly [string, number])[] = [
  ['zero', 0],
  ['below zero', -1],
  ['a fraction', 0.1],
  ['beyond exact numbers', 2 ** 53 + 2],
  ['far beyond', 1e308],
  ['far below', -1e308],
  ['close to zero', 5e-324],
];

/** Made of text: a literal would set the prototype. */
const PROTOTYPE_KEYS = '{"__proto__":{"isAdmin":true},"constructor":{"prototype":{"isAdmin":true}},"toString":1}';

const STRANGE: readonly (readonly [string, Json])[] = [
  ['null', null],
  ['a boolean', true],
  ['an empty list', []],
  ['an empty object', {}],
  ['keys of prototypes', JSON.parse(PROTOTYPE_KEYS) as Json],
  ['deep nesting', nested(LIMITS.jsonDepthMax - 4)],
  ['a long list', Array.from({ length: 10_000 }, (_, at) => at)],
  ['many keys', Object.fromEntries(Array.from({ length: 2_000 }, (_, at) => [`k${at}`, at]))],
];

/** `valid`: arguments that fit, in which one place at a time becomes hostile. Most of what is made does not fit the schema, and shouldn't. */
export function hostileArguments(schema: JsonObject, valid: JsonObject): readonly Hostile[] {
  const properties = isJsonObject(schema['properties']) ? schema['properties'] : {};
  const names = [...new Set([...Object.keys(properties), ...Object.keys(valid)])];
  const boundaries = names.flatMap((name) =>
    boundariesOf(properties[name] ?? {}).map(([what, value]) => put(valid, name, what, value)),
  );
  const everywhere = [...STRANGE, ...NUMBERS, ...TEXTS].flatMap(([what, value]) =>
    names.flatMap((name) => [
      put(valid, name, what, value),
      ...(isList(properties[name]) ? [put(valid, name, `a list of ${what}`, [value])] : []),
    ]),
  );
  return [...wholes(valid, names), ...boundaries, ...everywhere].slice(0, CASES_MAX);
}

const isList = (schema: Json | undefined): boolean => isJsonObject(schema) && schema['type'] === 'array';

function put(valid: JsonObject, name: string, what: string, value: Json): Hostile {
  return { what: `${name}: ${what}`, args: { ...valid, [name]: value } };
}

function wholes(valid: JsonObject, names: readonly string[]): readonly Hostile[] {
  return [
    { what: 'no arguments', args: {} },
    { what: 'a key that is not known', args: { ...valid, unknown_key_: 1 } },
    { what: 'keys of prototypes', args: { ...valid, ...(JSON.parse(PROTOTYPE_KEYS) as JsonObject) } },
    ...names.map((name) => ({
      what: `${name}: left out`,
      args: Object.fromEntries(Object.entries(valid).filter(([key]) => key !== name)),
    })),
  ];
}

/** At each bound that the schema names, and one beyond it. */
function boundariesOf(schema: Json): readonly (readonly [string, Json])[] {
  if (!isJsonObject(schema)) return [];
  const at = (key: string, make: (bound: number) => Json): readonly (readonly [string, Json])[] => {
    const bound = schema[key];
    if (typeof bound !== 'number' || Math.abs(bound) > HUGE) return [];
    return [-1, 0, 1]
      .filter((beside) => bound + beside >= 0 || key.endsWith('imum'))
      .map((beside) => [
        `${key} ${beside === 0 ? 'exactly' : beside > 0 ? 'and one more' : 'less one'}`,
        make(bound + beside),
      ]);
  };
  return [
    ...at('minLength', (length) => 'b'.repeat(length)),
    ...at('maxLength', (length) => 'b'.repeat(length)),
    ...at('minimum', (value) => value),
    ...at('maximum', (value) => value),
    ...at('minItems', (length) => Array.from({ length: Math.min(length, 20_000) }, () => 0)),
    ...at('maxItems', (length) => Array.from({ length: Math.min(length, 20_000) }, () => 0)),
    ...(Array.isArray(schema['enum']) ? [['none of the values', `${schema['enum'][0]}x`] as const] : []),
  ];
}

function nested(depth: number): Json {
  let value: Json = 'deep';
  for (let level = 0; level < depth; level += 1) value = level % 2 === 0 ? [value] : { a: value };
  return value;
}
