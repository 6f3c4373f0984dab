// A request body from bytes to JSON that the rest may walk, compare and record without surprise: bounded in depth before
// it is parsed, free of keys that reach prototypes, and I-JSON in its numbers and strings, since what can't be written as
// canonical JSON can't be recorded. Numbers of a call's arguments keep their spelling. **Trust:** the bytes are the caller's.

import { isUtf8 } from 'node:buffer';
import { parseBoundedJson } from '#base/bounded-json.ts';
import { SmcpError } from '#base/errors.ts';
import { type ExactJson, exactValue, mayBeRespelled } from '#base/exact-json.ts';
import { jsonFault } from '#base/json-fault.ts';
import { LIMITS } from '#base/limits.ts';

/**
 * The JSON in `bytes`; undefined for an empty body. A number stands as it was spelled: `roundedJson`, or for messages
 * `withExactArguments`, makes the rest of it plain JSON.
 *
 * @throws `REQUEST_INVALID`
 */
export function parseJsonBody(bytes: Buffer): ExactJson | undefined {
  if (bytes.length === 0) return undefined;
  if (!isUtf8(bytes)) throw invalid('the body is not UTF-8');
  const text = bytes.toString('utf8');
  const parsed = parseBoundedJson(text);
  if (parsed.kind === 'too-deep') throw invalid(`the body is nested deeper than ${LIMITS.jsonDepthMax}`);
  if (parsed.kind === 'too-many') throw invalid(`the body has more than ${LIMITS.jsonValuesMax} values`);
  if (parsed.kind === 'broken') throw invalid('the body is not valid JSON');
  const value = mayBeRespelled(text) ? exactValue(text) : parsed.value;
  const fault = jsonFault(text, value);
  if (fault !== undefined) throw invalid(`the body ${fault}`);
  return value;
}

function invalid(message: string): SmcpError {
  return new SmcpError('REQUEST_INVALID', message, { details: { remedy: 'send one JSON document in UTF-8' } });
}
