// Reads the params of a host call, and refuses. Called by the broker's files only. Trusts nothing: params are the guest's.

import { SmcpError } from '#base/errors.ts';
import { isJsonObject, type Json, type JsonObject } from '#base/json.ts';
import { visibleText } from '#base/visible.ts';
import type { CapabilityKind } from '#domain/capability.ts';

/** What a refusal shows of what was asked, in UTF-16 units. */
const SHOWN_LENGTH_MAX = 256;

/** The params as an object with none but these keys. @throws `REQUEST_INVALID` */
export function fieldsOf(name: string, params: Json, keys: readonly string[]): JsonObject {
  const isKnown = isJsonObject(params) && Object.keys(params).every((key) => keys.includes(key));
  if (!isKnown) throw invalid(`${name} takes an object with: ${keys.join(', ')}`);
  return params;
}

/** The message quotes nothing of the guest's. */
export function invalid(message: string, remedy?: string): SmcpError {
  return new SmcpError('REQUEST_INVALID', message, remedy === undefined ? {} : { details: { remedy } });
}

/** A refusal that says what was asked, what is allowed, and how a person could allow it. */
export function denied(options: {
  readonly capability: CapabilityKind;
  /** The guest's words: what is shown of them is bounded and visible. */
  readonly asked: string;
  readonly allowed: readonly string[];
  readonly message: string;
  readonly remedy: string;
}): SmcpError {
  const { capability, asked, allowed, message, remedy } = options;
  return new SmcpError('CAPABILITY_DENIED', message, {
    details: { capability, asked: visibleText(asked, SHOWN_LENGTH_MAX), allowed: [...allowed], remedy },
  });
}
