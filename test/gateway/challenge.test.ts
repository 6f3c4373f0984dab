// What a refused client is told about tokens.

import { describe, expect, test } from 'vitest';
import { SmcpError } from '#base/errors.ts';
import { challengeOf } from '#gateway/challenge.ts';

const METADATA = 'https://smcp.example/.well-known/oauth-protected-resource/mcp';
const unauthenticated = new SmcpError('UNAUTHENTICATED', 'a valid token is needed');
const lacking = new SmcpError('INSUFFICIENT_SCOPE', 'no', { details: { scope: 'doors:mcp' } });

describe('the challenge', () => {
  test.each([
    ['nobody, where no issuer is trusted', unauthenticated, {}, undefined, 'Bearer'],
    ['nobody', unauthenticated, {}, METADATA, `Bearer resource_metadata="${METADATA}"`],
    ['a bad token', unauthenticated, { authorization: 'Bearer x' }, undefined, 'Bearer error="invalid_token"'],
    [
      'a bad key, where an issuer is trusted',
      unauthenticated,
      { 'x-api-key': 'x' },
      METADATA,
      `Bearer error="invalid_token", resource_metadata="${METADATA}"`,
    ],
    [
      'a token without the scope',
      lacking,
      { authorization: 'Bearer x' },
      undefined,
      'Bearer error="insufficient_scope", scope="doors:mcp"',
    ],
  ])('to %s', (_, error, headers, metadata, expected) => {
    expect(challengeOf(error, { headers, metadata })).toBe(expected);
  });

  test('is absent where no other token would help', () => {
    expect(challengeOf(new SmcpError('FORBIDDEN', 'no'), { headers: {}, metadata: METADATA })).toBeUndefined();
  });
});
