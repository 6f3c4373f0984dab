import { describe, expect, test } from 'vitest';
import { LIMITS } from '#base/limits.ts';
import type { NetEntry } from '#domain/capability.ts';
import { openNet, type Respond } from './net-session.ts';

const API: NetEntry = { host: 'api.example.test', paths: ['/v1/*'], methods: ['GET', 'POST'] };
const OTHER: NetEntry = { host: 'other.example.test', ports: [8443], methods: ['GET', 'PUT'] };
const V1 = 'https://api.example.test/v1/x';

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
