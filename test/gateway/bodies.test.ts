// What every route that takes a body refuses in it, before anything walks it.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LIMITS } from '#base/limits.ts';
import { openDoor, type TestDoor } from './fakes.ts';
import { BEARER, errorCode, JSON_TYPE, type RawRequest, send, sendText, stateless } from './http.ts';

let door: TestDoor;
let reached: string[] = [];
beforeAll(async () => {
  const handle = () => {
    reached.push('route');
    return { status: 200, body: { ok: true } };
  };
  door = await openDoor({ routes: [{ method: 'POST', path: '/admin/v1/things', access: 'admin', handle }] });
});
afterAll(() => door.gateway.close());

const ADMIN = { authorization: 'Bearer admin-token' };
const REQUESTS: readonly RawRequest[] = [
  stateless('tools/list'),
  {
    method: 'POST',
    path: `/messages/?session_id=${'0'.repeat(32)}`,
    headers: { ...BEARER, ...JSON_TYPE },
    body: '{}',
  },
  { method: 'POST', path: '/admin/v1/things', headers: { ...ADMIN, ...JSON_TYPE }, body: '{}' },
];

describe.each(REQUESTS.map((request) => [`${request.method} ${request.path}`, request] as const))(
  '%s',
  (_title, request) => {
    const sendBody = (body: string | Buffer, headers: { [name: string]: string } = {}) =>
      send(door.url, { ...request, headers: { ...request.headers, ...headers }, body });

    test('refuses a body over the limit, said or not', async () => {
      const large = `"${'x'.repeat(LIMITS.bodyBytesMax)}"`;
      const said = await announceBody(request, LIMITS.bodyBytesMax + 1);
      expect(said).toContain('413');
      expect(said).toContain('BODY_TOO_LARGE');
      const chunked = await sendBody(large, { 'transfer-encoding': 'chunked' }).then(
        (answer) => answer.status,
        // The connection is closed while the rest is still being sent; the client may see only that.
        (error: NodeJS.ErrnoException) => error.code,
      );
      expect([413, 'EPIPE', 'ECONNRESET']).toContain(chunked);
    });

    test.each([
      ['broken JSON', '{"a":'],
      ['two documents', '{} {}'],
      ['bytes that are no UTF-8', Buffer.from([0x22, 0xff, 0xfe, 0x22])],
      ['arrays nested too deep', '['.repeat(100_000)],
      ['objects nested too deep', `${'{"a":'.repeat(70)}1${'}'.repeat(70)}`],
      ['a key that reaches a prototype', '{"params":{"__proto__":{"isAdmin":true}}}'],
      ['the same key in disguise', '{"params":{"\\u005f_proto__":{"isAdmin":true}}}'],
      ['constructor.prototype', '{"constructor":{"prototype":{"isAdmin":true}}}'],
      ['a number beyond a double', '{"params":{"n":1e999}}'],
      ['half a surrogate pair', '{"params":{"s":"\\ud800"}}'],
    ])('refuses %s', async (_what, body) => {
      const answer = await sendBody(body);
      expect([answer.status, errorCode(answer)]).toEqual([400, 'REQUEST_INVALID']);
    });

    test.each([
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'application/json-seq',
      '',
    ])('refuses the content type %j', async (type) => {
      const answer = await sendBody('{}', { 'content-type': type });
      expect([answer.status, errorCode(answer)]).toEqual([400, 'REQUEST_INVALID']);
    });

    test('refuses a compressed body, whatever it would become', async () => {
      const answer = await sendBody(Buffer.from('1f8b08000000000000', 'hex'), { 'content-encoding': 'gzip' });
      expect([answer.status, errorCode(answer)]).toEqual([400, 'REQUEST_INVALID']);
    });

    test('does not even read the body of a stranger', async () => {
      reached = [];
      const answer = await send(door.url, { ...withoutToken(request), body: '{"a":' });
      expect([answer.status, reached]).toEqual([401, []]);
    });
  },
);

test('nothing of all this polluted a prototype', () => {
  expect(({} as { isAdmin?: unknown }).isAdmin).toBeUndefined();
});

function withoutToken(request: RawRequest): RawRequest {
  const { authorization, ...headers } = request.headers ?? {};
  return { ...request, headers };
}

/** Says how long the body will be and waits for the answer without sending any of it. */
function announceBody({ method, path, headers }: RawRequest, length: number): Promise<string> {
  const lines = Object.entries({ ...headers, host: 'localhost', 'content-length': length });
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return sendText(door.port, `${method} ${path} HTTP/1.1\r\n${head}\r\n`);
}
