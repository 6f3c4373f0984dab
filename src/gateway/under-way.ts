// The requests of one session that are under way: how many, and under which ids. Answers and cancellations name a request
// by its id only, so no id may stand for two. Used by the transports of sessions. **Trust:** messages are the client's.

import {
  isJSONRPCErrorResponse,
  isJSONRPCNotification,
  isJSONRPCRequest,
  isJSONRPCResultResponse,
  type JSONRPCMessage,
} from '@modelcontextprotocol/server';
import { SmcpError } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';

export type RequestId = string | number;

export type UnderWay<T> = {
  /**
   * Takes in all of these requests or none.
   *
   * @throws `QUEUE_FULL` beyond `requestsPerSessionMax` · `REQUEST_INVALID` for an id that is under way, given twice or
   * too long
   */
  readonly admit: (ids: readonly RequestId[], entry: T) => void;
  /** Gives the request's place free; undefined when none of this id is under way. */
  readonly settle: (id: RequestId) => T | undefined;
  readonly find: (id: RequestId) => T | undefined;
  /** Gives every place free. */
  readonly settleAll: () => readonly T[];
  readonly size: () => number;
};

export function createUnderWay<T>(): UnderWay<T> {
  const entries = new Map<RequestId, T>();
  return {
    admit: (ids, entry) => {
      for (const id of ids) check(id, entries);
      if (new Set(ids).size < ids.length) throw invalid('two requests have the same id', OWN_ID);
      if (entries.size + ids.length > LIMITS.requestsPerSessionMax) {
        throw new SmcpError('QUEUE_FULL', 'too many requests are under way on this session', {
          details: { remedy: 'wait for answers before asking more' },
        });
      }
      for (const id of ids) entries.set(id, entry);
    },
    settle: (id) => {
      const entry = entries.get(id);
      entries.delete(id);
      return entry;
    },
    find: (id) => entries.get(id),
    settleAll: () => {
      const all = [...entries.values()];
      entries.clear();
      return all;
    },
    size: () => entries.size,
  };
}

const OWN_ID = 'give each request an id of its own';

function check(id: RequestId, underWay: ReadonlyMap<RequestId, unknown>): void {
  if (underWay.has(id)) throw invalid('a request with this id is under way already', OWN_ID);
  checkRequestId(id);
}

/** @throws `REQUEST_INVALID` for an id that is too long to be kept until the answer. */
export function checkRequestId(id: RequestId): void {
  if (typeof id !== 'string' || id.length <= LIMITS.requestIdLengthMax) return;
  throw invalid(
    `the id of a request has at most ${LIMITS.requestIdLengthMax} characters`,
    'count requests, or use UUIDs',
  );
}

/** Admits a request for which room is kept already; the room is given back where it is refused. @throws as `admit` */
export function admitWithRoom(underWay: UnderWay<() => void>, id: RequestId, release: () => void): void {
  try {
    underWay.admit([id], release);
  } catch (thrown) {
    release();
    throw thrown;
  }
}

/** A value that is a JSON-RPC 2.0 message; undefined for anything else, a batch too. */
export function asMessage(value: unknown): JSONRPCMessage | undefined {
  if (isJSONRPCRequest(value) || isJSONRPCNotification(value)) return value;
  return isJSONRPCResultResponse(value) || isJSONRPCErrorResponse(value) ? value : undefined;
}

/**
 * Passes what is not `initialize`: what a client says of itself is kept as long as its session.
 *
 * @throws `REQUEST_INVALID` beyond `initializeLengthMax`
 */
export function checkInitialize(message: JSONRPCMessage): void {
  if (!('method' in message) || message.method !== 'initialize') return;
  if (JSON.stringify(message.params ?? {}).length <= LIMITS.initializeLengthMax) return;
  throw invalid(`initialize has at most ${LIMITS.initializeLengthMax} characters of params`, 'say less of the client');
}

/** The id of a request; undefined for any other message. */
export function requestId(message: JSONRPCMessage): RequestId | undefined {
  return 'method' in message && 'id' in message ? message.id : undefined;
}

/** The request that a `notifications/cancelled` takes back; undefined for any other message. */
export function cancelledId(message: JSONRPCMessage): RequestId | undefined {
  if (!('method' in message) || message.method !== 'notifications/cancelled') return undefined;
  const id = message.params?.['requestId'];
  return typeof id === 'string' || typeof id === 'number' ? id : undefined;
}

export function cancelledNotice(id: RequestId): JSONRPCMessage {
  return { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: id } };
}

function invalid(message: string, remedy: string): SmcpError {
  return new SmcpError('REQUEST_INVALID', message, { details: { remedy } });
}
