// The one table of denials over every door of a whole server, with every client: its own policy, dispatcher and log deny, and
// what is newest in the log says so. (Over each door by itself it runs in test/gateway and test/stdio.)

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { App } from '#app.ts';
import { homeAt, prepareHome } from '#config/home.ts';
import { productPluginsDirectory } from '#config/product.ts';
import { HTTP_CLIENTS, type McpClient } from '#test/gateway/clients.ts';
import {
  CALL_DENIALS,
  DENIALS,
  DENY_RULE,
  type Denial,
  type DenialWorld,
  expectedOf,
  LIMIT_RULE,
  observe,
  type TokenKind,
} from '#test/gateway/denials.ts';
import { LINE_CLIENTS, socketTransport } from '#test/stdio/clients.ts';
import { openConnection } from '#test/stdio/door.ts';
import { type GeneratedClient, generateClient } from './admin-client.ts';
import { adminTokenOf, startInProcess } from './in-process.ts';
import { temporaryFolder } from './server.ts';

const POLICY = `version: 1
agents:
  athena:
    grants:
      - tools: ["demo_text__*", "gone__*"]
      - tools: ["demo_math__coin_flip"]
        approval: { ttl: 1h, wait: 0s }
      - id: ${LIMIT_RULE}
        tools: ["demo_math__format_bytes"]
        limits: { bytes: 1, per: 1h }
    deny:
      - id: ${DENY_RULE}
        tools: ["demo_text__slugify"]
`;

const folder = temporaryFolder();
const home = homeAt(join(folder.path, 'home'));
const tokens = new Map<TokenKind, string>();
let app: App;
let admin: GeneratedClient;

const issue = async (expires: string) =>
  (await admin.call('agent_token', { name: 'athena', expires })).data as {
    readonly id: string;
    readonly token: string;
  };

beforeAll(async () => {
  prepareHome(home);
  writeFileSync(home.policy, POLICY, { mode: 0o600 });
  app = await startInProcess(home, productPluginsDirectory());
  const adminToken = adminTokenOf(home);
  admin = await generateClient(app.url, adminToken);
  const revoked = await issue('1h');
  await admin.call('agent_revoke', { id: revoked.id });
  tokens.set('good', (await issue('1h')).token);
  tokens.set('revoked', revoked.token);
  tokens.set('expired', (await issue('1ms')).token);
  tokens.set('unknown', 'nobody');
  tokens.set('admin', adminToken);
});

afterEach(() => admin.call('unfreeze'));

afterAll(async () => {
  await app.close();
  folder.remove();
});

const worldOf = (connect: DenialWorld['connect']): DenialWorld => ({
  connect,
  freeze: async () => void (await admin.call('freeze', { agent: 'athena' })),
  tools: {
    granted: 'demo_text__echo',
    ungranted: 'demo_math__calculate',
    invented: 'nobody__tool',
    missing: 'gone__tool',
    forbidden: 'demo_text__slugify',
    asking: 'demo_math__coin_flip',
    limited: 'demo_math__format_bytes',
  },
  args: { good: { message: 'a' }, other: { message: 'b' }, bad: { message: 7 } },
});

type Shown = { readonly index: number; readonly record: { readonly predicate: { readonly phase?: string } } };

const newestOfCalls = async () => {
  const records = (await admin.call('log_tail', { count: 5 })).data as readonly Shown[];
  return records.findLast(({ record }) => record.predicate.phase !== undefined);
};

async function check(world: DenialWorld, door: string, denial: Denial): Promise<void> {
  const before = await newestOfCalls();
  expect(await observe(world, denial)).toEqual(expectedOf(denial));
  const newest = await newestOfCalls();
  if (!denial.isRecorded) return expect(newest?.index).toBe(before?.index);
  expect(newest?.index).toBeGreaterThan(before?.index ?? -1);
  expect(newest?.record.predicate).toMatchObject({
    phase: 'denied',
    agent: 'athena',
    door,
    tool: { name: world.tools[denial.call.tool] },
    result: { isError: true, class: denial.expected.code },
  });
}

async function checkAllowed(connect: () => Promise<McpClient>): Promise<void> {
  const [denial] = CALL_DENIALS;
  if (denial === undefined) throw new Error('no denial');
  const allowed: Denial = { ...denial, call: { tool: 'granted' } };
  expect(await observe(worldOf(connect), allowed)).toEqual({ where: 'none' });
}

describe.each(HTTP_CLIENTS)('over $title', ({ door, connect }) => {
  const open = (kind: TokenKind) => connect({ url: app.url, token: tokens.get(kind) });

  test.each(DENIALS)('$title', (denial) => check(worldOf(open), door, denial));

  test('and the same client is answered when nothing denies it', () => checkAllowed(() => open('good')));
});

describe.each(LINE_CLIENTS)('through the socket of the home with $title', ({ connect }) => {
  const open = async () => {
    const connection = await openConnection(home.socket);
    await connection.greet('athena');
    return connect(socketTransport(connection));
  };

  test.each(CALL_DENIALS)('$title', (denial) => check(worldOf(open), 'stdio', denial));

  test('and the same client is answered when nothing denies it', () => checkAllowed(open));
});
