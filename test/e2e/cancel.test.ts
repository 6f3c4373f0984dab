// What a client takes back, over every door of a whole server: a call that waits leaves the queue, one that runs is ended in
// its process, whether its client says so or is gone. The log says what became of it.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { App } from '#app.ts';
import { homeAt, prepareHome } from '#config/home.ts';
import { HTTP_CLIENTS, type McpClient } from '#test/gateway/clients.ts';
import { LINE_CLIENTS, socketTransport } from '#test/stdio/clients.ts';
import { openConnection } from '#test/stdio/door.ts';
import { type GeneratedClient, generateClient } from './admin-client.ts';
import { adminTokenOf, startInProcess } from './in-process.ts';
import { temporaryFolder } from './server.ts';

const folder = temporaryFolder();
const home = homeAt(join(folder.path, 'home'));
let app: App;
let admin: GeneratedClient;
let token: string;

beforeAll(async () => {
  prepareHome(home);
  writeFileSync(home.policy, 'version: 1\nagents:\n  athena:\n    grants:\n      - tools: ["slow__*"]\n', {
    mode: 0o600,
  });
  app = await startInProcess(home, fileURLToPath(new URL('./slow-plugins', import.meta.url)));
  admin = await generateClient(app.url, adminTokenOf(home));
  token = ((await admin.call('agent_token', { name: 'athena' })).data as { readonly token: string }).token;
});

afterEach(() => admin.call('queue_resume'));

afterAll(async () => {
  await app.close();
  folder.remove();
});

type Under = { readonly state: string; readonly invocation: string };

/** Waits until the calls that wait or run are so. */
async function until(isSo: (calls: readonly Under[]) => boolean): Promise<readonly Under[]> {
  for (;;) {
    const { calls } = (await admin.call('queue')).data as { readonly calls: readonly Under[] };
    if (isSo(calls)) return calls;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** As `spin` never ends, one that were not ended would keep this waiting until the test's time is over. */
const CASES = [
  { title: 'that waits is taken back', state: 'waiting', name: 'slow__quick', way: 'abort', phase: 'cancelled' },
  { title: 'that waits loses its client', state: 'waiting', name: 'slow__quick', way: 'close', phase: 'cancelled' },
  { title: 'that runs is taken back', state: 'running', name: 'slow__spin', way: 'abort', phase: 'outcome' },
  { title: 'that runs loses its client', state: 'running', name: 'slow__spin', way: 'close', phase: 'outcome' },
] as const;

async function check(client: McpClient, door: string, { state, name, way, phase }: (typeof CASES)[number]) {
  if (state === 'waiting') await admin.call('queue_pause');
  const controller = new AbortController();
  const call = client.call({ name }, { signal: controller.signal }).then(
    () => 'answered',
    () => 'ended',
  );
  const [under] = await until((calls) => calls.some((one) => one.state === state));
  if (way === 'abort') controller.abort();
  else await client.close();
  await until((calls) => calls.length === 0);
  expect(await call).toBe('ended');
  if (way === 'abort') await client.close();
  expect((await admin.call('log_show', { id: under?.invocation })).data).toMatchObject({
    record: { predicate: { phase, agent: 'athena', door, tool: { name }, result: { class: 'CANCELLED' } } },
  });
}

describe.each(HTTP_CLIENTS)('over $title a call', ({ door, connect }) => {
  test.each(CASES)('$title', async (one) => check(await connect({ url: app.url, token }), door, one));
});

describe.each(LINE_CLIENTS)('through the socket of the home with $title a call', ({ connect }) => {
  test.each(CASES)('$title', async (one) => {
    const connection = await openConnection(home.socket);
    await connection.greet('athena');
    await check(await connect(socketTransport(connection)), 'stdio', one);
  });
});
