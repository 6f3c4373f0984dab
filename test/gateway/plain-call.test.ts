// Calls that are read past the SDK get the answers that the SDK would give: each is asked once as a plain call, and once
// with a key in `_meta` that makes the SDK look at it.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { plainCall } from '#gateway/plain-call.ts';
import { openDoor, type TestDoor } from './fakes.ts';
import { STATELESS_META, send, stateless } from './http.ts';

let door: TestDoor;
beforeAll(async () => {
  door = await openDoor();
});
afterAll(() => door.gateway.close());

const HEADERS = { 'mcp-protocol-version': '2026-07-28' };
const TRACED = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' };

/** Status, headers and body, without what is different for every call. */
const answerOf = async (params: object, meta: object) => {
  const request = stateless('tools/call', { ...params, _meta: { ...STATELESS_META, ...meta } }, 'id-1');
  const { status, headers, text } = await send(door.url, request);
  const body = JSON.parse(text, (key, value) => (key === 'smcp/receipt' ? 'a receipt' : value));
  return { status, type: headers['content-type'], body };
};

describe('a plain call', () => {
  test.each([
    ['that is fine', { name: 'demo__echo', arguments: { text: 'x' } }],
    ['without arguments', { name: 'demo__echo' }],
    [
      'with a session and a key',
      { name: 'demo__echo', arguments: {} },
      { 'smcp/session': 's', 'smcp/idempotencyKey': 'k' },
    ],
    ['with a session that is no text', { name: 'demo__echo', arguments: {} }, { 'smcp/session': 7 }],
    ['with an approval', { name: 'demo__echo', arguments: {} }, { 'smcp/approval': 'a' }],
    ['that waits to be approved', { name: 'demo__ask', arguments: {} }],
    [
      'that waits to be approved, of a client that shows forms',
      { name: 'demo__ask', arguments: {} },
      { 'io.modelcontextprotocol/clientCapabilities': { elicitation: {} } },
    ],
    ['of a tool that nobody has', { name: 'demo__nothing', arguments: {} }],
    ['of a tool that it may not call', { name: 'secret__tool', arguments: {} }],
  ] as const)('%s is answered as the SDK answers it', async (_what, params, meta: object = {}) => {
    expect(await answerOf(params, meta)).toEqual(await answerOf(params, { ...meta, ...TRACED }));
  });

  const request = (params: object) => ({ jsonrpc: '2.0' as const, id: 1, method: 'tools/call', params: { ...params } });
  const plain = { name: 'a__b', arguments: {}, _meta: STATELESS_META };

  test('is one with nothing but what every client sends', () => {
    const call = { id: 1, name: 'a__b', args: {}, canAskClient: false, meta: {} };
    expect(plainCall(HEADERS, request(plain))).toEqual(call);
    const _meta = { ...STATELESS_META, 'io.modelcontextprotocol/clientCapabilities': { elicitation: {} } };
    expect(plainCall(HEADERS, request({ ...plain, _meta }))).toEqual({ ...call, canAskClient: true });
  });

  test.each([
    ['another key in the params', { ...plain, inputResponses: {} }],
    ['a name that is no text', { ...plain, name: 7 }],
    ['arguments that are no object', { ...plain, arguments: [] }],
    ['no `_meta`', { name: 'a__b', arguments: {} }],
    ['a progress token', { ...plain, _meta: { ...STATELESS_META, progressToken: 1 } }],
    ['no capabilities', { ...plain, _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' } }],
    [
      'a client without a version',
      { ...plain, _meta: { ...STATELESS_META, 'io.modelcontextprotocol/clientInfo': { name: 'x' } } },
    ],
    [
      'a capability that says more',
      {
        ...plain,
        _meta: { ...STATELESS_META, 'io.modelcontextprotocol/clientCapabilities': { sampling: { tools: {} } } },
      },
    ],
    [
      'a key of the protocol that is not known',
      { ...plain, _meta: { ...STATELESS_META, 'io.modelcontextprotocol/x': 1 } },
    ],
  ])('is none with %s: the SDK looks at it', (_what, params) => {
    expect(plainCall(HEADERS, request(params))).toBeUndefined();
  });

  test.each([
    ['another version in the header', { 'mcp-protocol-version': '2025-11-25' }, {}],
    ['no version in the header', {}, {}],
    ['another key beside the params', HEADERS, { more: 1 }],
    ['an id that is null', HEADERS, { id: null }],
    ['an id that is no integer', HEADERS, { id: 1.5 }],
    ['another method', HEADERS, { method: 'tools/list' }],
    ['another JSON-RPC', HEADERS, { jsonrpc: '1.0' }],
  ])('is none with %s', (_what, headers, more) => {
    expect(plainCall(headers, { ...request(plain), ...more })).toBeUndefined();
  });
});
