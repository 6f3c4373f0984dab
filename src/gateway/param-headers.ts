// `Mcp-Param-…` headers: arguments that a tool's schema wants repeated in a header (`x-mcp-header`), for proxies that decide
// by them. One that is missing or disagrees with the arguments is refused. Used by streamable.ts.
// **Source:** MCP 2026-07-28, Streamable HTTP, custom headers from tool parameters. **Trust:** schemas are plugins' authors',
// headers and arguments the caller's.

import type { IncomingHttpHeaders } from 'node:http';
import { type ExactJson, isExactObject, numberSpelling } from '#base/exact-json.ts';
import { isNumberSpelling, isSameNumber } from '#base/exact-number.ts';
import { isJsonObject, type JsonObject } from '#base/json.ts';
import { decodeHeader, headerText } from './standard-headers.ts';

export type ParamHeaders = {
  /** What is wrong with the headers of a call with these arguments; undefined when they agree. */
  readonly mismatch: (headers: IncomingHttpHeaders, schema: JsonObject, args: unknown) => string | undefined;
};

/** A property that is repeated: the name of its header in lower case, and the keys that lead to it. */
type Repeated = { readonly header: string; readonly path: readonly string[] };

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const TYPES: ReadonlySet<unknown> = new Set(['string', 'integer', 'boolean']);

/** Looks through each schema once. */
export function createParamHeaders(): ParamHeaders {
  const known = new WeakMap<JsonObject, readonly Repeated[]>();
  const repeatedIn = (schema: JsonObject): readonly Repeated[] => {
    let found = known.get(schema);
    if (found === undefined) {
      found = [...scan(schema, [])];
      known.set(schema, found);
    }
    return found;
  };
  return {
    mismatch: (headers, schema, args) => {
      const wrong = repeatedIn(schema).find(({ header, path }) => differs(headerText(headers, header), at(args, path)));
      return wrong && `the ${wrong.header} header does not say what the argument ${wrong.path.join('.')} does`;
    },
  };
}

/** Only what `properties` lead to is repeated; a schema is no deeper than `jsonDepthMax`. */
function* scan({ properties }: JsonObject, path: readonly string[]): Generator<Repeated> {
  if (!isJsonObject(properties)) return;
  for (const [key, schema] of Object.entries(properties)) {
    if (!isJsonObject(schema)) continue;
    const name = schema['x-mcp-header'];
    const own = [...path, key];
    if (typeof name === 'string' && TOKEN.test(name) && TYPES.has(schema['type'])) {
      yield { header: `mcp-param-${name.toLowerCase()}`, path: own };
    }
    yield* scan(schema, own);
  }
}

function at(args: unknown, path: readonly string[]): unknown {
  let value = args;
  for (const key of path) {
    if (!isExactObject(value) || !Object.hasOwn(value, key)) return undefined;
    value = value[key];
  }
  return value;
}

/** Absent and null are not repeated. What is of no type that can be is left to the check of the arguments. */
function differs(header: string | undefined, value: unknown): boolean {
  const number = numberSpelling(value as ExactJson | undefined);
  if (number === undefined && (value === undefined || value === null || typeof value === 'object')) {
    return header !== undefined;
  }
  const said = header === undefined ? undefined : decodeHeader(header);
  if (said === undefined) return true;
  return number === undefined ? said !== String(value) : !isNumberSpelling(said) || !isSameNumber(said, number);
}
