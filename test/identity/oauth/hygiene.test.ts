// Tokens that the issuer itself signed, and that must not be taken all the same: two readers could understand them differently, or nobody could
// take them back. Each stands beside one that differs in nothing else and is taken.

import { KeyObject, sign as signBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LIMITS } from '#base/limits.ts';
import { joinAuthenticators } from '#identity/authenticators.ts';
import { world } from '#test/identity/world.ts';
import { AUDIENCE, type Claims, makeKey, openIssuer, type TestIssuer } from './issuer-server.ts';
import { createSide } from './world.ts';

let issuer: TestIssuer;
beforeEach(async () => {
  issuer = await openIssuer();
});
afterEach(() => issuer.close());

const nowS = () => Math.floor(Date.now() / 1000);
const HEADER = '{"alg":"ES256","typ":"at+jwt","kid":"first"}';

const claimsOf = (more: Claims = {}): string =>
  JSON.stringify({
    ...{ iss: issuer.url, aud: AUDIENCE, sub: 'u1', client_id: 'athena', iat: nowS(), exp: nowS() + 600 },
    ...more,
  });

/** Signed as it stands, by the issuer's own key. */
function signed(claims: string | Buffer, header: string | Buffer = HEADER): string {
  const data = [header, claims].map((part) => Buffer.from(part as string).toString('base64url')).join('.');
  const key = KeyObject.from(issuer.first.privateKey);
  return `${data}.${signBytes('sha256', Buffer.from(data), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
}

const agentOf = (token: string) => createSide(issuer).agentOf(token);
const before = (text: string, more: string) => `{${more},${text.slice(1)}`;

test('a token that is signed by hand is one like any other', async () => {
  expect(await agentOf(signed(claimsOf()))).toBe('athena');
});

describe('a token that has more than one meaning', () => {
  test.each([
    ['another agent before', '"client_id":"hermes"'],
    ['the same agent before', '"client_id":"athena"'],
    ['the same key in other letters', '"cl\\u0069ent_id":"hermes"'],
    ['another end before', '"exp":9999999999'],
    ['a key twice further in', '"act":{"sub":"a","sub":"b"}'],
    ['a number that no reader holds', '"n":1e999'],
  ])('claims with %s', async (_, more) => {
    expect(await agentOf(signed(before(claimsOf(), more)))).toBeUndefined();
    expect(await agentOf(signed(before(claimsOf(), '"act":{"sub":"a"},"n":1e9')))).toBe('athena');
  });

  test.each([
    ['another algorithm before', before(HEADER, '"alg":"none"')],
    ['another key before', before(HEADER, '"kid":"second"')],
    ['a mark of the byte order', `\ufeff${HEADER}`],
    ['a list', `[${HEADER}]`],
    ['nothing', ''],
  ])('a header with %s', async (_, header) => {
    expect(await agentOf(signed(claimsOf(), header))).toBeUndefined();
  });

  test('claims that are no text', async () => {
    const bytes = Buffer.from(claimsOf({ name: 'x?x' }));
    bytes[bytes.indexOf('?')] = 0xff;
    expect(await agentOf(signed(bytes))).toBeUndefined();
    expect(await agentOf(signed(claimsOf({ name: 'xÿx' })))).toBe('athena');
  });

  test('claims that are nested very deep', async () => {
    const nested = (depth: number) => `"deep":${'['.repeat(depth)}${']'.repeat(depth)}`;
    expect(await agentOf(signed(before(claimsOf(), nested(1_000))))).toBeUndefined();
    expect(await agentOf(signed(before(claimsOf(), nested(10))))).toBe('athena');
  });
});

describe('a token whose times do not bound it', () => {
  test.each<[string, () => Claims]>([
    ['was issued five minutes from now', () => ({ iat: nowS() + 300 })],
    ['was issued at no time', () => ({ iat: undefined })],
    ['was issued at a time that is a text', () => ({ iat: String(nowS()) })],
    ['has no end', () => ({ exp: undefined })],
    ['ends in the year 56,000: milliseconds in place of seconds', () => ({ exp: Date.now() + 600_000 })],
    ['begins five minutes from now', () => ({ nbf: nowS() + 300 })],
    ['begins at a time that is a text', () => ({ nbf: '0' })],
    ['was good for a week, of which ten minutes are left', () => ({ iat: nowS() - 7 * 86_400 })],
  ])('%s', async (_, more) => {
    expect(await agentOf(signed(claimsOf(more())))).toBeUndefined();
  });

  test('may differ from our clock by the leeway', async () => {
    expect(await agentOf(signed(claimsOf({ iat: nowS() + 20, nbf: nowS() + 20 })))).toBe('athena');
    expect(await agentOf(signed(claimsOf({ iat: nowS() - 80_000 })))).toBe('athena');
  });
});

describe('a token whose names are no texts', () => {
  test.each<[string, Claims]>([
    ['a number as its subject', { sub: 7 }],
    ['an object as its own name', { jti: { a: 1 } }],
    ['an audience that is a number among texts', { aud: [AUDIENCE, 7] }],
    ['an audience in a list in a list', { aud: [[AUDIENCE]] }],
    ['an audience that is an object', { aud: { 0: AUDIENCE } }],
    ['no audience in its list', { aud: [] }],
    ['an issuer in a list', { iss: [''] }],
  ])('%s', async (_, more) => {
    expect(await agentOf(signed(claimsOf(more)))).toBeUndefined();
    expect(await agentOf(signed(claimsOf({ aud: ['https://other.example', AUDIENCE], jti: 'j' })))).toBe('athena');
  });
});

describe('a header', () => {
  test('whose claims are said not to be encoded', async () => {
    const header = '{"alg":"ES256","typ":"at+jwt","kid":"first","b64":false,"crit":["b64"]}';
    expect(await agentOf(signed(claimsOf(), header))).toBeUndefined();
  });

  test.each(['["exp"]', '[]', '"exp"', '[7]', '["__proto__"]'])('with crit %s', async (crit) => {
    expect(await agentOf(signed(claimsOf(), before(HEADER, `"crit":${crit}`)))).toBeUndefined();
  });

  test('that names an algorithm which its key is not for', async () => {
    const rsa = await makeKey('rsa', 'RS256');
    issuer.state.keys = [issuer.first.jwk, rsa.jwk];
    expect(await agentOf(signed(claimsOf(), HEADER.replace('first', 'rsa')))).toBeUndefined();
    expect(await agentOf(signed(claimsOf(), HEADER.replace('ES256', 'RS256')))).toBeUndefined();
    expect(await agentOf(await issuer.sign({}, { key: rsa }))).toBe('athena');
  });
});

test('a token of more than eight thousand signs is shown to no issuer, however good its signature is', async () => {
  const side = createSide(issuer);
  const doors = joinAuthenticators(world().authority, side);
  const huge = signed(claimsOf({ groups: 'g'.repeat(LIMITS.accessTokenLengthMax) }));
  expect(await doors.authenticate(huge)).toBeUndefined();
  expect(issuer.state.asked).toBe(0);
  expect(await doors.authenticate(signed(claimsOf({ groups: 'g'.repeat(5_000) })))).toBeDefined();
});
