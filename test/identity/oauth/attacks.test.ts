// Access tokens that must not be taken. Each attack stands beside the same token without it, which is taken.

import { createHmac, createPublicKey, KeyObject, sign as signBytes } from 'node:crypto';
import { exportJWK } from 'jose';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LIMITS } from '#base/limits.ts';
import {
  AUDIENCE,
  type Claims,
  handMade,
  makeKey,
  openIssuer,
  type Signing,
  type TestIssuer,
} from './issuer-server.ts';
import { createSide } from './world.ts';

let issuer: TestIssuer;
beforeEach(async () => {
  issuer = await openIssuer();
});
afterEach(() => issuer.close());

const nowS = () => Math.floor(Date.now() / 1000);
const claimsOf = (more: Claims = {}) => ({
  ...{ iss: issuer.url, aud: AUDIENCE, sub: 'u1', client_id: 'athena', iat: nowS(), exp: nowS() + 600 },
  ...more,
});

describe('a good token', () => {
  test.each(['RS256', 'PS256', 'ES256', 'EdDSA'])('is taken when it is signed by %s', async (alg) => {
    const key = await makeKey('k', alg);
    issuer.state.keys = [key.jwk];
    expect(await createSide(issuer).agentOf(await issuer.sign({}, { key }))).toBe('athena');
  });

  test('is taken with the media type written whole, and with our audience among others', async () => {
    const { agentOf } = createSide(issuer);
    expect(await agentOf(await issuer.sign({}, { header: { typ: 'application/at+jwt' } }))).toBe('athena');
    expect(await agentOf(await issuer.sign({ aud: ['https://other.example', AUDIENCE] }))).toBe('athena');
  });
});

describe('what is not signed by the issuer', () => {
  test('alg none, in each spelling, with and without a signature', async () => {
    const { agentOf } = createSide(issuer);
    for (const alg of ['none', 'None', 'NONE', 'nOnE', '']) {
      for (const signature of ['', 'AAAA']) {
        expect(await agentOf(handMade({ alg, typ: 'at+jwt', kid: 'first' }, claimsOf(), signature))).toBeUndefined();
      }
    }
    expect(await agentOf(await issuer.sign())).toBe('athena');
  });

  test('HS256 with the public key as the secret, in each form that it is written in', async () => {
    const key = await makeKey('rsa', 'RS256');
    issuer.state.keys = [key.jwk];
    const spki = createPublicKey({ key: key.jwk as never, format: 'jwk' });
    const secrets = [
      spki.export({ type: 'spki', format: 'pem' }),
      spki.export({ type: 'spki', format: 'der' }),
      spki.export({ type: 'pkcs1', format: 'pem' }),
      JSON.stringify(key.jwk),
      String(key.jwk.n),
    ];
    const { agentOf } = createSide(issuer);
    for (const secret of secrets) {
      const unsigned = handMade({ alg: 'HS256', typ: 'at+jwt', kid: 'rsa' }, claimsOf()).slice(0, -1);
      const mac = createHmac('sha256', secret).update(unsigned).digest('base64url');
      expect(await agentOf(`${unsigned}.${mac}`)).toBeUndefined();
    }
    expect(await agentOf(await issuer.sign({}, { key }))).toBe('athena');
  });

  test('the right key id, and another key', async () => {
    const { agentOf } = createSide(issuer);
    expect(await agentOf(await issuer.sign({}, { key: await makeKey('first') }))).toBeUndefined();
  });

  test('claims that were changed after it was signed', async () => {
    const { agentOf } = createSide(issuer);
    const [header, claims, signature] = (await issuer.sign({ client_id: 'hermes' })).split('.');
    const other = JSON.parse(Buffer.from(String(claims), 'base64url').toString());
    const changed = Buffer.from(JSON.stringify({ ...other, client_id: 'athena' })).toString('base64url');
    expect(await agentOf(`${header}.${changed}.${signature}`)).toBeUndefined();
    expect(await agentOf(`${header}.${claims}.${signature}`)).toBe('hermes');
  });

  test('an algorithm that the configuration leaves out, though the issuer has the key', async () => {
    const token = await issuer.sign();
    expect(await createSide(issuer, { algorithms: ['RS256'] }).agentOf(token)).toBeUndefined();
    expect(await createSide(issuer).agentOf(token)).toBe('athena');
  });

  test('a key that came with the token, or is said to be elsewhere: nobody asks there', async () => {
    const own = await makeKey('own');
    const elsewhere = await openIssuer();
    elsewhere.state.keys = [own.jwk];
    const { agentOf } = createSide(issuer);
    for (const header of [
      { jwk: await exportJWK(createPublicKey({ key: own.jwk as never, format: 'jwk' })) },
      { jku: `${elsewhere.url}/keys` },
      { x5u: `${elsewhere.url}/keys` },
    ]) {
      for (const kid of ['own', 'first']) {
        expect(
          await agentOf(await issuer.sign({}, { key: own, header: { ...header, kid } } as Signing)),
        ).toBeUndefined();
      }
    }
    expect(elsewhere.state.asked).toBe(0);
    expect(await createSide(elsewhere).agentOf(await elsewhere.sign({}, { key: own }))).toBe('athena');
    await elsewhere.close();
  });

  test.each(['../../../dev/null', '/etc/passwd', "first' OR '1'='1", '__proto__', 'constructor', '', 'x'.repeat(257)])(
    'the key id %j',
    async (kid) => {
      const { agentOf } = createSide(issuer);
      expect(await agentOf(await issuer.sign({}, { header: { kid } }))).toBeUndefined();
    },
  );

  test('no key id', async () => {
    const { agentOf } = createSide(issuer);
    const header = Buffer.from(JSON.stringify({ alg: 'ES256', typ: 'at+jwt' })).toString('base64url');
    const claims = Buffer.from(JSON.stringify(claimsOf())).toString('base64url');
    const data = Buffer.from(`${header}.${claims}`);
    const signature = signBytes('sha256', data, {
      key: KeyObject.from(issuer.first.privateKey),
      dsaEncoding: 'ieee-p1363',
    });
    expect(await agentOf(`${header}.${claims}.${signature.toString('base64url')}`)).toBeUndefined();
  });

  test('a header that must be understood and is not', async () => {
    const { agentOf } = createSide(issuer);
    const crit = handMade({ alg: 'ES256', typ: 'at+jwt', kid: 'first', crit: ['exp2'], exp2: 1 }, claimsOf()).slice(
      0,
      -1,
    );
    const signature = signBytes('sha256', Buffer.from(crit), {
      key: KeyObject.from(issuer.first.privateKey),
      dsaEncoding: 'ieee-p1363',
    });
    expect(await agentOf(`${crit}.${signature.toString('base64url')}`)).toBeUndefined();
    const plain = handMade({ alg: 'ES256', typ: 'at+jwt', kid: 'first' }, claimsOf()).slice(0, -1);
    const good = signBytes('sha256', Buffer.from(plain), {
      key: KeyObject.from(issuer.first.privateKey),
      dsaEncoding: 'ieee-p1363',
    });
    expect(await agentOf(`${plain}.${good.toString('base64url')}`)).toBe('athena');
  });
});

describe('what the issuer signed for somebody or something else', () => {
  test.each<[string, Claims, Signing['header']]>([
    ['another issuer', { iss: 'https://elsewhere.example' }, {}],
    ['its own address with a slash', { iss: 'SLASH' }, {}],
    ['another audience', { aud: 'https://other.example' }, {}],
    ['our audience with a slash', { aud: `${AUDIENCE}/` }, {}],
    ['a part of our audience', { aud: 'https://smcp.example' }, {}],
    ['no audience', { aud: undefined }, {}],
    ['an expired one', { exp: nowS() - 31 }, {}],
    ['one without an end', { exp: undefined }, {}],
    ['one whose end is a text', { exp: '9999999999' }, {}],
    ['one that begins later', { nbf: nowS() + 40 }, {}],
    ['one without a subject', { sub: undefined }, {}],
    ['one that is good for two days', { exp: nowS() + 2 * 86_400 }, {}],
    ['an ID token', {}, { typ: 'JWT' }],
    ['one that says nothing of its type', {}, { typ: undefined as never }],
    ['a logout token', {}, { typ: 'logout+jwt' }],
  ])('%s', async (_, claims, header) => {
    const { agentOf } = createSide(issuer);
    const iss = claims['iss'] === 'SLASH' ? { iss: `${issuer.url}/` } : {};
    expect(await agentOf(await issuer.sign({ ...claims, ...iss }, { header: header ?? {} }))).toBeUndefined();
    expect(await agentOf(await issuer.sign())).toBe('athena');
  });

  test('clocks may differ by the leeway, and by no more', async () => {
    const { agentOf } = createSide(issuer);
    expect(await agentOf(await issuer.sign({ exp: nowS() - 20 }))).toBe('athena');
    expect(await agentOf(await issuer.sign({ nbf: nowS() + 20 }))).toBe('athena');
    expect(await createSide(issuer, { leewayMs: 0 }).agentOf(await issuer.sign({ exp: nowS() - 20 }))).toBeUndefined();
  });

  test('where an issuer says JWT of access tokens, ID tokens and others are still told from them', async () => {
    const { agentOf } = createSide(issuer, { type: 'any' });
    const header = { typ: 'JWT' };
    expect(await agentOf(await issuer.sign({ typ: 'Bearer' }, { header }))).toBe('athena');
    for (const claims of [{ typ: 'ID' }, { nonce: 'n' }, { at_hash: 'h' }, { events: {} }, { typ: 'Refresh' }]) {
      expect(await agentOf(await issuer.sign(claims, { header }))).toBeUndefined();
    }
    expect(await agentOf(await issuer.sign({}, { header: { typ: 'dpop+jwt' } }))).toBeUndefined();
  });
});

describe('who it stands for', () => {
  test.each(['admin', 'smcp', 'zeus', 'Athena', '', 'athena ', '__proto__', 'constructor'])(
    'is nobody where the claim says %j: the policy names no such agent, and none is made',
    async (name) => {
      const side = createSide(issuer);
      expect(await side.agentOf(await issuer.sign({ client_id: name }))).toBeUndefined();
      expect(side.agents).toEqual(['athena', 'hermes']);
    },
  );

  test.each<[string, unknown]>([
    ['a list', ['athena']],
    ['an object', { name: 'athena' }],
    ['a number', 7],
    ['nothing', undefined],
  ])('is nobody where the claim is %s', async (_, value) => {
    expect(await createSide(issuer).agentOf(await issuer.sign({ client_id: value }))).toBeUndefined();
  });

  test('is who the configuration says of the value, and nobody where it says nothing', async () => {
    const side = createSide(issuer, { agentClaim: 'azp', agents: { desktop: 'hermes', root: 'admin' } });
    expect(await side.agentOf(await issuer.sign({ azp: 'desktop' }))).toBe('hermes');
    for (const azp of ['hermes', 'root', 'toString']) {
      expect(await side.agentOf(await issuer.sign({ azp }))).toBeUndefined();
    }
  });

  test('ends when the policy names the agent no more', async () => {
    const side = createSide(issuer);
    const token = await issuer.sign();
    const principal = await side.authenticate(token);
    if (principal === undefined) throw new Error('refused');
    expect(side.stillHolds(principal)).toBe(true);
    side.agents.shift();
    expect(side.stillHolds(principal)).toBe(false);
    expect(await side.agentOf(token)).toBeUndefined();
  });
});

test('a text that is longer than a token may be costs nothing', async () => {
  const side = createSide(issuer);
  const { looksSigned } = await import('#identity/oauth/jwt-parts.ts');
  expect(looksSigned(`${'a'.repeat(LIMITS.accessTokenLengthMax)}.b.c`)).toBe(false);
  expect(looksSigned(await issuer.sign())).toBe(true);
  expect(side.said).toEqual([]);
});
