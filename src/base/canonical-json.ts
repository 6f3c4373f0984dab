// Canonical JSON (RFC 8785, JCS). The only importer of `canonicalize`.

import canonicalizeModule from 'canonicalize';
import { SmcpError } from './errors.ts';
import type { Json } from './json.ts';

const canonicalize = canonicalizeModule as unknown as (value: unknown) => string | undefined;

/**
 * The JCS text of a JSON value. Integers beyond 2^53 are rounded by every JCS implementation: pass those as strings.
 *
 * @throws `INTERNAL` for what is not JSON (undefined, NaN, functions).
 */
export function canonicalJson(value: Json): string {
  let text: string | undefined;
  try {
    text = canonicalize(value);
  } catch (cause) {
    throw new SmcpError('INTERNAL', 'value is not JSON', { cause });
  }
  if (text === undefined) throw new SmcpError('INTERNAL', 'value is not JSON');
  return text;
}
