// What a call costs at the door, each part by itself over its real module: the token, the body, the protocol's server.

import { Server } from '@modelcontextprotocol/server';
import { systemClock } from '#base/clock.ts';
import type { PartCost } from '#bench/report.ts';
import { additionOf, REVISION, requestText } from '#bench/tool-call.ts';
import { parseAgentName } from '#domain/agent.ts';
import { createExchangeTransport } from '#gateway/exchange-transport.ts';
import { parseJsonBody } from '#gateway/json-body.ts';
import { makeToken } from '#identity/token-text.ts';
import { createTokenAuthority } from '#identity/tokens.ts';
import { openStore } from '#store/open-store.ts';
import { measure, measureEach } from './measure.ts';

const TIMES = 2_000;

/** At the door, and again when the call's turn has come. */
const TOKEN_CHECKS = 2;

/** Bound to the one revision from the start, as ours is. */
class OneRevisionServer extends Server {
  protected override _negotiatedProtocolVersion: string = REVISION;
}

/** `database`: a file that may be made. */
export async function doorParts(database: string): Promise<readonly PartCost[]> {
  const text = requestText(additionOf(1), { id: 1, host: '127.0.0.1', token: 'none' });
  const body = Buffer.from(text.slice(text.indexOf('{')));
  return [
    { name: 'token: looked up twice', us: tokenUs(database) * TOKEN_CHECKS, isWaiting: false },
    { name: 'body: bounded and parsed', us: measure(TIMES, () => parseJsonBody(body)), isWaiting: false },
    { name: "the SDK's server, request to answer", us: await serverUs(body), isWaiting: false },
  ];
}

function tokenUs(database: string): number {
  const store = openStore(database);
  try {
    const tokens = createTokenAuthority({ store: store.tokens, clock: systemClock, adminToken: makeToken().token });
    const agent = parseAgentName('bench-1');
    if (agent === undefined) throw new Error('bench-1 is a name');
    const { token } = tokens.issue(agent, {});
    return measure(TIMES, () => tokens.authenticate(token));
  } finally {
    store.close();
  }
}

/** One long-lived server, and a handler that does nothing: what the protocol itself costs, the answer's JSON included. */
async function serverUs(body: Buffer): Promise<number> {
  const exchange = createExchangeTransport();
  const server = new OneRevisionServer(
    { name: 'bench', version: '1' },
    { capabilities: { tools: {} }, supportedProtocolVersions: [REVISION] },
  );
  const value = { ok: true, operation: 'add', a: 1, b: 1, result: 2 };
  const result = { content: [{ type: 'text' as const, text: JSON.stringify(value) }], structuredContent: value };
  server.setRequestHandler('tools/call', () => result);
  await server.connect(exchange.transport);
  const request = JSON.parse(body.toString('utf8'));
  const ask = () =>
    new Promise((resolve) => {
      const onResponse = (response: unknown) => resolve(JSON.stringify(response));
      exchange.open(request, { onNotification: () => {}, onResponse });
    });
  try {
    return await measureEach(TIMES, ask);
  } finally {
    await server.close();
  }
}
