// A token that another issuer signed, revoked here: it is refused from then on, also after a restart.

import { expect, test } from 'vitest';
import type { Principal } from '#domain/agent.ts';
import type { DoorAuthenticator } from '#domain/ports.ts';
import { joinAuthenticators } from '#identity/authenticators.ts';
import type { Voucher } from '#identity/oauth/issuer.ts';
import { signedTokenId } from '#identity/token-text.ts';
import { agent, signedBy, world } from './world.ts';

const TEXT = 'aaa.bbb.ccc';
const principal: Principal = {
  ...{ kind: 'agent', agent: agent('athena'), tokenId: signedTokenId(TEXT) },
  signed: { ...signedBy(), expiresMs: 9_999_999_999_999 },
};

/** An issuer that finds every token good. */
const believing: DoorAuthenticator & Voucher = {
  authenticate: async () => principal,
  stillHolds: () => true,
  vouches: () => true,
  vouch: async () => true,
  onChange: () => () => {},
};

test('what was revoked stays so after a restart, and nothing else does', async () => {
  const { open, authority } = world();
  const joined = joinAuthenticators(authority, believing);
  expect(await joined.authenticate(TEXT)).toBe(principal);
  authority.revoke(principal.tokenId, agent('athena'));
  for (const doors of [joined, joinAuthenticators(open(), believing)]) {
    expect(await doors.authenticate(TEXT)).toBeUndefined();
    expect(doors.stillHolds(principal)).toBe(false);
    expect(await doors.authenticate('ddd.eee.fff')).toBe(principal);
  }
});

test('a text that is no signed token is not shown to the issuer', async () => {
  const { authority } = world();
  const joined = joinAuthenticators(authority, believing);
  for (const text of ['', 'x', 'a.b', 'a.b.c.d', 'a.b.', `a.b.${'c'.repeat(9_000)}`]) {
    expect(await joined.authenticate(text)).toBeUndefined();
  }
});

test('a clock that is set back gives no token again', () => {
  const { authority, time } = world();
  const { token } = authority.issue(agent('athena'), { expiresInMs: 10_000 });
  time.nowMs += 10_000;
  expect(authority.authenticate(token)).toBeUndefined();
  time.nowMs -= 9_000;
  expect(authority.authenticate(token)).toBeUndefined();
  // The control: one that has not ended at the latest time that was seen is good.
  const later = authority.issue(agent('athena'), { expiresInMs: 60_000 });
  expect(authority.authenticate(later.token)).toBeDefined();
});
