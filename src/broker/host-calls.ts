// Host calls from what a guest sent to types. Called by the broker only. Trusts nothing: name and params are the guest's.

import { SmcpError } from '#base/errors.ts';
import { isJsonObject, type Json, type JsonObject } from '#base/json.ts';
import { HOST_CALLS, type HostCallName, isHostCallName } from '#domain/host-call.ts';
import type { Progress } from '#domain/invocation.ts';
import type { HostCall } from '#domain/sandbox-ports.ts';
import { type ByteCount, parseByteCount } from '#effects/random.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
const LOG_LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

export type ParsedCall =
  | { readonly kind: 'log'; readonly level: LogLevel; readonly message: string }
  | { readonly kind: 'progress'; readonly progress: Progress }
  | { readonly kind: 'now' }
  | { readonly kind: 'random'; readonly count: ByteCount };

/** @throws `REQUEST_INVALID` for a name that is no host call. */
export function parseName(name: string): HostCallName {
  if (isHostCallName(name)) return name;
  throw invalid('there is no such host call', `the host calls are: ${Object.keys(HOST_CALLS).join(', ')}`);
}

/** @throws `REQUEST_INVALID` for params that are not those of the host call. */
export function parseCall(kind: HostCallName, { params }: HostCall): ParsedCall {
  switch (kind) {
    case 'log':
      return parseLog(params);
    case 'progress':
      return parseProgress(params);
    case 'now':
      if (params !== null) throw invalid('now takes no params');
      return { kind };
    case 'random': {
      const { bytes } = fields(kind, params, ['bytes']);
      const count = parseByteCount(bytes);
      if (count === undefined) throw invalid('random: bytes is no whole number within the limit');
      return { kind, count };
    }
  }
}

function parseLog(params: Json): ParsedCall {
  const { level, message } = fields('log', params, ['level', 'message']);
  const known = LOG_LEVELS.find((name) => name === level);
  if (known === undefined) throw invalid(`log: level is none of ${LOG_LEVELS.join(', ')}`);
  if (typeof message !== 'string') throw invalid('log: message is no text');
  return { kind: 'log', level: known, message };
}

function parseProgress(params: Json): ParsedCall {
  const { progress, total, message } = fields('progress', params, ['progress', 'total', 'message']);
  if (typeof progress !== 'number' || !Number.isFinite(progress))
    throw invalid('progress: progress is no finite number');
  if (total !== undefined && (typeof total !== 'number' || !Number.isFinite(total))) {
    throw invalid('progress: total is no finite number');
  }
  if (message !== undefined && typeof message !== 'string') throw invalid('progress: message is no text');
  return {
    kind: 'progress',
    progress: { progress, ...(total === undefined ? {} : { total }), ...(message === undefined ? {} : { message }) },
  };
}

/** The params as an object with none but these keys. */
function fields(name: string, params: Json, keys: readonly string[]): JsonObject {
  const isKnown = isJsonObject(params) && Object.keys(params).every((key) => keys.includes(key));
  if (!isKnown) throw invalid(`${name} takes an object with: ${keys.join(', ')}`);
  return params;
}

/** The message quotes nothing of the guest's. */
const invalid = (message: string, remedy?: string): SmcpError =>
  new SmcpError('REQUEST_INVALID', message, remedy === undefined ? {} : { details: { remedy } });
