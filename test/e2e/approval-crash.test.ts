// A server that is killed while a call runs that a person approved: nothing of the approval is left.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { connectStreamable, errorOf } from './clients.ts';
import { startServer, type TestServer, temporaryFolder } from './server.ts';

const PLUGINS = fileURLToPath(new URL('./slow-plugins', import.meta.url));
const POLICY = `version: 1
agents:
  careful:
    grants:
      - { tools: ["slow__*"], approval: { ttl: 1h, wait: 0s } }
`;

const folder = temporaryFolder();
const home = join(folder.path, 'home');
let server: TestServer | undefined;

afterAll(async () => {
  await server?.stop();
  folder.remove();
});

type Waiting = { readonly id: string; readonly state: string };
const stateOf = async (id: unknown) =>
  ((await server?.json('approvals', 'show', String(id))) as Waiting | undefined)?.state;

test('an approval that a call has begun with lets no call begin after a crash; one that was not used still does', async () => {
  mkdirSync(home, { mode: 0o700 });
  writeFileSync(join(home, 'policy.yaml'), POLICY, { mode: 0o600 });
  server = await startServer(home, ['--plugins', PLUGINS]);
  const { token } = (await server.json('agent', 'token', 'careful')) as { token: string };
  const before = await connectStreamable(server.url, token);
  const ids: { [tool: string]: unknown } = {};
  for (const tool of ['slow__wait', 'slow__quick']) {
    ids[tool] = (errorOf(await before.call(tool)).details as { id: string }).id;
    expect((await server.smcp('approvals', 'approve', String(ids[tool]))).code).toBe(0);
  }
  const lost = before.call('slow__wait').catch(() => 'lost');
  await expect.poll(() => stateOf(ids['slow__wait'])).toBe('used');
  await server.kill();
  expect(await lost).toBe('lost');

  server = await startServer(home, ['--plugins', PLUGINS]);
  const after = await connectStreamable(server.url, token);
  expect(await stateOf(ids['slow__wait'])).toBe('used');
  expect(errorOf(await after.call('slow__wait')).code).toBe('APPROVAL_PENDING');
  const named = await after.call('slow__wait', {}, { 'smcp/approval': ids['slow__wait'] });
  expect(errorOf(named).code).toBe('APPROVAL_USED');
  // The control: the same crash takes nothing from the one that no call has used.
  expect((await after.call('slow__quick')).structuredContent).toEqual({ done: true });
  await after.close();
  expect((await server.smcp('log', 'verify', home)).code).toBe(0);
});
