// An agent whose issuer signs it any number of tokens: they push out nobody else's, and cost the host no time that grows with them.

import { describe, expect, test } from 'vitest';
import { systemClock } from '#base/clock.ts';
import { LIMITS } from '#base/limits.ts';
import { createKnownTokens, type SignedPrincipal } from '#identity/oauth/known-tokens.ts';
import { agent, signedBy } from '#test/identity/world.ts';

const HOUR_MS = 3_600_000;

const token = (name: string, n: number, livesMs = HOUR_MS): SignedPrincipal => ({
  ...{ kind: 'agent', agent: agent(name), tokenId: `oauth_${name}_${n}` },
  signed: { ...signedBy(), expiresMs: Date.now() + livesMs + n },
});

function world() {
  const counts = { looks: 0, ended: 0 };
  const known = createKnownTokens({
    clock: systemClock,
    stillHolds: ({ signed }) => {
      counts.looks += 1;
      return Date.now() < (signed?.expiresMs ?? 0);
    },
    onEnded: () => {
      counts.ended += 1;
    },
  });
  return { ...known, counts, [Symbol.dispose]: known.close };
}

describe('an agent that shows more and more tokens', () => {
  const COUNT = 5_000;

  test('is remembered by its last ones, and pushes out none of another agent', () => {
    using known = world();
    const other = token('hermes', 0);
    known.remember(other);
    const own = Array.from({ length: COUNT }, (_, n) => token('athena', n));
    for (const one of own) known.remember(one);
    expect(known.find(other.tokenId)).toBe(other);
    const left = own.filter(({ tokenId }) => known.find(tokenId) !== undefined);
    expect(left).toEqual(own.slice(-LIMITS.accessTokensKnownPerAgentMax));
    // A person can still revoke each: whose it is, is known.
    expect(own.every(({ tokenId, agent: name }) => known.ownerOf(tokenId) === name)).toBe(true);
  });

  test('has all looked at once in a while, and not for each of them', () => {
    using known = world();
    for (let n = 0; n < COUNT; n += 1) known.remember(token(`agent-${n % 500}`, n));
    // Each for each, as it would be without that, is a thousand times as often.
    expect(known.counts.looks).toBeLessThan(COUNT);
  });

  test('is told of the end of one that is not remembered any more, since a call may run with it', async () => {
    using known = world();
    known.remember(token('athena', 0, 100));
    for (let n = 1; n <= LIMITS.accessTokensKnownPerAgentMax; n += 1) known.remember(token('athena', n));
    expect(known.find('oauth_athena_0')).toBeUndefined();
    await expect.poll(() => known.counts.ended).toBeGreaterThan(0);
  });
});
