// What the SDK's own transport for sessions does where ours has a wall (decision 0023): the negative controls of
// mcp-sessions.test.ts and mcp-session-calls.test.ts. When one of these fails, the SDK has changed: ask again whether
// ours is needed.

import { Server, WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/server';
import { expect, test } from 'vitest';
import { LIMITS } from '#base/limits.ts';
import { eventually } from './http.ts';
import { ACCEPT_BOTH, callOf, INITIALIZED, initializeOf } from './session.ts';

type Seen = { readonly signals: AbortSignal[]; sent: number };

/** A session over the SDK's transport with one tool, which sends `mebibytes` of progress and then waits for its end. */
async function openSdkSession(mebibytes = 0) {
  const seen: Seen = { signals: [], sent: 0 };
  const server = new Server({ name: 'control', version: '1' }, { capabilities: { tools: {} } });
  server.setRequestHandler('tools/call', async (_request, { mcpReq }) => {
    seen.signals.push(mcpReq.signal);
    const message = 'x'.repeat(1024 * 1024);
    for (let progress = 1; progress <= mebibytes; progress++) {
      await mcpReq.notify({ method: 'notifications/progress', params: { progressToken: 1, progress, message } });
      seen.sent += message.length;
    }
    await new Promise((resolve) => mcpReq.signal.addEventListener('abort', resolve));
    return { content: [] };
  });
  const transport = new WebStandardStreamableHTTPServerTransport({ sessionIdGenerator: () => 'an-id', keepAliveMs: 0 });
  await server.connect(transport);
  const post = (message: unknown, headers: { [name: string]: string } = { 'mcp-session-id': 'an-id' }) =>
    transport.handleRequest(
      new Request('http://localhost/mcp', {
        method: 'POST',
        headers: { ...ACCEPT_BOTH, 'content-type': 'application/json', ...headers },
        body: JSON.stringify(message),
      }),
    );
  const opened = await post(initializeOf(), {});
  await opened.body?.cancel();
  await post(INITIALIZED);
  return { server, seen, post };
}

test('it keeps whatever a reader does not take', async () => {
  const mebibytes = (4 * LIMITS.streamBufferBytesMax) / 2 ** 20;
  const { server, seen, post } = await openSdkSession(mebibytes);
  const answer = await post(callOf(1, 'flood'));
  await eventually(() => seen.sent >= 4 * LIMITS.streamBufferBytesMax);
  expect([answer.bodyUsed, seen.signals[0]?.aborted]).toEqual([false, false]);
  await server.close();
});

test('it lets a call run on when the client goes away', async () => {
  const { server, seen, post } = await openSdkSession();
  const answer = await post(callOf(1, 'wait'));
  await eventually(() => seen.signals.length === 1);
  await answer.body?.cancel();
  await post({ jsonrpc: '2.0', id: 2, method: 'ping' });
  expect(seen.signals[0]?.aborted).toBe(false);
  await server.close();
});

test('it takes two requests under one id, and an answer for either', async () => {
  const { server, seen, post } = await openSdkSession();
  const statuses = [await post(callOf(1, 'wait')), await post(callOf(1, 'wait'))].map(({ status }) => status);
  await eventually(() => seen.signals.length === 2);
  expect(statuses).toEqual([200, 200]);
  await server.close();
});

test('it asks for the id of the session only, not for who comes with it', async () => {
  const { server, post } = await openSdkSession();
  const ping = { jsonrpc: '2.0', id: 1, method: 'ping' };
  const answer = await post(ping, { 'mcp-session-id': 'an-id', authorization: 'Bearer of-somebody-else' });
  expect(answer.status).toBe(200);
  await answer.body?.cancel();
  await server.close();
});
