// The host calls of one run that were refused, or failed: when its code ends with one of them, the call's answer says what the
// refusal said. One of these per call; used for isolates and for programs.

import { ERRORS } from '#base/error-table.ts';
import type { ErrorCode, WireError } from '#base/errors.ts';
import { isJsonObject, type Json } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';

export type Refusals = {
  /** `body`: the error, as JSON text that left for the guest. */
  readonly add: (call: number, code: string, body: string) => void;
  /** Whether some host call was answered with the code. */
  readonly hasCode: (code: string) => boolean;
  /** The refusal of one host call; undefined: it was not refused, is too long to be kept, or too many came after it. */
  readonly of: (call: number) => WireError | undefined;
};

/** **Trust:** who asks for a refusal is a guest, or its warden: what it gets is what it was given before. */
export function createRefusals(): Refusals {
  const codes = new Set<string>();
  /** In the order in which they came. */
  const bodies = new Map<number, string>();
  return {
    add: (call, code, body) => {
      codes.add(code);
      if (body.length > LIMITS.hostRefusalBytesKeptMax) return;
      bodies.set(call, body);
      const [oldest] = bodies.keys();
      if (bodies.size > LIMITS.hostRefusalsKeptMax && oldest !== undefined) bodies.delete(oldest);
    },
    hasCode: (code) => codes.has(code),
    of: (call) => errorIn(bodies.get(call)),
  };
}

function errorIn(body: string | undefined): WireError | undefined {
  const value: Json = body === undefined ? null : JSON.parse(body);
  if (!isJsonObject(value)) return undefined;
  const { code, message, details } = value;
  if (typeof code !== 'string' || !Object.hasOwn(ERRORS, code) || typeof message !== 'string') return undefined;
  return { code: code as ErrorCode, message, ...(isJsonObject(details) ? { details } : {}) };
}
