// What the scopes of an issuer's token take away, and which ones it must have.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openIssuer, type TestIssuer } from './issuer-server.ts';
import { createSide } from './world.ts';

let issuer: TestIssuer;
beforeEach(async () => {
  issuer = await openIssuer();
});
afterEach(() => issuer.close());

const scopesOf = async (scope: unknown) => scopesOfClaims({ scope });
const scopesOfClaims = async (claims: { readonly scope?: unknown; readonly scp?: unknown }) => {
  const principal = await createSide(issuer).authenticate(await issuer.sign(claims));
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

describe.each(['scope', 'scp'])('the claim %s', (claim) => {
  test('is a text or a list of texts, and narrows either way', async () => {
    const narrowed = [['tools:demo__*', 'doors:mcp']];
    expect(await scopesOfClaims({ [claim]: 'openid tools:demo__* doors:mcp' })).toEqual(narrowed);
    expect(await scopesOfClaims({ [claim]: ['openid', 'tools:demo__*', 'doors:mcp'] })).toEqual(narrowed);
    expect(await scopesOfClaims({ [claim]: ['openid'] })).toBe('all');
    expect(await scopesOfClaims({ [claim]: [] })).toBe('all');
  });

  test.each([
    [7],
    [null],
    [{ tools: 'demo__*' }],
    [[['tools:demo__*']]],
    [['openid', 7]],
    [['openid tools:demo__*']],
    ['openid\ttools:demo__*'],
    ['openid\u00a0tools:demo__*'],
    ['"tools:demo__*"'],
    [['tools:']],
  ])('that is %j is refused: it may have been to take something away', async (value) => {
    expect(await scopesOfClaims({ [claim]: value })).toBe('refused');
  });
});

test('of two claims each narrows, and both say what the token has', async () => {
  expect(await scopesOfClaims({ scope: 'tools:a__*', scp: ['tools:b__*'] })).toEqual([['tools:a__*'], ['tools:b__*']]);
  expect(await scopesOfClaims({ scope: 'openid', scp: ['tools:b__*'] })).toEqual([['tools:b__*']]);
  expect(await scopesOfClaims({ scope: 'openid', scp: 7 })).toBe('refused');
  const side = createSide(issuer, { requiredScopes: ['smcp', 'mcp'] });
  expect(await side.agentOf(await issuer.sign({ scope: 'smcp', scp: ['mcp'] }))).toBe('athena');
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
