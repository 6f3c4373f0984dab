import { describe, expect, test } from 'vitest';
import { SmcpError } from '#base/errors.ts';
import type { NetEntry } from '#domain/capability.ts';
import { openNet, type Respond, secretsOf } from './net-session.ts';

const API: NetEntry = { host: 'api.example.test', paths: ['/v1/*'], methods: ['GET', 'POST'] };
const OTHER: NetEntry = { host: 'other.example.test', ports: [8443], methods: ['GET', 'PUT'] };
const V1 = 'https://api.example.test/v1/x';

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

  test('are not put beside a header of the plugin’s that a server could read in their place', async () => {
    const { get, requests } = openNet([API], { secrets: secretsOf({ 'api.example.test': { 'x-api-key': VALUE } }) });
    await get(V1, { headers: { x_api_key: 'mine', 'X.Api-Key': 'mine', x_api: '1' } });
    expect(requests.map(({ headers }) => headers)).toEqual([{ 'x-api-key': VALUE, x_api: '1' }]);
  });

  test('that a server answers with are masked in body, bytes, headers and URL, before anything is encoded', async () => {
    const binary = Buffer.concat([Buffer.from([0xff]), Buffer.from(VALUE)]);
    const respond: Respond = () => ({
      body: binary,
      headers: {
        'x-echo': `a ${VALUE}`,
        [VALUE]: 'name',
        etag: '"1"',
        'content-length': '13',
        'x-sha-digest': '1',
        'content-md5': '1',
        'x-amz-content-sha256': '1',
        'x-signature': '1',
      },
    });
    const { get, session } = openNet([API], { respond, secrets: secretsOf(SECRETS) });
    const answer = await get(`${V1}?k=${VALUE}`);
    expect(answer).toEqual({
      ...{ status: 200, url: `${V1}?k=[secret]`, headers: { 'x-echo': 'a [secret]', '[secret]': 'name' } },
      body: { base64: Buffer.concat([Buffer.from([0xff]), Buffer.from('[secret]')]).toString('base64') },
    });
    expect(JSON.stringify(session.used())).not.toContain(VALUE);
  });

  test.each([
    ['another host, though that one is given too', 'https://other.example.test:8443/?k='],
    ['a host that is not given', 'https://evil.test/?k='],
    ['the same host', '/v1/x?k='],
    ['no plain URL', 'https://evil.test/ ?k='],
  ])('are not taken anywhere by a redirection, and no refusal quotes them or a part: %s', async (_, place) => {
    for (const filler of [0, 200, 220, 230, 9000]) {
      const location = `${place}${'x'.repeat(filler)}${VALUE}`;
      const { get, asked } = openNet([API, OTHER], {
        respond: () => ({ status: 302, headers: { location } }),
        secrets: secretsOf(SECRETS),
      });
      const error = await get(V1).catch((thrown: SmcpError) => thrown.toWire());
      expect(error).toMatchObject({
        ...{ code: 'FETCH_FAILED', message: 'the server sent a redirection with a secret in it' },
        details: { reason: 'redirect' },
      });
      expect(JSON.stringify(error)).not.toContain('s3');
      expect(asked()).toEqual([`GET ${V1}`]);
    }
  });

  test('would be quoted in part by a refusal, where nothing masks them', async () => {
    const location = `https://evil.test/${'x'.repeat(256 - 'GET https://evil.test/'.length - 5)}${VALUE}`;
    const secrets = { ...secretsOf(SECRETS), mask: () => undefined };
    const { get } = openNet([API], { respond: () => ({ status: 302, headers: { location } }), secrets });
    const error = await get(V1).catch((thrown: SmcpError) => thrown.toWire());
    expect(JSON.stringify(error)).toContain(`x${VALUE.slice(0, 5)}…`);
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
