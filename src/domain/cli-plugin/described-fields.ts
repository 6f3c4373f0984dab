// Reads fields of a description, and collects what is wrong with them by their pointers. Pure.

import { isJsonObject, type Json, type JsonObject } from '#base/json.ts';
import { type CliProblem, cliProblem } from './problem.ts';

/** Looks at one object of the description. A field that is absent or `null` is undefined, and no problem. */
export type Fields = {
  readonly pointer: string;
  readonly report: (key: string, message: string, remedy: string) => void;
  readonly text: (key: string) => string | undefined;
  readonly truth: (key: string) => boolean | undefined;
  readonly object: (key: string) => JsonObject | undefined;
  readonly list: (key: string) => readonly Json[] | undefined;
  readonly any: (key: string) => Json | undefined;
};

/** **Trust:** the object is the plugin's. */
export function fieldsOf(object: JsonObject, pointer: string, problems: CliProblem[]): Fields {
  const report: Fields['report'] = (key, message, remedy) => {
    problems.push(cliProblem('--describe', key === '' ? pointer : `${pointer}/${key}`, message, remedy));
  };
  const any = (key: string): Json | undefined => (Object.hasOwn(object, key) ? (object[key] ?? undefined) : undefined);
  const read = <Value>(key: string, holds: (value: Json) => value is Value & Json, what: string): Value | undefined => {
    const value = any(key);
    if (value === undefined || holds(value)) return value;
    report(key, `must be ${what}`, `write ${what}, or leave it out`);
    return undefined;
  };
  return {
    pointer,
    report,
    any,
    text: (key) => read(key, (value) => typeof value === 'string', 'a string'),
    truth: (key) => read(key, (value) => typeof value === 'boolean', 'true or false'),
    object: (key) => read(key, isJsonObject, 'an object'),
    list: (key) => read(key, isList, 'a list'),
  };
}

const isList = (value: Json): value is readonly Json[] => Array.isArray(value);

/** A field with its name when it has a value, else nothing: for objects whose fields are absent rather than undefined. */
export function present<Key extends string, Value>(
  key: Key,
  value: Value | undefined,
): { readonly [K in Key]?: Value } {
  return (value === undefined ? {} : { [key]: value }) as { readonly [K in Key]?: Value };
}
