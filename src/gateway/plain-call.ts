// The request that nearly all are: a tools/call of 2026-07-28 with nothing in it but what every client sends. It is read here at
// one look, since the SDK takes longer over a request than all that decides about the call. Whatever is not exactly such
// a request is the SDK's, with its checks and its words. Used by streamable.ts. **Trust:** headers and body are the agent's.

import type { IncomingHttpHeaders } from 'node:http';
import { type ExactJsonObject, isExactObject } from '#base/exact-json.ts';
import { isJsonObject, type JsonObject } from '#base/json.ts';
import { showsForms } from './approval-form.ts';
import { STATELESS_VERSION } from './protocol-server.ts';

export type PlainCall = {
  readonly id: string | number;
  readonly name: string;
  readonly args: ExactJsonObject;
  /** Whether the client says that it shows forms. */
  readonly canAskClient: boolean;
  /** Of `_meta`, what is not the protocol's. */
  readonly meta: JsonObject;
};

const RESERVED = 'io.modelcontextprotocol/';
const CLIENT_INFO_KEYS: ReadonlySet<string> = new Set(['name', 'version', 'title']);
/** Capabilities that say nothing beside their name. */
const CAPABILITIES: ReadonlySet<string> = new Set(['roots', 'sampling', 'elicitation', 'experimental', 'extensions']);
const OWN_META: ReadonlySet<string> = new Set(['smcp/session', 'smcp/idempotencyKey', 'smcp/approval']);

/** The call, where it is a plain one; undefined where the SDK has to look at it. */
export function plainCall(headers: IncomingHttpHeaders, body: unknown): PlainCall | undefined {
  if (headers['mcp-protocol-version'] !== STATELESS_VERSION || !isJsonObject(body)) return undefined;
  const { jsonrpc, id, method, params, ...more } = body;
  if (jsonrpc !== '2.0' || method !== 'tools/call' || !isJsonObject(params) || !isEmpty(more)) return undefined;
  if (typeof id !== 'string' && !Number.isSafeInteger(id)) return undefined;
  const { name, arguments: args = {}, _meta: meta, ...others } = params;
  if (typeof name !== 'string' || !isExactObject(args) || !isJsonObject(meta) || !isEmpty(others)) return undefined;
  const own: { [key: string]: JsonObject[string] } = {};
  for (const [key, value] of Object.entries(meta)) {
    if (OWN_META.has(key)) own[key] = value;
    else if (!isPlainEnvelope(key, value)) return undefined;
  }
  const capabilities = meta[`${RESERVED}clientCapabilities`];
  if (meta[`${RESERVED}protocolVersion`] === undefined || !isJsonObject(capabilities)) return undefined;
  return { id: id as string | number, name, args, canAskClient: showsForms(capabilities), meta: own };
}

function isPlainEnvelope(key: string, value: JsonObject[string]): boolean {
  switch (key) {
    case `${RESERVED}protocolVersion`:
      return value === STATELESS_VERSION;
    case `${RESERVED}clientInfo`:
      return (
        isJsonObject(value) &&
        typeof value['name'] === 'string' &&
        typeof value['version'] === 'string' &&
        Object.entries(value).every(([part, text]) => CLIENT_INFO_KEYS.has(part) && typeof text === 'string')
      );
    case `${RESERVED}clientCapabilities`:
      return (
        isJsonObject(value) &&
        Object.entries(value).every(([part, more]) => CAPABILITIES.has(part) && isJsonObject(more) && isEmpty(more))
      );
    default:
      return false;
  }
}

function isEmpty(value: object): boolean {
  for (const _key in value) return false;
  return true;
}
