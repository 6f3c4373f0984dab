// A JSON-RPC message whose call keeps its arguments as they were written. Pure. Called by the doors, and by the client side of
// stdio. **Trust:** the message is an agent's.

import { type ExactJson, isExactObject, roundedJson } from '#base/exact-json.ts';

/**
 * A message as the protocol has it: plain JSON, but for the arguments of `tools/call`, whose numbers keep their spelling. The
 * messages of a batch likewise.
 */
export function withExactArguments(body: ExactJson | undefined): unknown {
  if (body === undefined) return undefined;
  const rounded = roundedJson(body);
  if (rounded === body) return body;
  return Array.isArray(body) ? body.map(exactMessage) : exactMessage(body);
}

function exactMessage(message: ExactJson): unknown {
  if (!isExactObject(message) || message['method'] !== 'tools/call') return roundedJson(message);
  const { params } = message;
  if (!isExactObject(params) || !Object.hasOwn(params, 'arguments')) return roundedJson(message);
  return { ...roundedJson(message), params: { ...roundedJson(params), arguments: params['arguments'] } };
}
