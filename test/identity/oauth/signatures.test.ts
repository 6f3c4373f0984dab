// A signature can be written in more than one way, and an id says nothing of it: neither brings a revoked token back, nor lets one in
// that was not verified.

import { afterEach, beforeEach, expect, test } from 'vitest';
import { joinAuthenticators } from '#identity/authenticators.ts';
import { agent, world } from '#test/identity/world.ts';
import { openIssuer, type TestIssuer } from './issuer-server.ts';
import { createSide } from './world.ts';

let issuer: TestIssuer;
beforeEach(async () => {
  issuer = await openIssuer();
});
afterEach(() => issuer.close());

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
/** The order of the curve P-256. */
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** The same bytes, with other unused bits in the last character. */
function respelt(token: string): string {
  const last = ALPHABET.indexOf(token.at(-1) ?? 'A');
  return token.slice(0, -1) + ALPHABET[last ^ 1];
}

/** The other signature that a verifier of ECDSA takes for the same message. */
function mirrored(token: string): string {
  const at = token.lastIndexOf('.') + 1;
  const signature = Buffer.from(token.slice(at), 'base64url');
  const s = BigInt(`0x${signature.subarray(32).toString('hex')}`);
  const other = Buffer.from((ORDER - s).toString(16).padStart(64, '0'), 'hex');
  return token.slice(0, at) + Buffer.concat([signature.subarray(0, 32), other]).toString('base64url');
}

test.each([
  ['other unused bits', respelt],
  ['the mirrored signature', mirrored],
])('a revoked token stays revoked when it is written with %s', async (_, rewrite) => {
  const token = await issuer.sign();
  const other = rewrite(token);
  expect(other).not.toBe(token);
  const { authority } = world();
  const joined = joinAuthenticators(authority, createSide(issuer));
  const principal = await joined.authenticate(token);
  if (principal === undefined) throw new Error('refused');
  // The control: for a verifier it is as good as the first.
  expect(await createSide(issuer).agentOf(other)).toBe('athena');
  authority.revoke(principal.tokenId, agent('athena'));
  expect(await joined.authenticate(token)).toBeUndefined();
  expect(await joined.authenticate(other)).toBeUndefined();
  expect(await joined.authenticate(await issuer.sign({ jti: 'another' }))).toBeDefined();
});

test('what was signed, with a signature of nobody, is refused although the token was seen before', async () => {
  const side = createSide(issuer);
  const token = await issuer.sign();
  expect(await side.agentOf(token)).toBe('athena');
  const signed = token.slice(0, token.lastIndexOf('.'));
  for (const signature of ['AAAA', 'A'.repeat(86), token.slice(-43)]) {
    expect(await side.agentOf(`${signed}.${signature}`)).toBeUndefined();
  }
  expect(await side.agentOf(token)).toBe('athena');
});
