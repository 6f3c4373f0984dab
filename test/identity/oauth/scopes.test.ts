// What the scopes of an issuer's token take away, and which ones it must have.

import { afterEach, beforeEach, expect, test } from 'vitest';
import { openIssuer, type TestIssuer } from './issuer-server.ts';
import { createSide } from './world.ts';

let issuer: TestIssuer;
beforeEach(async () => {
  issuer = await openIssuer();
});
afterEach(() => issuer.close());

const scopesOf = async (scope: unknown) => {
  const principal = await createSide(issuer).authenticate(await issuer.sign({ scope }));
  return principal?.kind === 'agent' ? (principal.rights?.scopes.lists ?? 'all') : 'refused';
};

test("scopes of ours narrow; the issuer's own are its matter", async () => {
  expect(await scopesOf('openid tools:demo_text__* profile doors:mcp')).toEqual([['tools:demo_text__*', 'doors:mcp']]);
  expect(await scopesOf('openid profile')).toBe('all');
  expect(await scopesOf(undefined)).toBe('all');
});

test.each(['tools:', 'tool:demo_text__*', 'doors:http', 'Tools:demo__*', 'openid doors:*', 'tools:a tools:b?'])(
  'a token with %j is refused: it was to take something away',
  async (scope) => {
    expect(await scopesOf(scope)).toBe('refused');
  },
);

test.each([[['tools:demo__*']], [7], [{}]])('a token whose scope is %j is refused', async (scope) => {
  expect(await scopesOf(scope)).toBe('refused');
});

test('a token without a scope that each must have is told so, and one with it is taken', async () => {
  const side = createSide(issuer, { requiredScopes: ['smcp', 'mcp'] });
  await expect(side.authenticate(await issuer.sign({ scope: 'smcp' }))).rejects.toMatchObject({
    code: 'INSUFFICIENT_SCOPE',
    details: { scope: 'smcp mcp' },
  });
  expect(await side.agentOf(await issuer.sign({ scope: 'mcp other smcp' }))).toBe('athena');
  // Who is nobody here is told nothing of scopes.
  expect(await side.agentOf(await issuer.sign({ client_id: 'zeus', scope: '' }))).toBeUndefined();
});

test('a token ends by itself, and whoever listens is told', async () => {
  const side = createSide(issuer, { leewayMs: 0 });
  const nowMs = side.time.nowMs;
  const principal = await side.authenticate(await issuer.sign({ exp: Math.floor(nowMs / 1000) + 1 }));
  if (principal === undefined) throw new Error('refused');
  const told = new Promise<void>((resolve) => void side.onChange(resolve));
  expect(side.stillHolds(principal)).toBe(true);
  side.time.nowMs += 1_000;
  expect(side.stillHolds(principal)).toBe(false);
  await told;
  side.close();
});
