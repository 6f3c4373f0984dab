// Commands that are derived from the table of operations: arguments and options to input, input to a request.

import { SmcpError } from '#base/errors.ts';
import { type ExactJsonObject, exactValue } from '#base/exact-json.ts';
import { isJsonObject, type Json, type JsonObject } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import { ADMIN_PREFIX, fillPath, type Operation, propertiesOf, requiredOf } from '#operations/operation.ts';
import { findServer, requestJson } from './admin-client.ts';
import { type Command, type CommandInput, type CommandOption, EXIT, type Terminal } from './command.ts';
import { readGiven } from './read-given.ts';
import { readSecret } from './read-secret.ts';
import { renderOperation } from './render-operation.ts';

/** The command of an operation; undefined when it has none. */
export function operationCommand(operation: Operation): Command | undefined {
  if (operation.command === undefined) return undefined;
  const { positional, secretProperty } = operation;
  const optional = Object.entries(propertiesOf(operation)).filter(
    ([name]) => name !== secretProperty && !positional.includes(name),
  );
  return {
    words: operation.command,
    arguments: positional.map((name) => argumentOf(operation, name)),
    options: Object.fromEntries(
      optional.map(([name, schema]) => {
        const option = optionOf(name, schema);
        const isNeeded = requiredOf(operation).includes(name);
        return [name, isNeeded ? { ...option, help: `${option.help} (needed)` } : option];
      }),
    ),
    summary: operation.summary,
    isLocal: false,
    run: async ({ home, terminal, print }, input) => {
      // Before the server is asked for: what can't be read is said first.
      const given = inputOf(operation, input);
      checkNeeded(operation, given);
      const secret = secretProperty === undefined ? {} : { [secretProperty]: await readValueOf(operation, terminal) };
      const { method, path, body } = requestOf(operation, { ...given, ...secret });
      const server = await findServer(home, terminal);
      const answer = await requestJson(server, method, path, body);
      print(answer, () => renderOperation(operation.name, answer));
      return operation.saysNo?.(answer) === true ? EXIT.no : EXIT.done;
    },
  };
}

/** @throws `USAGE` for an option that the operation can't do without; arguments in their place were counted before. */
function checkNeeded(operation: Operation, given: JsonObject): void {
  const { command = [], secretProperty } = operation;
  const missing = requiredOf(operation).filter((name) => name !== secretProperty && given[name] === undefined);
  if (missing.length === 0) return;
  const words = `smcp ${command.join(' ')}`;
  throw new SmcpError('USAGE', `${words} needs ${missing.map((name) => `--${name}`).join(' and ')}`, {
    details: { remedy: `see ${words} --help` },
  });
}

/** Never an argument: those can be seen by every user of the machine. */
async function readValueOf({ command = [] }: Operation, { input = process.stdin, err }: Terminal): Promise<string> {
  const value = await readSecret(input, () => err(`value for ${command.join(' ')}, which is not shown: `));
  if (input.isTTY === true) err('\n');
  return value;
}

function argumentOf(operation: Operation, name: string): string {
  const shown = name === operation.fileProperty ? 'FILE' : name.toUpperCase();
  return requiredOf(operation).includes(name) ? shown : `[${shown}]`;
}

function optionOf(name: string, schema: JsonObject): CommandOption {
  const help = String(schema['description'] ?? '');
  if (schema['type'] === 'boolean') return { type: 'boolean', help };
  if (schema['type'] === 'array') return { type: 'string', multiple: true, placeholder: name.toUpperCase(), help };
  const placeholder =
    schema['type'] === 'object' ? 'JSON|@FILE' : schema['type'] === 'integer' ? 'N' : name.toUpperCase();
  return { type: 'string', placeholder, help };
}

function inputOf(operation: Operation, { positionals, options }: CommandInput): JsonObject {
  const input: { [name: string]: Json } = {};
  for (const [name, schema] of Object.entries(propertiesOf(operation))) {
    const place = operation.positional.indexOf(name);
    const value = place < 0 ? options[name] : positionals[place];
    if (typeof value === 'boolean') input[name] = value;
    if (Array.isArray(value)) input[name] = [...value];
    if (typeof value !== 'string') continue;
    const label = place < 0 ? `--${name}` : argumentOf(operation, name);
    input[name] =
      name === operation.fileProperty ? readGiven(value, LIMITS.policyBytesMax) : readValue(label, value, schema);
  }
  return input;
}

function readValue(label: string, value: string, schema: JsonObject): Json {
  // It is only written again: as it is spelled.
  if (schema['type'] === 'object') return readJsonOption(label, value) as JsonObject;
  if (schema['type'] === 'integer') {
    if (!/^(0|[1-9][0-9]{0,14})$/.test(value)) {
      throw new SmcpError('USAGE', `${label} must be a whole number, not ${JSON.stringify(value)}`, {
        details: { remedy: `give digits only, such as ${label} 20` },
      });
    }
    return Number(value);
  }
  return value;
}

/** JSON text, or `@FILE` with it, its numbers as they are spelled; `label` as the person wrote it. @throws `USAGE` */
export function readJsonOption(label: string, value: string): ExactJsonObject {
  const json = value.startsWith('@') ? readGiven(value.slice(1), LIMITS.bodyBytesMax) : value;
  const details = { remedy: `give a JSON object, or @FILE with one: ${label} '{"text":"hello"}'` };
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : 'unreadable';
    throw new SmcpError('USAGE', `${label}: ${why}`, { cause, details });
  }
  if (!isJsonObject(parsed)) throw new SmcpError('USAGE', `${label} must be a JSON object`, { details });
  return exactValue(json) as ExactJsonObject;
}

/** Path parameters into the path; the rest into the query or, for POST, the body. */
function requestOf(operation: Operation, input: JsonObject): { method: string; path: string; body?: Json } {
  const rest = { ...input };
  const path = fillPath(operation.path, (name) => {
    const value = rest[name];
    delete rest[name];
    return encodeURIComponent(String(value));
  });
  if (operation.method === 'POST') return { method: 'POST', path: `${ADMIN_PREFIX}${path}`, body: rest };
  const query = new URLSearchParams(Object.entries(rest).map(([name, value]) => [name, String(value)]));
  return { method: operation.method, path: `${ADMIN_PREFIX}${path}${query.size > 0 ? `?${query}` : ''}` };
}
