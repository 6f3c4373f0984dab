// An issuer's keys: bounded, kept for a while, asked for no more often than that, and without them nothing is verified.

import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LIMITS } from '#base/limits.ts';
import { keysFromFile } from '#identity/oauth/fetch-keys.ts';
import { readKeys } from '#identity/oauth/read-keys.ts';
import { kernelHoldsBytesMax } from '#test/gateway/http.ts';
import { type Claims, makeKey, openIssuer, type Signing, type TestIssuer } from './issuer-server.ts';
import { createSide } from './world.ts';

let issuer: TestIssuer;
beforeEach(async () => {
  issuer = await openIssuer();
});
afterEach(() => issuer.close());

/** Beyond the hour for which keys may be used. */
const longLived = (claims: Claims = {}, signing: Signing = {}) =>
  issuer.sign({ exp: Math.floor(Date.now() / 1000) + 40_000, ...claims }, signing);

describe('keys that are fetched', () => {
  test('are fetched once for many tokens, and a token is verified once', async () => {
    const side = createSide(issuer);
    const token = await issuer.sign();
    for (let index = 0; index < 5; index += 1) {
      expect(await side.agentOf(token)).toBe('athena');
      expect(await side.agentOf(await issuer.sign({ jti: `j${index}` }))).toBe('athena');
    }
    expect(issuer.state.asked).toBe(1);
  });

  test('are waited for no longer once the server stops, and none are good then', async () => {
    const side = createSide(issuer);
    // It takes the question and never answers.
    issuer.state.answer = () => {};
    const shown = side.agentOf(await issuer.sign());
    await expect.poll(() => issuer.state.asked).toBe(1);
    side.stopping.abort();
    expect(await shown).toBeUndefined();
  });

  test('are fetched once for tokens that come together', async () => {
    const side = createSide(issuer);
    const token = await issuer.sign();
    expect(await Promise.all([1, 2, 3].map(() => side.agentOf(token)))).toEqual(['athena', 'athena', 'athena']);
    expect(issuer.state.asked).toBe(1);
  });

  test('are fetched anew for a key that is not known, which is how issuers rotate', async () => {
    const side = createSide(issuer);
    await side.agentOf(await issuer.sign());
    const second = await makeKey('second');
    issuer.state.keys = [issuer.first.jwk, second.jwk];
    side.time.steadyMs += LIMITS.issuerRetryMs;
    expect(await side.agentOf(await issuer.sign({}, { key: second }))).toBe('athena');
    expect(issuer.state.asked).toBe(2);
  });

  test('are not fetched for each id that a stranger invents', async () => {
    const side = createSide(issuer);
    for (let index = 0; index < 20; index += 1) {
      expect(await side.agentOf(await issuer.sign({}, { header: { kid: `k${index}` } }))).toBeUndefined();
    }
    expect(issuer.state.asked).toBe(1);
    expect(await side.agentOf(await issuer.sign())).toBe('athena');
  });

  test('are fetched anew when they are old, so that a key that was taken back ends what came by it', async () => {
    const side = createSide(issuer);
    const token = await issuer.sign();
    const principal = await side.authenticate(token);
    if (principal === undefined) throw new Error('refused');
    let told = 0;
    side.onChange(() => {
      told += 1;
    });
    issuer.state.keys = [(await makeKey('second')).jwk];
    // The control: a little before, nobody asks again.
    side.time.steadyMs += LIMITS.issuerKeysFreshMs - 1;
    expect(await side.agentOf(token)).toBe('athena');
    side.time.steadyMs += 1;
    expect(await side.agentOf(token)).toBeUndefined();
    expect(told).toBe(1);
    expect(side.stillHolds(principal)).toBe(false);
  });

  test('are not believed once more where nobody came for most of an hour: a stolen key that was taken back opens nothing', async () => {
    const side = createSide(issuer);
    const known = await longLived();
    expect(await side.agentOf(known)).toBe('athena');
    issuer.state.keys = [(await makeKey('second')).jwk];
    side.time.steadyMs += LIMITS.issuerKeysStaleMsMax - 1;
    const fresh = await longLived({ jti: 'forged' });
    expect(await Promise.all([fresh, known].map(side.agentOf))).toEqual([undefined, undefined]);
    // The control: the same idle hour, and the key is still the issuer's.
    const other = createSide(issuer);
    issuer.state.keys = [issuer.first.jwk];
    expect(await other.agentOf(known)).toBe('athena');
    other.time.steadyMs += LIMITS.issuerKeysStaleMsMax - 1;
    expect(await Promise.all([fresh, known].map(other.agentOf))).toEqual(['athena', 'athena']);
  });

  test('are another key where another one stands under the same id: what came by the first one ends', async () => {
    const side = createSide(issuer);
    const token = await longLived();
    const principal = await side.authenticate(token);
    if (principal === undefined) throw new Error('refused');
    // The control: the same key, of which more is said.
    issuer.state.keys = [{ ...issuer.first.jwk, x5t: 'AAAA' }];
    side.time.steadyMs += LIMITS.issuerKeysFreshMs;
    expect(await side.agentOf(token)).toBe('athena');
    let told = 0;
    side.onChange(() => {
      told += 1;
    });
    const second = await makeKey(issuer.first.kid);
    issuer.state.keys = [second.jwk];
    side.time.steadyMs += LIMITS.issuerKeysFreshMs;
    expect(await side.agentOf(token)).toBeUndefined();
    expect(told).toBe(1);
    expect(side.stillHolds(principal)).toBe(false);
    expect(await side.agentOf(await longLived({}, { key: second }))).toBe('athena');
  });

  test('that are old are believed while the issuer is down, once it was asked: only the first who comes waits for it', async () => {
    const side = createSide(issuer);
    const token = await longLived();
    expect(await side.agentOf(token)).toBe('athena');
    issuer.state.answer = (response) => void response.writeHead(503).end();
    side.time.steadyMs += LIMITS.issuerKeysFreshMs;
    expect(await side.agentOf(token)).toBe('athena');
    issuer.state.answer = () => {};
    side.time.steadyMs += LIMITS.issuerRetryMs;
    expect(await side.agentOf(token)).toBe('athena');
    await expect.poll(() => issuer.state.asked).toBe(3);
    side.stopping.abort();
  });

  test('are used for a while when the issuer is down, and then no more', async () => {
    const side = createSide(issuer);
    const token = await issuer.sign({ exp: Math.floor(Date.now() / 1000) + 40_000 });
    expect(await side.agentOf(token)).toBe('athena');
    issuer.state.answer = (response) => void response.writeHead(503).end();
    side.time.steadyMs += LIMITS.issuerKeysStaleMsMax - 1;
    expect(await side.agentOf(token)).toBe('athena');
    await expect.poll(() => issuer.state.asked).toBe(2);
    side.time.steadyMs += LIMITS.issuerRetryMs;
    expect(await side.agentOf(token)).toBeUndefined();
    issuer.state.answer = undefined;
    side.time.steadyMs += LIMITS.issuerRetryMs;
    expect(await side.agentOf(token)).toBe('athena');
  });
});

describe('without keys nothing is verified', () => {
  test('where they were never fetched', async () => {
    issuer.state.answer = (response) => void response.writeHead(500).end();
    const side = createSide(issuer);
    expect(await side.agentOf(await issuer.sign())).toBeUndefined();
  });

  test('where they are elsewhere by now: no redirection is followed', async () => {
    const elsewhere = await openIssuer();
    issuer.state.answer = (response) => void response.writeHead(302, { location: `${elsewhere.url}/keys` }).end();
    expect(await createSide(issuer).agentOf(await issuer.sign())).toBeUndefined();
    expect(elsewhere.state.asked).toBe(0);
    await elsewhere.close();
  });

  test('where the document is larger than all that a kernel takes for a reader: it is not read to its end', async () => {
    const bytes = kernelHoldsBytesMax() + 16 * 1024 * 1024;
    let sent = 0;
    issuer.state.answer = (response) => {
      const chunk = Buffer.alloc(64 * 1024, 0x20);
      const more = () => {
        while (sent < bytes && !response.destroyed) {
          sent += chunk.length;
          if (!response.write(chunk)) return void response.once('drain', more);
        }
        response.end(JSON.stringify({ keys: issuer.state.keys }));
      };
      more();
    };
    expect(await createSide(issuer).agentOf(await issuer.sign())).toBeUndefined();
    expect(sent).toBeLessThan(bytes);
  });

  test('where the issuer never ends its answer', async () => {
    issuer.state.answer = (response) => void response.write('{"keys":[');
    const side = createSide(issuer);
    expect(await side.agentOf(await issuer.sign())).toBeUndefined();
    expect(side.said.some(({ fields }) => fields['code'] === 'ISSUER_UNAVAILABLE')).toBe(true);
  });
});

describe('a document of keys', () => {
  test.each([
    ['no JSON', '<html>'],
    ['no list', '{"keys":{}}'],
    ['no key', '{"keys":[]}'],
    ['nothing but texts', '{"keys":["a",null,7]}'],
    ['a list in place of an object', '[]'],
  ])('with %s is refused', (_, text) => {
    expect(() => readKeys(text)).toThrow(expect.objectContaining({ code: 'ISSUER_UNAVAILABLE' }));
  });

  test('has its symmetric, private, unnamed and encrypting keys left out', async () => {
    const good = await makeKey('good');
    const shared = { kty: 'oct', kid: 'shared', alg: 'HS256', k: randomBytes(32).toString('base64url') };
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const own = { ...privateKey.export({ format: 'jwk' }), kid: 'own' };
    const { kid: _, ...unnamed } = good.jwk;
    const others = [shared, own, unnamed, { ...good.jwk, kid: 'enc', use: 'enc' }];
    expect([...readKeys(JSON.stringify({ keys: [...others, good.jwk] })).ids.keys()]).toEqual(['good']);
    expect(() => readKeys(JSON.stringify({ keys: others }))).toThrow('no key that verifies');
  });

  test('with two keys of one id, or too many, is refused', async () => {
    const { jwk } = await makeKey('one');
    expect(() => readKeys(JSON.stringify({ keys: [jwk, jwk] }))).toThrow('two keys of one id');
    const many = Array.from({ length: LIMITS.issuerKeysMax + 1 }, (_, index) => ({ ...jwk, kid: `k${index}` }));
    expect(() => readKeys(JSON.stringify({ keys: many }))).toThrow('more than');
  });
});

describe('keys in a file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'smcp-keys-'));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test('are read, and not where others could write them', async () => {
    const { mkdirSync } = await import('node:fs');
    mkdirSync(folder, { recursive: true });
    const text = JSON.stringify({ keys: [issuer.first.jwk] });
    writeFileSync(join(folder, 'keys.json'), text, { mode: 0o600 });
    expect(await keysFromFile(join(folder, 'keys.json'))()).toBe(text);
    symlinkSync(join(folder, 'keys.json'), join(folder, 'link.json'));
    await expect(keysFromFile(join(folder, 'link.json'))()).rejects.toMatchObject({ code: 'HOME_UNSAFE' });
    await expect(keysFromFile(join(folder, 'none.json'))()).rejects.toMatchObject({ code: 'ISSUER_UNAVAILABLE' });
  });
});
