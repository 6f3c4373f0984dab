// The configuration of a real server is changed while it runs: what follows it does so at once, and a restart keeps it.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type App, createApp } from '#app.ts';
import { silentLogger } from '#base/log.ts';
import { loadConfig } from '#config/config.ts';
import { homeAt, prepareHome } from '#config/home.ts';
import { productPluginsDirectory } from '#config/product.ts';
import { type GeneratedClient, generateClient } from './admin-client.ts';
import { connectStreamable, errorOf, type TestClient } from './clients.ts';
import { adminTokenOf } from './in-process.ts';
import { temporaryFolder } from './server.ts';

const POLICY = `version: 1
agents:
  scribe:
    grants:
      - tools: ["notes__*"]
`;
const EDITED = POLICY.replace('notes__*', 'notes__list');

const folder = temporaryFolder();
const home = homeAt(join(folder.path, 'home'));
const levels: string[] = [];
let app: App;
let admin: GeneratedClient;
let scribe: TestClient;

const start = async () => {
  app = await createApp({
    home,
    config: loadConfig(home.config, {}),
    ...{ host: '127.0.0.1', port: 0, version: '0.0.0' },
    logger: silentLogger,
    setLogLevel: (level) => void levels.push(level),
    productPlugins: productPluginsDirectory(),
    externalPlugins: [],
  });
  admin = await generateClient(app.url, adminTokenOf(home));
  const issued = await admin.call('agent_token', { name: 'scribe' });
  scribe = await connectStreamable(app.url, (issued.data as { token: string }).token);
};

beforeAll(async () => {
  prepareHome(home);
  writeFileSync(home.policy, POLICY, { mode: 0o600 });
  await start();
});

afterAll(async () => {
  await scribe.close();
  await app.close();
  folder.remove();
});

const set = async (key: string, value: string) => (await admin.call('config_set', { key, value })).status;
const fileState = async () =>
  ((await admin.call('policy_show')).data as { fileState: { kind: string } }).fileState.kind;
const mayWrite = async () =>
  ((await admin.call('can', { agent: 'scribe', tool: 'notes__write' })).data as { decision: string }).decision;

test('messages follow their level', async () => {
  expect(await set('logging.level', 'warn')).toBe(200);
  expect(levels.at(-1)).toBe('warn');
  expect(await set('logging.level', 'loud')).toBe(400);
  expect(levels.at(-1)).toBe('warn');
});

test('under manual an edit of the policy waits, and with auto it counts', async () => {
  expect(await set('policy.apply', 'manual')).toBe(200);
  writeFileSync(home.policy, EDITED);
  await expect.poll(fileState).toBe('staged');
  expect(await mayWrite()).toBe('allow');
  expect(await set('policy.apply', 'auto')).toBe(200);
  await expect.poll(mayWrite).toBe('deny');
  await expect.poll(fileState).toBe('in-force');
  writeFileSync(home.policy, POLICY);
  await expect.poll(mayWrite).toBe('allow');
});

test('a workspace that was made smaller takes no more, and one that was made larger again does', async () => {
  expect(await set('workspaces.bytesMax', '1')).toBe(200);
  const full = await scribe.call('notes__write', { name: 'a', text: 'a note' });
  expect(errorOf(full)).toMatchObject({ code: 'QUOTA_EXCEEDED' });
  expect(await set('workspaces.bytesMax', '1000000')).toBe(200);
  expect(await scribe.call('notes__write', { name: 'a', text: 'a note' })).not.toHaveProperty('isError');
});

test('who changed what is in the log, and a restart keeps it', async () => {
  const records = (await admin.call('log_tail', { count: 50 })).data;
  expect(records).toContainEqual(
    expect.objectContaining({
      record: expect.objectContaining({
        predicate: expect.objectContaining({
          operation: 'config_set',
          subject: 'workspaces.bytesMax 1000000',
          by: 'admin',
        }),
      }),
    }),
  );
  await scribe.close();
  await app.close();
  expect(readFileSync(home.config, 'utf8')).toContain('level: warn');
  await start();
  const { settings } = (await admin.call('config_show')).data as {
    settings: readonly { key: string; value: unknown }[];
  };
  expect(settings).toContainEqual({ key: 'workspaces.bytesMax', value: 1_000_000, changes: 'at run time' });
});
