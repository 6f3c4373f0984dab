// What clients are known to say to a server, in order and word for word as far as it matters: `initialize` with their
// version and id 0, `initialized`, lists of everything whatever the server offers, then calls.

import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import type { JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js';

type Answer = { readonly [key: string]: unknown };

/** Who speaks. `asksForAll`: it asks for prompts and resources too. */
export type Speaker = {
  readonly name: string;
  readonly version: string;
  readonly asksForAll: boolean;
  readonly capabilities: object;
};

export const SPEAKERS = {
  desktop: (version: string): Speaker => ({ name: 'claude-ai', version, asksForAll: true, capabilities: {} }),
  code: (version: string): Speaker => ({ name: 'claude-code', version, asksForAll: true, capabilities: { roots: {} } }),
  cursor: { name: 'cursor-vscode', version: '2025-06-18', asksForAll: true, capabilities: { elicitation: {} } },
  letta: { name: 'mcp', version: '2025-06-18', asksForAll: false, capabilities: {} },
} as const;

/** What came of a conversation. */
export type Heard = {
  readonly protocolVersion: unknown;
  readonly tools: readonly string[];
  /** Answers to requests for what the server has not: errors, by their code. */
  readonly missing: readonly unknown[];
  readonly called: unknown;
  readonly denied: unknown;
};

/** Speaks over a transport that is not started yet, and closes it. */
export async function converse(transport: Transport, speaker: Speaker): Promise<Heard> {
  const answers = new Map<unknown, (answer: Answer) => void>();
  const { promise: gone, reject } = Promise.withResolvers<never>();
  gone.catch(() => {});
  transport.onmessage = (message) => {
    const answer = message as unknown as Answer;
    answers.get(answer['id'])?.(answer);
  };
  transport.onclose = () => reject(new Error('the server ended the connection'));
  let lastId = -1;
  const ask = async (method: string, params: object): Promise<Answer> => {
    lastId += 1;
    const { promise, resolve } = Promise.withResolvers<Answer>();
    answers.set(lastId, resolve);
    await transport.send({ jsonrpc: '2.0', id: lastId, method, params } as JSONRPCMessage);
    return Promise.race([promise, gone]);
  };
  await transport.start();
  const begun = await ask('initialize', {
    protocolVersion: speaker.version,
    capabilities: speaker.capabilities,
    clientInfo: { name: speaker.name, version: '1.0.0' },
  });
  const { protocolVersion } = resultOf(begun);
  transport.setProtocolVersion?.(String(protocolVersion));
  await transport.send({ jsonrpc: '2.0', method: 'notifications/initialized' });
  const { tools } = resultOf(await ask('tools/list', {}));
  const missing: unknown[] = [];
  for (const method of speaker.asksForAll ? ['prompts/list', 'resources/list', 'resources/templates/list'] : []) {
    missing.push(((await ask(method, {}))['error'] as { code?: unknown } | undefined)?.code);
  }
  const called = resultOf(await ask('tools/call', { name: 'demo_text__echo', arguments: { message: 'héllo' } }));
  const denied = resultOf(await ask('tools/call', { name: 'other__tool', arguments: {} }));
  await transport.close();
  return {
    protocolVersion,
    tools: (tools as readonly { name: string }[]).map(({ name }) => name),
    missing,
    called: called['structuredContent'],
    denied: (denied['structuredContent'] as { error?: { code?: unknown } } | undefined)?.error?.code,
  };
}

function resultOf(answer: Answer): Answer {
  if (answer['result'] === undefined) throw new Error(JSON.stringify(answer['error']));
  return answer['result'] as Answer;
}
