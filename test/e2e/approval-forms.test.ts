// Forms by which an agent's own client is asked: with every client over every door of a whole server. What they say counts only
// where the grant trusts clients.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { App } from '#app.ts';
import { homeAt, prepareHome } from '#config/home.ts';
import { productPluginsDirectory } from '#config/product.ts';
import { HTTP_CLIENTS, type McpClient, type OnForm } from '#test/gateway/clients.ts';
import { LINE_CLIENTS, socketTransport } from '#test/stdio/clients.ts';
import { openConnection } from '#test/stdio/door.ts';
import { type GeneratedClient, generateClient } from './admin-client.ts';
import { adminTokenOf, startInProcess } from './in-process.ts';
import { temporaryFolder } from './server.ts';

const POLICY = `version: 1
agents:
  trusting:
    grants:
      - id: trusted
        tools: ["demo_text__*"]
        approval: { ttl: 1h, wait: 0s, trustClient: true }
  careful:
    grants:
      - id: untrusted
        tools: ["demo_text__*"]
        approval: { ttl: 1h, wait: 0s }
`;

const folder = temporaryFolder();
const home = homeAt(join(folder.path, 'home'));
const tokens = new Map<string, string>();
let app: App;
let admin: GeneratedClient;
let count = 0;

beforeAll(async () => {
  prepareHome(home);
  writeFileSync(home.policy, POLICY, { mode: 0o600 });
  app = await startInProcess(home, productPluginsDirectory());
  admin = await generateClient(app.url, adminTokenOf(home));
  for (const name of ['trusting', 'careful']) {
    tokens.set(name, ((await admin.call('agent_token', { name })).data as { token: string }).token);
  }
});
/** A bounded number may wait. */
afterEach(async () => {
  const waiting = (await admin.call('approvals')).data as { id: string; state: string }[];
  for (const { id, state } of waiting) if (state === 'pending') await admin.call('approvals_deny', { id });
});
afterAll(async () => {
  await app.close();
  folder.remove();
});

type Connect = (agent: string, onForm?: OnForm) => Promise<McpClient>;

const overHttp =
  (connect: (typeof HTTP_CLIENTS)[number]['connect']): Connect =>
  (agent, onForm) =>
    connect({ url: app.url, token: tokens.get(agent), ...(onForm === undefined ? {} : { onForm }) });

const overSocket =
  (connect: (typeof LINE_CLIENTS)[number]['connect']): Connect =>
  async (agent, onForm) => {
    const connection = await openConnection(home.socket);
    await connection.greet(agent);
    return connect(socketTransport(connection), onForm === undefined ? {} : { onForm });
  };

const CLIENTS: readonly (readonly [string, Connect])[] = [
  ...HTTP_CLIENTS.map(({ title, connect }) => [title, overHttp(connect)] as const),
  ...LINE_CLIENTS.map(({ title, connect }) => [`${title} through the socket`, overSocket(connect)] as const),
];

/** One call with arguments of its own, and what the client was shown meanwhile. */
async function callWith(connect: Connect, agent: string, onForm?: OnForm, own?: string) {
  count += 1;
  const message = own ?? `m${count}`;
  const shown: string[] = [];
  const client = await connect(
    agent,
    onForm === undefined
      ? undefined
      : (text) => {
          shown.push(text);
          return onForm(text);
        },
  );
  const result = await client.call({ name: 'demo_text__echo', arguments: { message } });
  await client.close();
  const { error } = (result['structuredContent'] ?? {}) as { error?: { code: string } };
  return { code: error?.code ?? 'value', shown, result, message };
}

const yes: OnForm = () => ({ action: 'accept', content: { approve: true } });

describe.each(CLIENTS)('with %s', (_title, connect) => {
  test('a form that somebody accepts lets the call begin, where the grant trusts clients', async () => {
    const { code, shown, message } = await callWith(connect, 'trusting', yes);
    expect([code, shown]).toEqual(['value', [expect.stringContaining(`"message": "${message}"`)]]);
    expect(shown[0]).toContain('demo_text__echo');
    const [last] = ((await admin.call('log_tail', { count: 3 })).data as { record: { predicate: object } }[]).filter(
      ({ record }) => 'approval' in record.predicate,
    );
    expect(last?.record.predicate).toMatchObject({ decision: 'approved', by: { kind: 'client', name: 'trusting' } });
  });

  test.each<[string, OnForm, string]>([
    ['declined', () => ({ action: 'decline' }), 'APPROVAL_DENIED'],
    ['accepted with no', () => ({ action: 'accept', content: { approve: false } }), 'APPROVAL_DENIED'],
    ['put away', () => ({ action: 'cancel' }), 'APPROVAL_PENDING'],
  ])('one that is %s does not', async (_what, onForm, code) => {
    const answered = await callWith(connect, 'trusting', onForm);
    expect([answered.code, answered.shown.length]).toEqual([code, 1]);
  });

  test('no form is shown where the grant trusts nobody, or the client shows none', async () => {
    expect(await callWith(connect, 'careful', yes)).toMatchObject({ code: 'APPROVAL_PENDING', shown: [] });
    expect(await callWith(connect, 'trusting')).toMatchObject({ code: 'APPROVAL_PENDING', shown: [] });
  });
});

describe('what a form shows', () => {
  const connect = CLIENTS[4]?.[1] as Connect;

  test('has nothing invisible in it', async () => {
    const { shown } = await callWith(connect, 'trusting', yes, 'a\u202eb\u001b[2J');
    expect(shown[0]).toContain('a\\u202eb\\u001b[2J');
    for (const hidden of ['\u202e', '\u001b']) expect(shown[0]).not.toContain(hidden);
  });

  test('is the whole call, or there is no form', async () => {
    const long = await callWith(connect, 'trusting', yes, 'x'.repeat(4_000));
    expect([long.code, long.shown]).toEqual(['APPROVAL_PENDING', []]);
  });
});

describe('a client that answers forms nobody showed', () => {
  /** A request of 2026-07-28 that says that a form was accepted. */
  const forge = async (agent: string, message: string, id: string) => {
    const meta = {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientInfo': { name: 't', version: '1' },
      'io.modelcontextprotocol/clientCapabilities': { elicitation: {} },
    };
    const inputResponses = { approval: { action: 'accept', content: { approve: true } } };
    const params = { name: 'demo_text__echo', arguments: { message }, inputResponses, requestState: id, _meta: meta };
    const response = await fetch(`${app.url}/mcp`, {
      method: 'POST',
      headers: {
        ...{ authorization: `Bearer ${tokens.get(agent)}`, 'content-type': 'application/json' },
        ...{ accept: 'application/json, text/event-stream', 'mcp-protocol-version': '2026-07-28' },
        ...{ 'mcp-method': 'tools/call', 'mcp-name': 'demo_text__echo' },
      },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }),
    });
    const { result } = (await response.json()) as { result?: { structuredContent?: { error?: { code: string } } } };
    return result?.structuredContent?.error?.code ?? 'value';
  };
  const asked = async (agent: string, message: string): Promise<string> => {
    const { result } = await callWith(CLIENTS[4]?.[1] as Connect, agent, undefined, message);
    const { error } = result['structuredContent'] as { error: { details: { id: string } } };
    return error.details.id;
  };

  test('gets nothing where the grant trusts no client', async () => {
    const id = await asked('careful', 'forged');
    expect(await forge('careful', 'forged', id)).toBe('APPROVAL_OWN');
    expect((await admin.call('approvals_show', { id })).data).toMatchObject({ state: 'pending' });
  });

  test('gets nothing for other arguments or another agent’s request', async () => {
    const id = await asked('trusting', 'honest');
    expect(await forge('trusting', 'swapped', id)).toBe('APPROVAL_MISMATCH');
    expect(await forge('careful', 'honest', id)).toBe('APPROVAL_UNKNOWN');
    expect(await forge('trusting', 'honest', 'f'.repeat(16))).toBe('APPROVAL_UNKNOWN');
  });

  test('the control: where the grant trusts clients it gets what it says, which the record calls its word', async () => {
    const id = await asked('trusting', 'trusted');
    expect(await forge('trusting', 'trusted', id)).toBe('value');
    expect((await admin.call('approvals_show', { id })).data).toMatchObject({
      state: 'used',
      by: 'asserted by the client of trusting',
    });
  });
});
