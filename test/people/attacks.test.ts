// What is sent in place of an honest passkey's answer. Each is the honest one with one thing bent; the control is the honest one.

import { createPublicKey, verify } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { sha256 } from '#base/digest.ts';
import { LIMITS } from '#base/limits.ts';
import { codeOf } from '#test/approvals/world.ts';
import { type Bend, challengeOf, createAuthenticator } from './authenticator.ts';
import { ANA, createWorld } from './world.ts';

const ADDRESS = '127.0.0.1';

/** An RSA key of 2,048 bits with this exponent: SPKI in base64url. */
function rsaKey(exponent: bigint): string {
  const hex = exponent.toString(16);
  const e = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex').toString('base64url');
  const jwk = { kty: 'RSA', n: Buffer.alloc(256, 0xff).toString('base64url'), e };
  return createPublicKey({ key: jwk, format: 'jwk' }).export({ format: 'der', type: 'spki' }).toString('base64url');
}
const DIGEST = 'ab'.repeat(32);

/** Of a signature; `undefined`: the honest one. */
const BENDS: readonly (readonly [string, Bend | undefined, string | undefined])[] = [
  ['the control: nothing bent', undefined, undefined],
  ['made on a page of another site', { origin: 'https://evil.example' }, 'PASSKEY_REFUSED'],
  ['made on another port of this machine', { origin: 'http://localhost:3000' }, 'PASSKEY_REFUSED'],
  ['made by http on another host', { origin: 'http://smcp.localhost:8000' }, 'PASSKEY_REFUSED'],
  ['for another relying party', { rpId: 'evil.example' }, 'PASSKEY_REFUSED'],
  ['without a touch', { flags: 0x04 }, 'PASSKEY_REFUSED'],
  ['by whoever holds the device', { flags: 0x01 }, 'PASSKEY_REFUSED'],
  ['of the making of a passkey', { type: 'webauthn.create' }, 'PASSKEY_REFUSED'],
  ['asked for by a frame in another page', { client: { crossOrigin: true } }, 'PASSKEY_REFUSED'],
  ['asked for below another page', { client: { topOrigin: 'https://evil.example' } }, 'PASSKEY_REFUSED'],
  ['by a copy, whose count lags behind', { signCount: 1 }, 'PASSKEY_REFUSED'],
];

describe('a signature over an approval', () => {
  test.each(BENDS)('%s', async (_what, bend, code) => {
    const { people, enrol, signIn } = createWorld();
    const ana = await enrol('ana');
    await signIn(ana);
    const assertion = ana.sign(challengeOf(DIGEST), bend);
    expect(await codeOf(() => people.checkSigned(ANA, assertion, DIGEST))).toBe(code);
  });

  test.each(['credential', 'authenticatorData', 'clientDataJSON', 'signature'] as const)(
    'counts for nothing with another byte in its %s',
    async (part) => {
      const { people, enrol } = createWorld();
      const ana = await enrol('ana');
      const honest = ana.sign(challengeOf(DIGEST));
      const bytes = Buffer.from(honest[part], 'base64url');
      for (let at = 0; at < bytes.length; at += 7) {
        const other = Buffer.from(bytes);
        other[at] = (other[at] ?? 0) ^ 1;
        const bent = { ...honest, [part]: other.toString('base64url') };
        expect([at, await codeOf(() => people.checkSigned(ANA, bent, DIGEST))]).toEqual([at, 'PASSKEY_REFUSED']);
      }
      expect(await codeOf(() => people.checkSigned(ANA, honest, DIGEST))).toBeUndefined();
    },
  );

  test('is for one statement, and no other', async () => {
    const { people, enrol } = createWorld();
    const ana = await enrol('ana');
    const assertion = ana.sign(challengeOf(DIGEST));
    expect(await codeOf(() => people.checkSigned(ANA, assertion, 'cd'.repeat(32)))).toBe('PASSKEY_REFUSED');
  });

  test('is of the person who is signed in, and of no other', async () => {
    const { people, enrol } = createWorld();
    const ben = await enrol('ben');
    expect(await codeOf(() => people.checkSigned(ANA, ben.sign(challengeOf(DIGEST)), DIGEST))).toBe('PASSKEY_REFUSED');
  });

  test.each([
    ['nothing', undefined],
    ['a list', []],
    ['a text', 'x'],
    ['numbers', { credential: 1, signature: 2 }],
  ])('is not %s', async (_what, given) => {
    expect(await codeOf(() => createWorld().people.checkSigned(ANA, given, DIGEST))).toBe('PASSKEY_REFUSED');
  });
});

describe('a sign-in', () => {
  test('is good once: sent again it opens nothing', async () => {
    const { people, enrol } = createWorld();
    const ana = await enrol('ana');
    const assertion = ana.sign(people.beginSignIn(ADDRESS).challenge);
    await people.signIn(assertion, ADDRESS);
    expect(await codeOf(() => people.signIn(assertion, ADDRESS))).toBe('PASSKEY_REFUSED');
  });

  test('answers a challenge of the server, in time', async () => {
    const { people, enrol, time, secretOf } = createWorld();
    const ana = await enrol('ana');
    expect(await codeOf(() => people.signIn(ana.sign(challengeOf(DIGEST)), ADDRESS))).toBe('PASSKEY_REFUSED');
    const ofEnrolment = (await people.beginEnrolment(secretOf('ana'), ADDRESS)).challenge;
    expect(await codeOf(() => people.signIn(ana.sign(ofEnrolment), ADDRESS))).toBe('PASSKEY_REFUSED');
    const { challenge } = people.beginSignIn(ADDRESS);
    time.pass(LIMITS.challengeMs);
    expect(await codeOf(() => people.signIn(ana.sign(challenge), ADDRESS))).toBe('PASSKEY_REFUSED');
  });

  test('is tried a bounded number of times from one address, which holds up no other', async () => {
    const { people, enrol, time } = createWorld();
    const ana = await enrol('ana');
    const attempt = (address: string) => codeOf(() => people.signIn({}, address));
    for (let count = 0; count < LIMITS.consoleFailuresMax; count += 1) {
      expect(await attempt('10.0.0.1')).toBe('PASSKEY_REFUSED');
    }
    expect(await attempt('10.0.0.1')).toBe('TOO_MANY_ATTEMPTS');
    const { challenge } = people.beginSignIn(ADDRESS);
    expect((await people.signIn(ana.sign(challenge), ADDRESS)).person).toBe('ana');
    time.pass(LIMITS.consoleFailuresMs);
    expect(await attempt('10.0.0.1')).toBe('PASSKEY_REFUSED');
  });

  test('is counted for a network of IPv6, in which everybody has any number of addresses', async () => {
    const { people } = createWorld();
    const attempt = (address: string) => codeOf(() => people.signIn({}, address));
    for (let count = 0; count < LIMITS.consoleFailuresMax; count += 1) {
      await attempt(`2001:db8:0:1:${count.toString(16)}::1`);
    }
    expect(await attempt('2001:db8:0:1:ffff::2')).toBe('TOO_MANY_ATTEMPTS');
    expect(await attempt('2001:db8::1:ffff:0:0:2')).toBe('TOO_MANY_ATTEMPTS');
    expect(await attempt('2001:db8:0:2::1')).toBe('PASSKEY_REFUSED');
  });

  test('by a flood of challenges pushes out nobody else’s', async () => {
    const { people, enrol } = createWorld();
    const ana = await enrol('ana');
    const { challenge } = people.beginSignIn(ADDRESS);
    for (let count = 0; count < LIMITS.challengesPerAddressMax * 4; count += 1) people.beginSignIn('10.0.0.1');
    for (let count = 0; count < LIMITS.challengesMax * 2; count += 1) {
      people.beginSignIn(`2001:db8:0:1:${(count >> 8).toString(16)}:${(count & 0xff).toString(16)}::`);
    }
    expect((await people.signIn(ana.sign(challenge), ADDRESS)).person).toBe('ana');
  });
});

describe('an enrolment', () => {
  const bendsOfMaking = BENDS.filter(([what]) => !/making|copy/.test(what));
  test.each([...bendsOfMaking, ['of a signature', { type: 'webauthn.get' }, 'PASSKEY_REFUSED'] as const])(
    '%s',
    async (_what, bend, code) => {
      const { people, secretOf } = createWorld();
      const secret = secretOf('ana');
      const { challenge } = await people.beginEnrolment(secret, ADDRESS);
      expect(await codeOf(() => people.enrol(secret, createAuthenticator().make(challenge, bend), ADDRESS))).toBe(code);
    },
  );

  test.each([
    ['a key of another kind', 'MCowBQYDK2VuAyEAQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE'],
    ['no key', 'AAAA'],
    ['a key with something after it', `${createAuthenticator('EdDSA').key}AA`],
    ['an RSA key with the exponent 1, for which anybody signs', rsaKey(1n)],
    ['an RSA key with an exponent that takes long', rsaKey((1n << 2039n) - 1n)],
    ['an RSA key with the exponent 3', rsaKey(3n)],
  ])('with %s is refused', async (_what, key) => {
    const { people, secretOf } = createWorld();
    const secret = secretOf('ana');
    const { challenge } = await people.beginEnrolment(secret, ADDRESS);
    const made = { ...createAuthenticator().make(challenge), key };
    expect(await codeOf(() => people.enrol(secret, made, ADDRESS))).toBe('PASSKEY_REFUSED');
  });
});

test('the control: OpenSSL takes a signature that nobody made, by a key with the exponent 1', () => {
  const key = createPublicKey({ key: Buffer.from(rsaKey(1n), 'base64url'), format: 'der', type: 'spki' });
  const digest = Buffer.from(sha256('anything').slice('sha256:'.length), 'hex');
  const told = Buffer.concat([Buffer.from('3031300d060960864801650304020105000420', 'hex'), digest]);
  const padding = Buffer.alloc(256 - 3 - told.length, 0xff);
  const made = Buffer.concat([Buffer.from([0, 1]), padding, Buffer.from([0]), told]);
  expect(verify('sha256', Buffer.from('anything'), key, made)).toBe(true);
});
