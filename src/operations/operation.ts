// What an operation is: one row gives the command, the REST route, the OpenAPI entry and, later, the admin tool.

import type { Clock } from '#base/clock.ts';
import type { Json, JsonObject } from '#base/json.ts';
import type {
  Dispatcher,
  PluginCatalog,
  PolicyAdmin,
  PolicyDecider,
  RecordLog,
  RecordReader,
  TokenAuthority,
} from '#domain/ports.ts';
import type { Layer } from '#domain/record.ts';

/** What operations work on; app.ts fills it in. */
export type Services = {
  readonly tokens: TokenAuthority;
  readonly policy: PolicyDecider & PolicyAdmin;
  readonly catalog: PluginCatalog;
  readonly dispatcher: Dispatcher;
  readonly log: RecordLog & RecordReader;
  readonly layers: () => readonly Layer[];
  readonly clock: Clock;
  readonly server: { readonly version: string; readonly startedMs: number; readonly isReady: () => boolean };
};

/** Who does it: `admin` (the home's token), or later an agent by name. Goes into the record. */
export type Caller = { readonly by: string };

export type Operation = {
  /** `noun_verb`; as an admin tool it is `smcp__noun_verb`. */
  readonly name: string;
  /** One sentence, for `--help` and OpenAPI. */
  readonly summary: string;
  /** The words of the command line; absent: no command of its own. */
  readonly command?: readonly string[];
  /** Properties of `input` that the command line takes by position, in order. */
  readonly positional: readonly string[];
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Below `/admin/v1`, as Fastify writes it; `:name` are properties of `input`. */
  readonly path: string;
  /** `write` operations are recorded before they are done. */
  readonly effect: 'read' | 'write';
  /** JSON Schema 2020-12 of the input, an object. */
  readonly input: JsonObject;
  readonly output: JsonObject;
  /** What it is done to, for the record of a `write`. Never a secret. */
  readonly subject?: (input: JsonObject) => string;
  /** Throws what can be told to be wrong before anything is recorded or done. */
  readonly check?: (services: Services, input: JsonObject) => void;
  /** Whether an answer says no: its command then exits with 1. */
  readonly saysNo?: (answer: Json) => boolean;
  readonly run: (services: Services, input: JsonObject, caller: Caller) => Promise<Json> | Json;
};

/** A path with each `:name` put in. */
export function fillPath(path: string, put: (name: string) => string): string {
  return path.replace(/:([a-zA-Z]+)/g, (_, name: string) => put(name));
}

/** The names of a path's parameters, in order. */
export function pathParameters(path: string): readonly string[] {
  return [...path.matchAll(/:([a-zA-Z]+)/g)].map((match) => String(match[1]));
}

/** Schema of an operation's input: every property a string unless said otherwise, nothing else allowed. */
export function inputSchema(
  properties: { readonly [name: string]: JsonObject },
  required: readonly string[] = [],
): JsonObject {
  return { type: 'object', properties, required, additionalProperties: false };
}
