import { describe, expect, test } from 'vitest';
import { SmcpError } from '#base/errors.ts';
import type { Json, JsonObject } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import type { NetEntry } from '#domain/capability.ts';
import { openNet, type Respond, secretsOf } from './net-session.ts';

const API: NetEntry = { host: 'api.example.test', paths: ['/v1/*'], methods: ['GET', 'POST'] };
const OTHER: NetEntry = { host: 'other.example.test', ports: [8443], methods: ['GET', 'PUT'] };
const V1 = 'https://api.example.test/v1/x';

describe('a request that was given', () => {
  test('is made as it was asked, answered with status, URL, headers and body, and recorded by its host', async () => {
    const { call, requests, session } = openNet([API], {
      respond: () => ({ status: 404, headers: { 'content-type': 'text/plain' }, body: 'none' }),
    });
    const body = { text: 'é' };
    expect(await call({ url: `${V1}?q=1#part`, method: 'post', headers: { 'X-A': ' 1 ' }, body })).toEqual({
      ...{ status: 404, url: `${V1}?q=1`, headers: { 'content-type': 'text/plain' }, body: { text: 'none' } },
    });
    expect(requests).toEqual([
      expect.objectContaining({ agent: 'a', method: 'POST', headers: { 'x-a': '1' }, body: Buffer.from('é') }),
    ]);
    expect(session.used()).toEqual([
      expect.objectContaining({ kind: 'net', target: 'api.example.test:443', count: 1 }),
    ]);
  });

  test.each([
    [Buffer.from('\ufefftext'), { text: '\ufefftext' }],
    [Buffer.from([0xff, 0xfe]), { base64: '//4=' }],
    [Buffer.from([0xed, 0xa0, 0x80]), { base64: '7aCA' }],
    [Buffer.alloc(9, 1), { base64: 'AQEBAQEBAQEB' }],
    [Buffer.alloc(0), { text: '' }],
  ])('is answered in text where that is what it is, else in base64: %j', async (body, content) => {
    const { get } = openNet([API], { respond: () => ({ body }) });
    expect(await get(V1)).toMatchObject({ body: content });
  });

  test.each([Buffer.alloc(LIMITS.netAnswerBytesMax, 1), Buffer.alloc(LIMITS.netAnswerBytesMax, '"')])(
    'fits into the answer of a host call, however large it is',
    async (body) => {
      const headers = { a: '"'.repeat(LIMITS.netAnswerHeaderBytesMax) };
      const { get } = openNet([API], { respond: () => ({ body, headers }) });
      expect(Buffer.byteLength(JSON.stringify(await get(V1)))).toBeLessThan(LIMITS.hostAnswerBytesMax);
    },
  );

  test('has no cookies in its answer, and nothing of the connection', async () => {
    const headers = { 'set-cookie': 'a=b', connection: 'close', 'proxy-status': 'x', 'x-a': '1', __proto: '2' };
    const { get } = openNet([API], { respond: () => ({ headers }) });
    expect(await get(V1)).toMatchObject({ headers: { 'x-a': '1', __proto: '2' } });
    expect(Object.keys(((await get(V1)) as JsonObject)['headers'] as JsonObject)).toEqual(['x-a', '__proto']);
  });
});

describe('a request that was not given is refused before anything is asked', () => {
  test.each<[string, JsonObject]>([
    ['another host', { url: 'https://evil.example.test/v1/x' }],
    ['a longer name', { url: 'https://api.example.test.evil.test/v1/x' }],
    ['a shorter name', { url: 'https://example.test/v1/x' }],
    ['another path', { url: 'https://api.example.test/v2/x' }],
    ['the path of another entry', { url: 'https://api.example.test/' }],
    ['another method', { url: V1, method: 'DELETE' }],
    ['a method of another entry', { url: V1, method: 'PUT' }],
    ['another port', { url: 'https://api.example.test:8443/v1/x' }],
    ['the port that is meant by default, of an entry that names another', { url: 'https://other.example.test/' }],
    ['no TLS', { url: 'http://api.example.test/v1/x' }],
    ['no TLS at the port of TLS', { url: 'http://api.example.test:443/v1/x' }],
    ['no TLS at a port that is given', { url: 'http://other.example.test:8443/' }],
    ['an address', { url: 'https://127.0.0.1/v1/x' }],
  ])('%s', async (_, params) => {
    const { call, requests, session } = openNet([API, OTHER]);
    await expect(call(params)).rejects.toMatchObject({
      code: 'CAPABILITY_DENIED',
      details: { capability: 'net', asked: expect.stringContaining('http'), remedy: expect.any(String) },
    });
    expect([requests, session.used()]).toEqual([[], []]);
  });

  test('with what is allowed for the host, or which hosts are', async () => {
    const { get } = openNet([API, OTHER]);
    await expect(get('https://api.example.test/v2')).rejects.toMatchObject({
      details: { asked: 'GET https://api.example.test/v2', allowed: ['GET|POST api.example.test:443/v1/*'] },
    });
    const allowed = ['GET|POST api.example.test:443/v1/*', 'GET|PUT other.example.test:8443/*'];
    await expect(get('https://evil.test/')).rejects.toMatchObject({ details: { allowed } });
  });

  test('without TLS a host is spoken to that the operator has listed, at a port that an entry names', async () => {
    const listed = ['other.example.test', 'api.example.test'];
    const { get, asked } = openNet([API, OTHER], { listed });
    await get('http://other.example.test:8443/x');
    await expect(get('http://api.example.test:443/v1/x')).rejects.toMatchObject({ code: 'CAPABILITY_DENIED' });
    expect(asked()).toEqual(['GET http://other.example.test:8443/x']);
  });
});

describe('params that are no request', () => {
  const many = Object.fromEntries(Array.from({ length: LIMITS.netRequestHeadersMax + 1 }, (_, at) => [`x-${at}`, '']));
  test.each<[Json]>([
    [null],
    [V1],
    [{}],
    [{ url: 1 }],
    [{ url: V1, extra: 1 }],
    [{ url: V1, method: 'TRACE' }],
    [{ url: V1, method: 'CONNECT' }],
    [{ url: V1, method: 'GET\r\nX: y' }],
    [{ url: V1, method: ['GET'] }],
    [{ url: V1, redirect: 'maybe' }],
    [{ url: V1, headers: [] }],
    [{ url: V1, headers: { a: 1 } }],
    [{ url: V1, headers: { a: 'x\r\nhost: evil' } }],
    [{ url: V1, headers: { a: 'x\nb' } }],
    [{ url: V1, headers: { a: 'x\0' } }],
    [{ url: V1, headers: { a: 'é' } }],
    [{ url: V1, headers: { 'a b': '' } }],
    [{ url: V1, headers: { 'a:': '' } }],
    [{ url: V1, headers: { '': '' } }],
    [{ url: V1, headers: { a: '1', A: '2' } }],
    [{ url: V1, headers: many }],
    [{ url: V1, headers: { a: 'x'.repeat(LIMITS.netRequestHeaderBytesMax) } }],
    [{ url: V1, body: { text: '' } }],
    [{ url: V1, method: 'HEAD', body: { text: '' } }],
    [{ url: V1, method: 'POST', body: 'x' }],
    [{ url: V1, method: 'POST', body: {} }],
    [{ url: V1, method: 'POST', body: { text: 'a', base64: '' } }],
    [{ url: V1, method: 'POST', body: { text: '\ud800' } }],
    [{ url: V1, method: 'POST', body: { base64: 'YQ' } }],
    [{ url: V1, method: 'POST', body: { base64: 'Y Q=' } }],
    [{ url: V1, method: 'POST', body: { bytes: 'YQ==' } }],
    [{ url: V1, method: 'POST', body: { text: 'x'.repeat(LIMITS.netRequestBytesMax + 1) } }],
  ])('%.60j', async (params) => {
    const { call, requests } = openNet([API]);
    await expect(call(params)).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
    expect(requests).toEqual([]);
  });

  test.each(
    (
      'Host Connection Keep-Alive Transfer-Encoding Content-Length TE Trailer Upgrade Expect HTTP2-Settings Accept-Encoding ' +
      'Cookie Cookie2 Via Date Forwarded X-Forwarded-For X-Forwarded-Host X-Real-IP X-Original-URL X-Rewrite-URL ' +
      'X-HTTP-Method-Override X-HTTP-Method X-Method-Override Proxy-Authorization Proxy-Connection Sec-Fetch-Site __proto__'
    ).split(' '),
  )('the header %s, which is not a plugin’s to write', async (name) => {
    const { call, requests } = openNet([API]);
    const headers = JSON.parse(`{"${name}":"x"}`) as Json;
    await expect(call({ url: V1, headers })).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
    expect(requests).toEqual([]);
  });

  test('while other headers are', async () => {
    const headers = {
      authorization: 'Bearer a',
      accept: 'x/y',
      'x-api-key': 'k',
      'if-none-match': '"a"',
      range: 'bytes=0-1',
    };
    const { get, requests } = openNet([API]);
    await get(V1, { headers });
    expect(requests[0]?.headers).toEqual(headers);
  });
});

describe('a redirection', () => {
  const to =
    (location: string, status = 302): Respond =>
    ({ target }) =>
      target.url === V1 ? { status, headers: { location } } : { body: target.url };

  test.each([
    ['/v1/y', 'https://api.example.test/v1/y'],
    ['y?a=b', 'https://api.example.test/v1/y?a=b'],
    ['//api.example.test/v1/z', 'https://api.example.test/v1/z'],
    ['https://other.example.test:8443/', 'https://other.example.test:8443/'],
  ])('to %s is followed, and told by the URL of the answer', async (location, url) => {
    const { get, asked } = openNet([API, OTHER], { respond: to(location) });
    expect(await get(V1)).toMatchObject({ status: 200, url, body: { text: url } });
    expect(asked()).toEqual([`GET ${V1}`, `GET ${url}`]);
  });

  test.each([
    ['https://evil.example.test/', 'CAPABILITY_DENIED'],
    ['https://api.example.test/admin', 'CAPABILITY_DENIED'],
    ['../admin', 'CAPABILITY_DENIED'],
    ['https://api.example.test:444/v1/x', 'CAPABILITY_DENIED'],
    ['https://127.0.0.1/v1/x', 'CAPABILITY_DENIED'],
    ['https://169.254.169.254/latest/meta-data/', 'CAPABILITY_DENIED'],
    ['http://api.example.test/v1/x', 'FETCH_FAILED'],
    ['http://127.0.0.1/', 'FETCH_FAILED'],
    ['https://2130706433/', 'FETCH_FAILED'],
    ['https://[::1]/', 'FETCH_FAILED'],
    ['https://api.example.test@evil.test/', 'FETCH_FAILED'],
    ['//evil.test\\@api.example.test/', 'FETCH_FAILED'],
    ['\\\\evil.test/', 'FETCH_FAILED'],
    ['/v1/%2e%2e%2fadmin', 'FETCH_FAILED'],
    ['/v1/..;/admin', 'FETCH_FAILED'],
    ['file:///etc/passwd', 'FETCH_FAILED'],
    ['javascript:alert(1)', 'FETCH_FAILED'],
    [`/v1/${'x'.repeat(LIMITS.netUrlLengthMax)}`, 'FETCH_FAILED'],
  ])('to %.50s is not followed: %s', async (location, code) => {
    const { get, asked } = openNet([API, OTHER], { respond: to(location) });
    await expect(get(V1)).rejects.toMatchObject({ code });
    expect(asked()).toEqual([`GET ${V1}`]);
  });

  test('is a use of its own in the record, each hop by its host', async () => {
    const { get, session } = openNet([API, OTHER], { respond: to('https://other.example.test:8443/') });
    await get(V1);
    expect(session.used()).toEqual([
      expect.objectContaining({ target: 'api.example.test:443', count: 1 }),
      expect.objectContaining({ target: 'other.example.test:8443', count: 1 }),
    ]);
  });

  test('is followed so many times, and no further', async () => {
    const { get, asked } = openNet([API], { respond: () => ({ status: 307, headers: { location: '/v1/x' } }) });
    await expect(get(V1)).rejects.toMatchObject({ code: 'FETCH_FAILED', details: { reason: 'redirect' } });
    expect(asked()).toHaveLength(LIMITS.netRedirectsMax + 1);
  });

  test('is an error, or an answer, where that is asked', async () => {
    const { get, asked } = openNet([API], { respond: to('https://evil.example.test/') });
    await expect(get(V1, { redirect: 'error' })).rejects.toMatchObject({ details: { reason: 'redirect' } });
    expect(await get(V1, { redirect: 'manual' })).toMatchObject({
      ...{ status: 302, url: V1, headers: { location: 'https://evil.example.test/' } },
    });
    expect(asked()).toHaveLength(2);
  });

  test.each([
    [301, 'POST', 'GET', false],
    [302, 'POST', 'GET', false],
    [303, 'POST', 'GET', false],
    [303, 'PUT', 'GET', false],
    [301, 'PUT', 'PUT', true],
    [307, 'POST', 'POST', true],
    [308, 'POST', 'POST', true],
  ])('%d after %s is a %s; the body goes along: %s', async (status, before, method, hasBody) => {
    const entry = { ...API, methods: ['GET', 'POST', 'PUT'] };
    const { get, requests } = openNet([entry], { respond: to('/v1/y', status) });
    await get(V1, { method: before, body: { text: 'b' }, headers: { 'content-type': 'x/y', 'x-a': '1' } });
    expect(requests[1]).toMatchObject({
      ...{ method, body: hasBody ? Buffer.from('b') : undefined },
      headers: { 'x-a': '1', ...(hasBody ? { 'content-type': 'x/y' } : {}) },
    });
  });

  test('after which the method is not given is refused', async () => {
    const { get, asked } = openNet([{ ...API, methods: ['POST'] }], { respond: to('/v1/y', 303) });
    await expect(get(V1, { method: 'POST' })).rejects.toMatchObject({ code: 'CAPABILITY_DENIED' });
    expect(asked()).toHaveLength(1);
  });

  test('to another host takes no credentials along, and no body', async () => {
    const entry = { ...OTHER, methods: ['GET', 'POST'] };
    const place = 'https://other.example.test:8443/';
    const { get, requests } = openNet([API, entry], { respond: to(place, 307) });
    await get(V1, { headers: { authorization: 'Bearer a', 'x-api-key': 'k', accept: 'x/y' } });
    expect(requests[1]?.headers).toEqual({ accept: 'x/y' });
    const posting = get(V1, { method: 'POST', body: { text: 'b' } });
    await expect(posting).rejects.toMatchObject({ details: { reason: 'redirect' } });
    expect(requests).toHaveLength(3);
  });
});

describe('secrets', () => {
  const VALUE = 's3cr3t-value';
  const SECRETS = { 'api.example.test': { authorization: VALUE } };
  const bearer = { authorization: 'mine' };

  test('go to their host over what the plugin wrote, and to no other host of a redirection', async () => {
    const respond: Respond = ({ target }) =>
      target.host === 'api.example.test'
        ? { status: 302, headers: { location: 'https://other.example.test:8443/' } }
        : {};
    const { get, requests } = openNet([API, OTHER], { respond, secrets: secretsOf(SECRETS) });
    await get(V1, { headers: bearer });
    expect(requests.map(({ headers }) => headers)).toEqual([{ authorization: VALUE }, {}]);
  });

  test('that a server answers with are masked in body, bytes, headers and URL, before anything is encoded', async () => {
    const binary = Buffer.concat([Buffer.from([0xff]), Buffer.from(VALUE)]);
    const respond: Respond = ({ target }) =>
      target.query === ''
        ? { status: 302, headers: { location: `/v1/x?k=${VALUE}` } }
        : {
            body: binary,
            headers: {
              'x-echo': `a ${VALUE}`,
              [VALUE]: 'name',
              etag: '"1"',
              'content-length': '13',
              'x-sha-digest': '1',
            },
          };
    const { get, session } = openNet([API], { respond, secrets: secretsOf(SECRETS) });
    const answer = await get(V1);
    expect(answer).toEqual({
      ...{ status: 200, url: `${V1}?k=[secret]`, headers: { 'x-echo': 'a [secret]', '[secret]': 'name' } },
      body: { base64: Buffer.concat([Buffer.from([0xff]), Buffer.from('[secret]')]).toString('base64') },
    });
    expect(JSON.stringify(session.used())).not.toContain(VALUE);
  });

  test('are not in what a refusal quotes', async () => {
    const respond: Respond = () => ({ status: 302, headers: { location: `https://evil.test/?k=${VALUE}` } });
    const { get } = openNet([API], { respond, secrets: secretsOf(SECRETS) });
    const error = await get(V1).catch((thrown: SmcpError) => thrown.toWire());
    expect(error).toMatchObject({ code: 'CAPABILITY_DENIED', details: { asked: 'GET https://evil.test/?k=[secret]' } });
  });

  test('would be in an answer where nothing masks it, with its length beside', async () => {
    const respond: Respond = ({ headers }) => ({
      body: headers['authorization'] ?? '',
      headers: { 'content-length': '12' },
    });
    const secrets = { ...secretsOf(SECRETS), mask: () => undefined };
    expect(await openNet([API], { respond, secrets }).get(V1)).toMatchObject({
      ...{ body: { text: VALUE }, headers: { 'content-length': '12' } },
    });
    expect(await openNet([API], { respond, secrets: secretsOf(SECRETS) }).get(V1)).toMatchObject({
      ...{ body: { text: '[secret]' }, headers: {} },
    });
  });

  test('are not asked for in pieces', async () => {
    const { get, requests } = openNet([API], { secrets: secretsOf(SECRETS) });
    await expect(get(V1, { headers: { range: 'bytes=0-3' } })).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
    expect(requests).toEqual([]);
  });

  test.each([
    ['host', 'evil.test'],
    ['transfer-encoding', 'chunked'],
    ['authorization', 'a\r\nx: y'],
    ['authorization', 'é'],
  ])('are put into no header that is not to be written: %s', async (name, value) => {
    const secrets = secretsOf({ 'api.example.test': { [name]: value } });
    const { get, requests } = openNet([API], { secrets });
    const error = await get(V1).catch((thrown: SmcpError) => thrown.toWire());
    expect(error).toMatchObject({ code: 'REQUEST_INVALID' });
    expect(JSON.stringify(error)).not.toContain(value);
    expect(requests).toEqual([]);
  });

  test('that nobody has set end the call before anything is asked', async () => {
    const error = new SmcpError('NOT_FOUND', 'nobody has set it');
    const secrets = { headersFor: () => Promise.reject(error), mask: () => undefined };
    const { get, requests } = openNet([API], { secrets });
    await expect(get(V1)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(requests).toEqual([]);
  });

  test('may be a cookie, which a plugin may not write', async () => {
    const { get, requests } = openNet([API], { secrets: secretsOf({ 'api.example.test': { cookie: 'a=b' } }) });
    await get(V1);
    expect(requests[0]?.headers).toEqual({ cookie: 'a=b' });
  });
});
