// A server with three agents and clients generated from its OpenAPI document, for the tests of administration.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type GeneratedClient, generateClient } from './admin-client.ts';
import { connectStreamable, errorOf } from './clients.ts';
import { startServer, type TestServer, temporaryFolder } from './server.ts';

/** `demo` uses tools, `careful` is asked about them, `ops` was granted the admin tools, `star` everything, which they are no part of. */
export const POLICY = `# mine
version: 1
people:
  cleo: { role: approver }
agents:
  demo:
    grants:
      - tools: ["demo_text__*"]
  careful:
    grants:
      - tools: ["demo_text__*"]
        approval: { ttl: 1h, wait: 0s }
  ops:
    grants:
      - tools: ["smcp__*"]
  star:
    grants:
      - tools: ["*"]
`;
/** An issuer that nobody asks for anything: its tokens are only taken back. */
export const CONFIG = `version: 1
oauth: { issuer: "https://auth.example.com", audience: "https://smcp.example.com/mcp", agentClaim: client_id }
`;
/** Under which demo may do less, and more. */
export const NARROWER = POLICY.replace('demo_text__*', 'demo_text__echo');
export const WIDER = POLICY.replace('demo_text__*', 'demo_*');

/** Input of operations that need some. */
export const INPUT: { readonly [operation: string]: object } = {
  can: { agent: 'demo', tool: 'demo_text__echo', args: { message: 'x' } },
  agent_add: { name: 'zoe' },
  agent_token: { name: 'zoe', expires: '1h' },
  agent_revoke: { id: 'nothing' },
  token_revoke: { subject: 'u1' },
  policy_rollback: { version: 1 },
  policy_show: { version: 1 },
  policy_simulate: { text: NARROWER },
  policy_suggest: { agent: 'demo' },
  policy_who_can: { tool: 'demo_text__echo' },
  labels_clear: { agent: 'demo', why: 'its context was thrown away' },
  person_invite: { name: 'cleo' },
  person_revoke: { name: 'cleo' },
  plugin_review: { name: 'extra' },
  plugin_approve: { name: 'extra', digest: `sha256:${'0'.repeat(64)}` },
  plugin_disable: { name: 'demo_math' },
  plugin_enable: { name: 'demo_math' },
  queue_cancel: { id: 'nothing' },
  secret_set: { name: 'TOKEN', value: 'a value that is long enough' },
  secret_rm: { name: 'TOKEN' },
  log_show: { id: '0' },
  log_prove: { id: '0' },
  log_disclose: { id: '0' },
  config_set: { key: 'logging.level', value: 'debug' },
  log_tail: { count: 2 },
  approvals_show: { id: 'nothing' },
  approvals_approve: { id: 'nothing', digest: `sha256:${'0'.repeat(64)}` },
  approvals_deny: { id: 'nothing' },
};

export type AdminWorld = {
  readonly folder: string;
  /** The one that runs now. */
  readonly server: () => TestServer;
  readonly admin: () => GeneratedClient;
  readonly tokens: { readonly [agent: string]: string };
  readonly adminToken: string;
  /** A client with another token, generated from the same document. */
  readonly clientWith: (token: string) => Promise<GeneratedClient>;
  /** Input with which an operation that only looks succeeds. */
  readonly inputOf: (operation: string) => object;
  /** Records in the log. */
  readonly entries: () => Promise<number>;
  readonly restart: () => Promise<void>;
  readonly end: () => Promise<void>;
};

/** Has `careful` make a call that waits to be approved; its request. */
export async function askFor(url: string, token: string, message: string): Promise<{ readonly id: string }> {
  const client = await connectStreamable(url, token);
  const { code, details } = errorOf(await client.call('demo_text__echo', { message }));
  await client.close();
  if (code !== 'APPROVAL_PENDING') throw new Error(code);
  return details as { readonly id: string };
}

/** Has `demo` make a call; its invocation. */
async function callOnce(url: string, token: string): Promise<string> {
  const client = await connectStreamable(url, token);
  const result = await client.call('demo_text__echo', { message: 'once' });
  await client.close();
  const receipt = (result as { _meta?: { [key: string]: unknown } })._meta?.['smcp/receipt'];
  return (receipt as { invocation: string }).invocation;
}

/** A directory with a plugin that did not come with the product. */
function writeExtra(directory: string): string {
  const tools = [{ name: 'run', description: 'd', input: { type: 'object' } }];
  const about = { manifest: 1, name: 'extra', version: '1.0.0', description: 'd' };
  mkdirSync(join(directory, 'extra'), { recursive: true });
  writeFileSync(
    join(directory, 'extra', 'plugin.json'),
    JSON.stringify({ ...about, runtime: { kind: 'isolate', entry: 'index.js' }, tools }),
  );
  writeFileSync(join(directory, 'extra', 'index.js'), 'export const tools = { run: () => ({}) };');
  return directory;
}

export async function startAdminWorld(): Promise<AdminWorld> {
  const folder = temporaryFolder();
  const home = join(folder.path, 'home');
  mkdirSync(home, { mode: 0o700 });
  writeFileSync(join(home, 'policy.yaml'), POLICY, { mode: 0o600 });
  writeFileSync(join(home, 'config.yaml'), CONFIG, { mode: 0o600 });
  const plugins = ['--plugins', writeExtra(join(folder.path, 'plugins'))];
  let server = await startServer(home, plugins);
  const adminToken = readFileSync(join(home, 'admin.token'), 'utf8').trim();
  const headers = { authorization: `Bearer ${adminToken}` };
  const document = (await (await fetch(`${server.url}/openapi.json`, { headers })).json()) as object;
  let admin = await generateClient(server.url, adminToken);
  const tokens: { [agent: string]: string } = {};
  for (const name of ['demo', 'careful', 'ops', 'star']) {
    tokens[name] = ((await admin.call('agent_token', { name })).data as { token: string }).token;
  }
  const { id: asked } = await askFor(server.url, tokens['careful'] ?? '', 'at the start');
  const inputs: { readonly [operation: string]: object } = {
    ...INPUT,
    approvals_show: { id: asked },
    log_replay: { id: await callOnce(server.url, tokens['demo'] ?? '') },
  };
  return {
    folder: folder.path,
    inputOf: (name) => ({ ...inputs[name] }),
    server: () => server,
    admin: () => admin,
    tokens,
    adminToken,
    clientWith: (token) => generateClient(server.url, token, document),
    entries: async () => ((await admin.call('status')).data as { log: { entries: number } }).log.entries,
    restart: async () => {
      await server.stop();
      server = await startServer(home, plugins);
      admin = await generateClient(server.url, adminToken);
    },
    end: async () => {
      await server.stop();
      folder.remove();
    },
  };
}
