// Agents' files through a whole server: where they lie, who shares them, what a grant leaves, what the record says.

import { mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type App, createApp } from '#app.ts';
import { silentLogger } from '#base/log.ts';
import { loadConfig } from '#config/config.ts';
import { homeAt, prepareHome } from '#config/home.ts';
import { connectStreamable, receiptOf, type TestClient } from './clients.ts';
import { smcp, temporaryFolder } from './server.ts';

const folder = temporaryFolder();
const home = homeAt(join(folder.path, 'home'));
const plugins = join(folder.path, 'plugins');
const AGENTS = ['athena', 'hermes', 'zeus', 'reader'];
let app: App;
const clients: { [agent: string]: TestClient } = {};

const CODE = `export const tools = { act: async ({ call, params }, host) => {
  try { return { answer: await host.files[call](params) }; }
  catch ({ code, message, details }) { return { refused: { code, message, details } }; }
} };`;

const MANIFEST = {
  ...{ manifest: 1, name: 'acts', version: '1.0.0', description: 'Acts' },
  runtime: { kind: 'isolate', entry: 'index.js' },
  capabilities: { files: [{ path: 'workspace/in', access: 'write' }] },
  tools: [
    {
      name: 'act',
      description: 'Does what it is told.',
      input: { type: 'object', properties: { call: { type: 'string' }, params: { type: 'object' } } },
    },
  ],
};

const POLICY = `version: 1
shares: { team: [athena, hermes] }
agents:
  athena: { workspace: team, grants: [{ tools: ["acts__*"] }] }
  hermes: { workspace: team, grants: [{ tools: ["acts__*"] }] }
  zeus: { grants: [{ tools: ["acts__*"] }] }
  reader: { grants: [{ tools: ["acts__*"], capabilities: { files: ["workspace:read"] } }] }
`;

const start = () =>
  createApp({
    ...{ home, config: loadConfig(home.config, {}), host: '127.0.0.1', port: 0, logger: silentLogger },
    ...{ version: '0.0.0', productPlugins: plugins, externalPlugins: [] },
  });

beforeAll(async () => {
  prepareHome(home);
  writeFileSync(home.policy, POLICY, { mode: 0o600 });
  writeFileSync(home.config, 'version: 1\nworkspaces: { bytesMax: 1000 }\n', { mode: 0o600 });
  mkdirSync(join(plugins, 'acts'), { recursive: true });
  writeFileSync(join(plugins, 'acts/index.js'), CODE);
  writeFileSync(join(plugins, 'acts/plugin.json'), JSON.stringify(MANIFEST));
  app = await start();
  for (const agent of AGENTS) {
    const issued = await smcp(['agent', 'token', agent, '--json', '--home', home.directory]);
    clients[agent] = await connectStreamable(app.url, (JSON.parse(issued.stdout) as { token: string }).token);
  }
});

afterAll(async () => {
  for (const client of Object.values(clients)) await client.close();
  await app.close();
  folder.remove();
});

async function callAs(agent: string, call: string, params: object) {
  const result = await clients[agent]?.call('acts__act', { call, params });
  if (result === undefined) throw new Error(`no client for ${agent}`);
  return result;
}

const act = async (agent: string, call: string, params: object) =>
  (await callAs(agent, call, params)).structuredContent;

describe('the files of an agent', () => {
  test('lie in the home, in a workspace that is its own or one that the policy says is shared', async () => {
    expect(await act('athena', 'write', { path: 'workspace/in/f', text: 'team' })).toEqual({ answer: { bytes: 4 } });
    expect(await act('hermes', 'read', { path: 'workspace/in/f' })).toMatchObject({ answer: { text: 'team' } });
    expect(await act('zeus', 'read', { path: 'workspace/in/f' })).toMatchObject({ refused: { code: 'NOT_FOUND' } });
    expect(readFileSync(join(home.workspaces, 'team/in/f'), 'utf8')).toBe('team');
    expect(statSync(home.workspaces).mode & 0o777).toBe(0o700);
  });

  test('are those of its grant: what that leaves out is denied', async () => {
    expect(await act('reader', 'list', { path: 'workspace/in' })).toMatchObject({ refused: { code: 'NOT_FOUND' } });
    expect(await act('reader', 'write', { path: 'workspace/in/f', text: '' })).toMatchObject({
      refused: { code: 'CAPABILITY_DENIED', details: { allowed: ['workspace/in:read'] } },
    });
    expect(await act('zeus', 'write', { path: 'workspace/out', text: '' })).toMatchObject({
      refused: { code: 'CAPABILITY_DENIED' },
    });
  });

  test('take no more room than the configuration says', async () => {
    expect(await act('zeus', 'write', { path: 'workspace/in/f', text: 'x'.repeat(1001) })).toMatchObject({
      refused: { code: 'QUOTA_EXCEEDED', details: { bytesMax: 1000 } },
    });
  });

  test('are named in the record by the folder that was given, and what was asked is in no record in clear', async () => {
    const result = await callAs('zeus', 'write', { path: 'workspace/in/secret-name', text: 'secret-text' });
    const shown = await smcp(['log', 'show', receiptOf(result).invocation, '--json', '--home', home.directory]);
    const { record } = JSON.parse(shown.stdout) as { record: { predicate: { capabilities: object; tool: object } } };
    expect(record.predicate.tool).toMatchObject({ effect: 'write' });
    expect(record.predicate.capabilities).toMatchObject({
      granted: { files: [{ path: 'workspace/in', access: 'write' }] },
      used: [{ kind: 'files', target: 'workspace/in', count: 1 }],
    });
    expect(JSON.stringify(record)).not.toMatch(/secret-(name|text)/);
  });
});

describe('an edit of the policy', () => {
  test('that ends a share counts at the next call', async () => {
    const apart = POLICY.replace(/shares.*\n/, '').replace('hermes: { workspace: team,', 'hermes: {');
    writeFileSync(join(folder.path, 'next.yaml'), apart);
    const applied = await smcp(['policy', 'apply', join(folder.path, 'next.yaml'), '--home', home.directory]);
    expect(applied.code).toBe(0);
    expect(await act('hermes', 'read', { path: 'workspace/in/f' })).toMatchObject({ refused: { code: 'NOT_FOUND' } });
    expect(await act('athena', 'read', { path: 'workspace/in/f' })).toMatchObject({ answer: { text: 'team' } });
  });

  test('that gives one agent the files of another without saying so is refused', async () => {
    const wrong = join(folder.path, 'wrong.yaml');
    writeFileSync(wrong, POLICY.replace(/shares.*\n/, ''));
    const applied = await smcp(['policy', 'apply', wrong, '--home', home.directory]);
    expect([applied.code, applied.stderr]).toEqual([2, expect.stringContaining('shares: { team: [athena, hermes] }')]);
  });
});

test('a server whose workspaces would lie over its own files does not start', async () => {
  const other = homeAt(join(folder.path, 'other'));
  prepareHome(other);
  symlinkSync(other.directory, join(folder.path, 'link'));
  writeFileSync(other.config, `version: 1\nworkspaces: { directory: ${join(folder.path, 'link/keys')} }\n`, {
    mode: 0o600,
  });
  const started = await smcp(['serve', '--port', '0', '--home', other.directory]);
  expect([started.code, started.stderr]).toEqual([2, expect.stringContaining('CONFIG_INVALID')]);
  expect(started.stderr).toContain('overlaps the home');
});
