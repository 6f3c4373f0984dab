// Where an issuer's keys are, found by its name alone: which documents are asked for, which of them are believed, and for how long.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LIMITS } from '#base/limits.ts';
import { trustedAddress } from '#base/trusted-address.ts';
import { keysAddressIn, metadataAddresses } from '#identity/oauth/discover.ts';
import { makeKey, openIssuer, type TestIssuer } from './issuer-server.ts';
import { metadataOf, OPENID, type Published, publish, RFC8414 } from './published.ts';
import { createSide } from './world.ts';

let issuer: TestIssuer;
beforeEach(async () => {
  issuer = await openIssuer();
});
afterEach(() => issuer.close());

const sideAt = (path = '') => createSide(issuer, { isDiscovered: true, issuer: `${issuer.url}${path}` });
const signAt = (path = '') => issuer.sign({ iss: `${issuer.url}${path}` });

describe('the metadata of an issuer', () => {
  test('has its well-known path before the path of the issuer, and that of OpenID behind it, too', () => {
    expect(metadataAddresses('https://a.example')).toEqual([
      'https://a.example/.well-known/oauth-authorization-server',
      'https://a.example/.well-known/openid-configuration',
    ]);
    for (const slash of ['', '/']) {
      expect(metadataAddresses(`https://a.example/realms/home${slash}`)).toEqual([
        'https://a.example/.well-known/oauth-authorization-server/realms/home',
        'https://a.example/.well-known/openid-configuration/realms/home',
        'https://a.example/realms/home/.well-known/openid-configuration',
      ]);
    }
  });

  test.each([
    ['of RFC 8414', '/realms/home', `${RFC8414}/realms/home`],
    ['of OpenID, with the path behind', '/realms/home', `${OPENID}/realms/home`],
    ['of OpenID, with the path before', '/realms/home', `/realms/home${OPENID}`],
    ['of an issuer whose name ends with a slash', '/application/o/smcp/', `/application/o/smcp${OPENID}`],
    ['of an issuer without a path', '', RFC8414],
  ])('%s leads to its keys', async (_, path, at) => {
    publish(issuer, { [at]: metadataOf(issuer, path) });
    expect(await sideAt(path).agentOf(await signAt(path))).toBe('athena');
  });

  test('is looked for at the next place where there is a page, or a redirection, in its place', async () => {
    const page = (response: Parameters<Extract<Published, (...given: never) => void>>[0]) =>
      void response.end('<html>sign in</html>');
    const elsewhere = await openIssuer();
    const { asked } = publish(issuer, {
      [`${RFC8414}/r`]: page,
      [`${OPENID}/r`]: (response) => void response.writeHead(302, { location: `${elsewhere.url}${OPENID}` }).end(),
      [`/r${OPENID}`]: metadataOf(issuer, '/r'),
    });
    expect(await sideAt('/r').agentOf(await signAt('/r'))).toBe('athena');
    expect(asked).toEqual([`${RFC8414}/r`, `${OPENID}/r`, `/r${OPENID}`, '/keys']);
    expect(elsewhere.state.asked).toBe(0);
    await elsewhere.close();
  });
});

describe('metadata that is not believed', () => {
  test.each<[string, (at: TestIssuer) => object]>([
    ['of another issuer of the same host (mix-up)', (at) => metadataOf(at, '/other')],
    ['of an issuer with a slash more', (at) => metadataOf(at, '/')],
    ['of an issuer in capitals', (at) => ({ ...metadataOf(at), issuer: at.url.toUpperCase() })],
    ['without a name', (at) => ({ jwks_uri: `${at.url}/keys` })],
    ['without keys', (at) => ({ issuer: at.url })],
    ['with a list of addresses', (at) => ({ ...metadataOf(at), jwks_uri: [`${at.url}/keys`] })],
    ['with keys in a file', (at) => ({ ...metadataOf(at), jwks_uri: 'file:///etc/passwd' })],
    ['with keys in the document', (at) => ({ ...metadataOf(at), jwks_uri: undefined, jwks: { keys: at.state.keys } })],
    ['with keys over http elsewhere', (at) => ({ ...metadataOf(at), jwks_uri: 'http://keys.example/keys' })],
    ['with a password', (at) => ({ ...metadataOf(at), jwks_uri: `${at.url.replace('//', '//me:pw@')}/keys` })],
  ])('%s: its keys are not asked for, and the next place is not tried', async (_, document) => {
    const { asked } = publish(issuer, { [RFC8414]: document(issuer), [OPENID]: metadataOf(issuer) });
    const side = sideAt();
    expect(await side.agentOf(await signAt())).toBeUndefined();
    expect(asked).toEqual([RFC8414]);
    expect(side.said.some(({ fields }) => fields['code'] === 'ISSUER_UNAVAILABLE')).toBe(true);
    // The control: the same issuer with the right document.
    publish(issuer, { [RFC8414]: metadataOf(issuer) });
    expect(await sideAt().agentOf(await signAt())).toBe('athena');
  });

  test('of a server elsewhere that points to this machine', () => {
    const about = { issuer: 'https://auth.example', uri: 'https://auth.example/x' };
    const document = (uri: string) => ({ issuer: 'https://auth.example', jwks_uri: uri });
    for (const uri of ['http://127.0.0.1:8500/v1/kv', 'https://localhost/keys', 'http://[::1]/keys']) {
      expect(() => keysAddressIn(document(uri), about)).toThrow('can not be trusted');
    }
    const spelled = [
      'localhost.',
      'a.localhost',
      'a.localhost.',
      '0.0.0.0',
      '0',
      '127.1',
      '0x7f.1',
      '2130706433',
      '[::]',
    ];
    for (const host of [
      ...spelled,
      '[::ffff:127.0.0.1]',
      '[::ffff:7f00:2]',
      '[::ffff:0.0.0.0]',
      'LOCALHOST',
      '①27.0.0.1',
    ]) {
      expect(() => keysAddressIn(document(`https://${host}/keys`), about)).toThrow('can not be trusted');
    }
    // By http nothing is believed of a name that a resolver has the last word on.
    expect(trustedAddress('http://a.localhost/')).toBeUndefined();
    for (const host of ['localhost.example', 'mylocalhost', '[::ffff:5db8:d70e]', '127.example']) {
      expect(keysAddressIn(document(`https://${host}/keys`), about)).toBe(`https://${host}/keys`);
    }
    const other = 'https://keys.example/certs';
    expect(keysAddressIn(document(other), about)).toBe(other);
  });

  test('that has a megabyte, or never ends, or fails', async () => {
    for (const answer of [
      (response) => void response.end(JSON.stringify({ ...metadataOf(issuer), more: 'x'.repeat(1024 * 1024) })),
      (response) => void response.write('{"issuer":'),
      (response) => void response.writeHead(500).end(),
    ] satisfies Published[]) {
      const { asked } = publish(issuer, { [RFC8414]: answer, [OPENID]: metadataOf(issuer) });
      expect(await sideAt().agentOf(await signAt())).toBeUndefined();
      expect(asked).toEqual([RFC8414]);
    }
  });
});

describe('what was found', () => {
  test('is kept: neither metadata nor keys are fetched for each token, or for each key that a stranger invents', async () => {
    const { asked } = publish(issuer, { [RFC8414]: metadataOf(issuer) });
    const side = sideAt();
    for (let index = 0; index < 10; index += 1) {
      expect(await side.agentOf(await issuer.sign({ jti: `j${index}` }))).toBe('athena');
      expect(await side.agentOf(await issuer.sign({}, { header: { kid: `k${index}` } }))).toBeUndefined();
    }
    expect(asked).toEqual([RFC8414, '/keys']);
  });

  test('is not asked for again at once where nothing was found', async () => {
    const { asked } = publish(issuer, {});
    const side = sideAt();
    for (let index = 0; index < 5; index += 1) expect(await side.agentOf(await signAt())).toBeUndefined();
    expect(asked).toEqual([RFC8414, OPENID]);
    side.time.steadyMs += LIMITS.issuerRetryMs;
    publish(issuer, { [OPENID]: metadataOf(issuer) });
    expect(await side.agentOf(await signAt())).toBe('athena');
  });

  test('is followed when the issuer moves its keys', async () => {
    publish(issuer, { [RFC8414]: metadataOf(issuer) });
    const side = sideAt();
    expect(await side.agentOf(await signAt())).toBe('athena');
    const second = await makeKey('second');
    publish(issuer, {
      [RFC8414]: { ...metadataOf(issuer), jwks_uri: `${issuer.url}/moved` },
      '/keys': { keys: [issuer.first.jwk] },
      '/moved': { keys: [second.jwk] },
    });
    side.time.steadyMs += LIMITS.issuerMetadataFreshMs;
    expect(await side.agentOf(await issuer.sign({}, { key: second }))).toBe('athena');
    expect(await side.agentOf(await issuer.sign({ jti: 'j2' }))).toBeUndefined();
  });

  test('is used while the metadata can not be had, for a day and no longer', async () => {
    const { documents } = publish(issuer, { [RFC8414]: metadataOf(issuer) });
    const side = sideAt();
    const agentAfter = async (ms: number) => {
      side.time.steadyMs += ms;
      side.time.nowMs += ms;
      return side.agentOf(await issuer.sign({}, { nowMs: side.time.nowMs }));
    };
    expect(await agentAfter(0)).toBe('athena');
    documents[RFC8414] = (response) => void response.writeHead(503).end();
    expect(await agentAfter(LIMITS.issuerMetadataStaleMsMax - 1)).toBe('athena');
    expect(side.said.some(({ message }) => message.includes('its keys are where they were'))).toBe(true);
    expect(await agentAfter(LIMITS.issuerKeysStaleMsMax)).toBeUndefined();
    documents[RFC8414] = metadataOf(issuer);
    expect(await agentAfter(LIMITS.issuerRetryMs)).toBe('athena');
  });

  test('is waited for no longer once the server stops', async () => {
    publish(issuer, { [RFC8414]: () => {} });
    const side = sideAt();
    const shown = side.agentOf(await signAt());
    await expect.poll(() => issuer.state.asked).toBe(1);
    side.stopping.abort();
    expect(await shown).toBeUndefined();
  });
});
