// Commands that are derived from the table of operations: arguments and options to input, input to a request.

import { readFileSync } from 'node:fs';
import { SmcpError } from '#base/errors.ts';
import type { Json, JsonObject } from '#base/json.ts';
import { fillPath, type Operation } from '#operations/operation.ts';
import { findServer, requestJson } from './admin-client.ts';
import { type Command, type CommandInput, type CommandOption, EXIT } from './command.ts';
import { renderOperation } from './render.ts';

const ADMIN = '/admin/v1';

/** The command of an operation; undefined when it has none. */
export function operationCommand(operation: Operation): Command | undefined {
  if (operation.command === undefined) return undefined;
  const properties = operation.input['properties'] as { readonly [name: string]: JsonObject };
  const optional = Object.keys(properties).filter((name) => !operation.positional.includes(name));
  return {
    words: operation.command,
    arguments: operation.positional.map((name) => name.toUpperCase()),
    options: Object.fromEntries(optional.map((name) => [name, optionOf(name, properties[name] ?? {})])),
    summary: operation.summary,
    isLocal: false,
    run: async ({ home, terminal, print }, input) => {
      const server = await findServer(home, terminal);
      const { method, path, body } = requestOf(operation, inputOf(operation, input));
      const answer = await requestJson(server, method, path, body);
      print(answer, () => renderOperation(operation.name, answer));
      return operation.saysNo?.(answer) === true ? EXIT.no : EXIT.done;
    },
  };
}

function optionOf(name: string, schema: JsonObject): CommandOption {
  const placeholder =
    schema['type'] === 'object' ? 'JSON|@FILE' : schema['type'] === 'integer' ? 'N' : name.toUpperCase();
  return { type: 'string', placeholder, help: String(schema['description'] ?? '') };
}

function inputOf(operation: Operation, { positionals, options }: CommandInput): JsonObject {
  const properties = operation.input['properties'] as { readonly [name: string]: JsonObject };
  const input: { [name: string]: Json } = {};
  for (const [index, name] of operation.positional.entries()) input[name] = positionals[index] ?? '';
  for (const [name, schema] of Object.entries(properties)) {
    const value = options[name];
    if (typeof value === 'string') input[name] = optionValue(name, value, schema);
  }
  return input;
}

function optionValue(name: string, value: string, schema: JsonObject): Json {
  if (schema['type'] === 'object') return readJsonOption(name, value);
  if (schema['type'] === 'integer') {
    if (!/^(0|[1-9][0-9]{0,14})$/.test(value)) {
      throw new SmcpError('USAGE', `--${name} must be a whole number, not ${JSON.stringify(value)}`);
    }
    return Number(value);
  }
  return value;
}

/** JSON text, or `@FILE` with it. @throws `USAGE` */
export function readJsonOption(name: string, value: string): JsonObject {
  let parsed: unknown;
  try {
    parsed = JSON.parse(value.startsWith('@') ? readFileSync(value.slice(1), 'utf8') : value);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : 'unreadable';
    throw new SmcpError('USAGE', `--${name}: ${why}`, {
      cause,
      details: { remedy: `give a JSON object, or @FILE with one: --${name} '{"text":"hello"}'` },
    });
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new SmcpError('USAGE', `--${name} must be a JSON object`);
  }
  return parsed as JsonObject;
}

/** Path parameters into the path; the rest into the query or, for POST, the body. */
function requestOf(operation: Operation, input: JsonObject): { method: string; path: string; body?: Json } {
  const rest = { ...input };
  const path = fillPath(operation.path, (name) => {
    const value = rest[name];
    delete rest[name];
    return encodeURIComponent(String(value));
  });
  if (operation.method === 'POST') return { method: 'POST', path: `${ADMIN}${path}`, body: rest };
  const query = new URLSearchParams(Object.entries(rest).map(([name, value]) => [name, String(value)]));
  return { method: operation.method, path: `${ADMIN}${path}${query.size > 0 ? `?${query}` : ''}` };
}
