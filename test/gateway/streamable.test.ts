// /mcp on the wire: MCP 2026-07-28, one request and one answer.

import { request as httpRequest } from 'node:http';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { LIMITS } from '#base/limits.ts';
import { agentName, openDoor, type TestDoor } from './fakes.ts';
import {
  BEARER,
  eventually,
  JSON_TYPE,
  openStreamed,
  type RawRequest,
  STATELESS_META,
  send,
  stateless,
} from './http.ts';

let door: TestDoor;
beforeEach(async () => {
  door = await openDoor();
});
afterEach(() => door.gateway.close());

const ask = async (request: RawRequest) => {
  const answer = await send(door.url, request);
  return { ...answer, json: answer.text === '' ? undefined : JSON.parse(answer.text) };
};
const withHeaders = (request: RawRequest, headers: { [name: string]: string | undefined }): RawRequest => ({
  ...request,
  headers: Object.fromEntries(
    Object.entries({ ...request.headers, ...headers }).filter(([, value]) => value !== undefined),
  ),
});
const call = (name: string, args: unknown = {}, more: object = {}, id: unknown = 1) =>
  stateless('tools/call', { name, arguments: args, ...more }, id);

describe('tools/list', () => {
  test('is private to the agent and carries schemas and hints', async () => {
    const { status, json } = await ask(stateless('tools/list'));
    expect(status).toBe(200);
    expect(json.result).toMatchObject({ resultType: 'complete', cacheScope: 'private', ttlMs: 0 });
    expect(json.result.tools.find(({ name }: { name: string }) => name === 'demo__echo')).toEqual({
      _meta: { 'smcp/effect': 'pure' },
      name: 'demo__echo',
      title: 'Echo',
      description: 'The tool echo',
      inputSchema: { type: 'object', properties: { text: { type: 'string' } }, additionalProperties: true },
      outputSchema: { type: 'object', required: ['args'] },
      annotations: {
        title: 'Echo',
        readOnlyHint: true,
        destructiveHint: false,
        idempotentHint: true,
        openWorldHint: false,
      },
    });
  });

  test('shows each agent its own', async () => {
    const { json } = await ask(withHeaders(stateless('tools/list'), { authorization: 'Bearer hermes-token' }));
    expect(json.result.tools.map(({ name }: { name: string }) => name)).toEqual(['demo__echo']);
  });

  test('has one page', async () => {
    const { json } = await ask(stateless('tools/list', { cursor: 'x' }));
    expect(json.error).toMatchObject({ code: -32600, data: { code: 'REQUEST_INVALID' } });
  });
});

describe('tools/call', () => {
  test('keeps clients with the same request id apart', async () => {
    const answers = await Promise.all(
      Array.from({ length: 40 }, async (_, n) => {
        const bearer = n % 2 === 0 ? 'athena' : 'hermes';
        const { json } = await ask(withHeaders(call('demo__echo', { n }), { authorization: `Bearer ${bearer}-token` }));
        return [json.id, json.result.structuredContent];
      }),
    );
    expect(answers).toEqual(
      Array.from({ length: 40 }, (_, n) => [1, { agent: n % 2 === 0 ? 'athena' : 'hermes', args: { n } }]),
    );
  });

  test('passes arguments on whole', async () => {
    const args = { $ref: 'x', _meta: { a: 1 }, inputResponses: [], constructor: 'c', toString: null, '': 0, n: [[{}]] };
    const { json } = await ask(call('demo__echo', args));
    expect(json.result.structuredContent.args).toEqual(args);
    expect(door.dispatcher.requests[0]?.args).toEqual(args);
  });

  test('streams progress to who asked for it', async () => {
    const { headers, text } = await send(door.url, call('demo__count', {}, { _meta: { progressToken: 'p' } }));
    expect(headers).toMatchObject({ 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    const events = text.split('\n\n').filter((part) => part !== '');
    expect(events).toHaveLength(4);
    expect(events[0]).toBe(
      'event: message\ndata: {"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"p","progress":1,"total":3,"message":"p"}}',
    );
    expect(events[3]).toContain('"id":1');
  });

  test('sends no progress to who did not ask', async () => {
    const { headers, json } = await ask(call('demo__count'));
    expect(headers['content-type']).toContain('application/json');
    expect(json.result.content).toEqual([{ type: 'text', text: '3' }]);
  });

  test('that is long in coming is a stream, with pings, and ends when its client goes', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    try {
      const opening = openStreamed(door.url, call('demo__wait'));
      await eventually(() => door.dispatcher.requests.length === 1);
      vi.advanceTimersByTime(2 * LIMITS.streamPingMs);
      const stream = await opening;
      expect(stream.headers['content-type']).toBe('text/event-stream');
      vi.advanceTimersByTime(LIMITS.streamPingMs);
      await eventually(() => stream.comments.length > 0);
      stream.cut();
      await eventually(() => door.dispatcher.cancelled.length === 1);
    } finally {
      vi.useRealTimers();
    }
  });

  test('is cancelled when its connection closes, and no other with it', async () => {
    const { hostname, port } = new URL(door.url);
    const { body, ...request } = call('demo__wait', { n: 1 });
    const client = httpRequest({ host: hostname, port, ...request });
    client.on('error', () => {});
    client.end(body);
    const other = ask(call('demo__wait', { n: 2 })).catch(() => {});
    await eventually(() => door.dispatcher.requests.length === 2);
    client.destroy();
    await eventually(() => door.dispatcher.cancelled.length === 1);
    expect(door.dispatcher.cancelled[0]?.args).toEqual({ n: 1 });
    await door.gateway.close();
    await other;
  });

  test('is not cancelled by a message that guesses its id', async () => {
    const pending = ask(call('demo__wait')).catch(() => {});
    await eventually(() => door.dispatcher.requests.length === 1);
    for (const requestId of [0, 1, 2, 3]) {
      const { headers } = stateless('notifications/cancelled');
      const params = { requestId, _meta: STATELESS_META };
      const body = JSON.stringify({ jsonrpc: '2.0', method: 'notifications/cancelled', params });
      expect((await send(door.url, { method: 'POST', path: '/mcp', headers: headers ?? {}, body })).status).toBe(202);
    }
    await ask(stateless('tools/list'));
    expect(door.dispatcher.cancelled).toEqual([]);
    await door.gateway.close();
    await pending;
  });

  test('of a reader that is too slow is cut and stops', async () => {
    const { hostname, port } = new URL(door.url);
    const { body, ...request } = call('demo__count', { total: 1e6, length: 65_536 }, { _meta: { progressToken: 1 } });
    const client = httpRequest({ host: hostname, port, ...request }, (answer) => answer.pause());
    client.on('error', () => {});
    client.end(body);
    await eventually(() => door.dispatcher.requests[0]?.signal?.aborted === true);
    expect(door.dispatcher.requests).toHaveLength(1);
  });

  test.each([
    ['no name', {}, {}, -32602],
    ['a session label that is no text', { name: 'demo__echo' }, { 'smcp/session': 1 }, -32600],
    ['a session label too long', { name: 'demo__echo' }, { 'smcp/session': 'x'.repeat(257) }, -32600],
    ['a progress token too long', { name: 'demo__echo' }, { progressToken: 'x'.repeat(257) }, -32600],
    ['an idempotency key that is no text', { name: 'demo__echo' }, { 'smcp/idempotencyKey': 7 }, -32600],
    ['an empty idempotency key', { name: 'demo__echo' }, { 'smcp/idempotencyKey': '' }, -32600],
    ['an idempotency key too long', { name: 'demo__echo' }, { 'smcp/idempotencyKey': 'x'.repeat(257) }, -32600],
    ['an id of an approval that is no text', { name: 'demo__echo' }, { 'smcp/approval': 1 }, -32600],
  ])('with %s is refused and never dispatched', async (_what, params, _meta, code) => {
    const { json } = await ask(stateless('tools/call', { ...params, _meta }));
    expect([json.error.code, door.dispatcher.requests]).toEqual([code, []]);
    const { message } = json.error;
    expect(json.error.data).toEqual({ code: 'REQUEST_INVALID', message, details: expect.any(Object) });
  });
});

describe('arguments that are no object', () => {
  test.each([[[]], [['a', { b: 1 }]], ['text'], [7], [false], [null]])(
    '%j reach the dispatcher as they are',
    async (args) => {
      const { status, json } = await ask(call('demo__echo', args));
      expect([status, json.result.structuredContent.error.code]).toEqual([200, 'ARGUMENTS_INVALID']);
      expect(json.result._meta['smcp/receipt']).toMatchObject({ index: 1 });
      expect(door.dispatcher.requests).toEqual([
        expect.objectContaining({ tool: 'demo__echo', args: {}, strayArgs: args }),
      ]);
    },
  );

  test('that are left out are an empty object', async () => {
    await ask(stateless('tools/call', { name: 'demo__echo' }));
    expect(door.dispatcher.requests[0]).toMatchObject({ args: {} });
    expect(door.dispatcher.requests[0]).not.toHaveProperty('strayArgs');
  });
});

describe('an idempotency key', () => {
  const keyed = (key: string) => call('demo__echo', { n: 1 }, { _meta: { 'smcp/idempotencyKey': key } });

  test.each(['k', 'x'.repeat(LIMITS.idempotencyKeyLengthMax)])('goes with the call', async (key) => {
    const { json } = await ask(keyed(key));
    expect(door.dispatcher.requests[0]?.idempotencyKey).toBe(key);
    expect(json.result._meta['smcp/receipt']).not.toHaveProperty('replayed');
  });

  test('gives a lost answer again, and says that it did', async () => {
    const [first, second] = [await ask(keyed('k')), await ask(keyed('k'))];
    expect(second.json.result.structuredContent).toEqual(first.json.result.structuredContent);
    const receipt = first.json.result._meta['smcp/receipt'];
    expect(second.json.result._meta['smcp/receipt']).toEqual({ ...receipt, replayed: true });
  });
});

describe('what is no request of 2026-07-28', () => {
  const plain = (body: unknown, headers: { [name: string]: string } = {}): RawRequest => ({
    method: 'POST',
    path: '/mcp',
    headers: { ...BEARER, ...JSON_TYPE, ...headers },
    body: JSON.stringify(body),
  });
  const initialize = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 't', version: '1' } };

  test.each([
    ['no JSON-RPC', plain({ hello: 1 }), 400, { code: -32600 }],
    ['ping, which this version lacks', stateless('ping'), 404, { code: -32601 }],
    ['initialize in its clothes', stateless('initialize', initialize), 404, { code: -32601 }],
    ['resources/list, which is not offered', stateless('resources/list'), 404, { code: -32601 }],
    ['a method of nobody', stateless('smcp/secret'), 404, { code: -32601 }],
  ])('%s', async (_what, request, status, error) => {
    const answer = await ask(request);
    expect([answer.status, answer.json.error]).toEqual([status, expect.objectContaining(error)]);
  });

  test('says which versions there are, for a client to choose', async () => {
    const future = { ...STATELESS_META, 'io.modelcontextprotocol/protocolVersion': '2027-01-01' };
    const request = withHeaders(stateless('tools/list', { _meta: future }), { 'mcp-protocol-version': '2027-01-01' });
    const { status, json } = await ask(request);
    expect([status, json.error.code]).toEqual([400, -32022]);
    expect(json.error.data).toEqual({ supported: ['2026-07-28'], requested: '2027-01-01' });
  });

  test("a session's id beside it says nothing, whoever's it is", async () => {
    for (const id of ['0'.repeat(32), 'not an id']) {
      const { status, headers } = await ask(withHeaders(stateless('tools/list'), { 'mcp-session-id': id }));
      expect([status, headers['mcp-session-id']]).toEqual([200, undefined]);
    }
  });
});

describe('headers that do not say what the body says', () => {
  test.each([
    ['no version', { 'mcp-protocol-version': undefined }, -32020],
    ['another version', { 'mcp-protocol-version': '2025-06-18' }, -32020],
    ['no method', { 'mcp-method': undefined }, -32020],
    ['another method', { 'mcp-method': 'tools/list' }, -32020],
    ['no name', { 'mcp-name': undefined }, -32020],
    ['another name', { 'mcp-name': 'demo__forbidden' }, -32020],
    ['another name in base64', { 'mcp-name': '=?base64?ZGVtb19fd2FpdA==?=' }, -32020],
  ])('%s', async (_what, headers, code) => {
    const { status, json } = await ask(withHeaders(call('demo__echo'), headers));
    expect([status, json.error.code, door.dispatcher.requests]).toEqual([400, code, []]);
  });

  test('the same name in base64 is the same name', async () => {
    const name = `=?base64?${Buffer.from('demo__echo').toString('base64')}?=`;
    expect((await ask(withHeaders(call('demo__echo'), { 'mcp-name': name }))).status).toBe(200);
  });
});

test('more agents than servers are kept warm for are each served as themselves', async () => {
  const wrong: string[] = [];
  for (let index = 0; index < LIMITS.agentServersMax + 20; index++) {
    const agent = agentName(`a${index}`);
    door.authenticator.tokens.set(`token-${index}`, { principal: { kind: 'agent', agent, tokenId: agent } });
    const { json } = await ask(withHeaders(call('demo__echo'), { authorization: `Bearer token-${index}` }));
    if (json.result.structuredContent.agent !== agent) wrong.push(agent);
  }
  expect(wrong).toEqual([]);
});
