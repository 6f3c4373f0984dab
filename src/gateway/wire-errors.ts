// How errors leave the door: as HTTP answers before and beside the protocol, as JSON-RPC errors within it. Only
// {code, message, details} of our own errors travels; anything else is INTERNAL, and its text goes to the log only.

import { type JSONRPCMessage, ProtocolError, ProtocolErrorCode } from '@modelcontextprotocol/server';
import { ERRORS } from '#base/error-table.ts';
import { asSmcpError, SmcpError, type WireError } from '#base/errors.ts';
import type { JsonObject } from '#base/json.ts';
import type { Logger } from '#base/log.ts';

/** The body of every HTTP refusal. */
export type RefusalBody = {
  readonly error: { readonly code: string; readonly message: string; readonly details: JsonObject };
};

export type Refusal = {
  readonly status: number;
  readonly headers: { readonly [name: string]: string };
  readonly body: RefusalBody;
};

/** An error as an HTTP answer, by the error table. `challenge`: what is told about tokens. */
export function httpRefusal(error: SmcpError, challenge?: string): Refusal {
  return {
    status: ERRORS[error.code].http,
    headers: challenge === undefined ? {} : { 'www-authenticate': challenge },
    body: { error: { code: error.code, message: error.message, details: error.details } },
  };
}

/** An error as JSON-RPC, by the error table. `data` is {code, message, details}, as everywhere. */
export function rpcError(error: SmcpError): ProtocolError {
  const { code, message, details } = error.code === 'TOOL_UNKNOWN' ? unknownTool() : error;
  return new ProtocolError(ERRORS[code].rpc, message, { code, message, details });
}

/** What the SDK refuses by itself, by its JSON-RPC code. Its texts quote whole messages, so they don't leave. */
const REFUSED_BY_PROTOCOL: { readonly [rpc: number]: Required<WireError> } = {
  [ProtocolErrorCode.ParseError]: {
    code: 'REQUEST_INVALID',
    message: 'the message is not JSON-RPC',
    details: { remedy: 'send one JSON-RPC 2.0 message' },
  },
  [ProtocolErrorCode.InvalidRequest]: {
    code: 'REQUEST_INVALID',
    message: 'the message is no request of this protocol',
    details: { remedy: 'send a request of MCP' },
  },
  [ProtocolErrorCode.InvalidParams]: {
    code: 'REQUEST_INVALID',
    message: 'the params are not those of this method',
    details: { remedy: 'of tools/call, name is a text and arguments an object' },
  },
  [ProtocolErrorCode.MethodNotFound]: {
    code: 'NOT_FOUND',
    message: 'there is no such method here',
    details: { remedy: 'this server has tools/list and tools/call' },
  },
  [ProtocolErrorCode.InternalError]: { code: 'INTERNAL', message: 'internal error', details: {} },
};

/** What the SDK says where it fails itself; with any other text of this code it refuses params. */
const SDK_FAILED = 'Internal error';

/** A message as it leaves: errors of the SDK's own get a code of ours. Errors of ours have data already. */
export function codedMessage(message: JSONRPCMessage): JSONRPCMessage {
  if (!('error' in message)) return message;
  const { code, message: text, data } = message.error;
  if (typeof data === 'object' && data !== null) return message;
  const isOfParams = code === ProtocolErrorCode.InternalError && text !== SDK_FAILED;
  const rpc = isOfParams ? ProtocolErrorCode.InvalidParams : code;
  const known = REFUSED_BY_PROTOCOL[rpc];
  return known === undefined ? message : { ...message, error: { code: rpc, message: known.message, data: known } };
}

/** The same for every name, so that it says nothing about the tools of others. */
function unknownTool(): SmcpError {
  return new SmcpError('TOOL_UNKNOWN', 'unknown tool', { details: { remedy: 'call a tool that tools/list shows' } });
}

/**
 * Any thrown value as an error of ours. What Fastify throws for a malformed request becomes the code of the table; a bug
 * becomes `INTERNAL` and is logged.
 */
export function asDoorError(thrown: unknown, logger: Logger): SmcpError {
  if (thrown instanceof SmcpError && thrown.code !== 'INTERNAL') return thrown;
  const fromFastify = asRequestError(thrown);
  if (fromFastify !== undefined) return fromFastify;
  const error = asSmcpError(thrown);
  const cause = error.cause ?? error;
  logger.error('a request failed unexpectedly', {
    error: cause instanceof Error ? (cause.stack ?? cause.message) : 'not an Error',
  });
  return new SmcpError('INTERNAL', 'internal error');
}

/**
 * The text of a failed call: `CODE: sentence`, of a denial with the rule that decided, then what to do about it. `told`: how the
 * tool told of it, in place of that sentence.
 */
export function errorText({ code, message, details }: WireError, told?: string): string {
  const rule = details?.['rule'];
  const remedy = details?.['remedy'];
  const what = told ?? (typeof rule === 'string' ? `${code} (${rule}): ${message}` : `${code}: ${message}`);
  return typeof remedy === 'string' ? `${what}\n${remedy}` : what;
}

function asRequestError(thrown: unknown): SmcpError | undefined {
  const { code, statusCode } = (thrown ?? {}) as { code?: unknown; statusCode?: unknown };
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    return new SmcpError('BODY_TOO_LARGE', 'the request body is larger than the limit', {
      details: { remedy: 'send less; large data belongs in files' },
    });
  }
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    return new SmcpError('REQUEST_INVALID', 'the content type is not application/json', {
      details: { remedy: 'send `Content-Type: application/json`' },
    });
  }
  if (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500) {
    return new SmcpError('REQUEST_INVALID', 'the request is malformed', {
      details: { remedy: 'send a well-formed HTTP request' },
    });
  }
  return undefined;
}
