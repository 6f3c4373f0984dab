// What a refused client is told about tokens: `WWW-Authenticate`. **Source:** RFC 6750 §3, RFC 9728 §5.1. **Trust:** the headers are the
// caller's; nothing of them is repeated.

import type { IncomingHttpHeaders } from 'node:http';
import type { SmcpError } from '#base/errors.ts';

/** `metadata`: where it is said which issuer's tokens are taken; absent: none but our own. Undefined where no token would help. */
export function challengeOf(
  { code, details }: SmcpError,
  { headers, metadata }: { readonly headers: IncomingHttpHeaders; readonly metadata: string | undefined },
): string | undefined {
  if (code !== 'UNAUTHENTICATED' && code !== 'INSUFFICIENT_SCOPE') return undefined;
  const scope = details['scope'];
  const parts = [
    ...(code === 'INSUFFICIENT_SCOPE' ? ['error="insufficient_scope"'] : []),
    // Who showed nothing is told nothing but that something is needed.
    ...(code === 'UNAUTHENTICATED' && showsToken(headers) ? ['error="invalid_token"'] : []),
    ...(code === 'INSUFFICIENT_SCOPE' && typeof scope === 'string' ? [`scope="${scope}"`] : []),
    ...(metadata === undefined ? [] : [`resource_metadata="${metadata}"`]),
  ];
  return parts.length === 0 ? 'Bearer' : `Bearer ${parts.join(', ')}`;
}

function showsToken(headers: IncomingHttpHeaders): boolean {
  return headers.authorization !== undefined || headers['x-api-key'] !== undefined;
}
