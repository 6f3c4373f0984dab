import { describe, expect, test } from 'vitest';
import type { Json, JsonObject } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import type { NetEntry } from '#domain/capability.ts';
import { openNet } from './net-session.ts';

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
      'X-HTTP-Method-Override X-HTTP-Method X-Method-Override Proxy-Authorization Proxy-Connection Sec-Fetch-Site __proto__ ' +
      'X_HTTP_Method_Override x-original_url X.Forwarded.For Content_Length X_Real_IP X-HTTP-Host-Override X-Override-URL ' +
      'X-Forwarded X-Envoy-Original-Path'
    ).split(' '),
  )('the header %s, which is not a plugin’s to write', async (name) => {
    const { call, requests } = openNet([API]);
    const headers = JSON.parse(`{"${name}":"x"}`) as Json;
    await expect(call({ url: V1, headers })).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
    expect(requests).toEqual([]);
  });

  test('by names that a server reads as one, whichever of them is written', () => {
    // As RFC 3875 has it (§4.1.18), and everything that is made after it.
    const variable = (name: string) => `HTTP_${name.toUpperCase().replace(/[^A-Z0-9]/g, '_')}`;
    expect(variable('x_http_method_override')).toBe(variable('X-HTTP-Method-Override'));
  });

  test('while other headers are', async () => {
    const headers = {
      authorization: 'Bearer a',
      accept: 'x/y',
      'x-api-key': 'k',
      'if-none-match': '"a"',
      range: 'bytes=0-1',
      x_trace_id: '1',
    };
    const { get, requests } = openNet([API]);
    await get(V1, { headers });
    expect(requests[0]?.headers).toEqual(headers);
  });
});
