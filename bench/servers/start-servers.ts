// Starts the two servers that are compared: the bare one, and ours on a home of its own in a temporary folder.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ServerOptions, type ServerProcess, startServer } from './server-process.ts';

export type BareKind = 'recommended' | 'lean';

const BARE = fileURLToPath(new URL('./bare.ts', import.meta.url));
export const SMCP = fileURLToPath(new URL('../../src/smcp.js', import.meta.url));

export function startBare(kind: BareKind): Promise<ServerProcess> {
  return startServer(BARE, [kind]);
}

/** A home with one policy: so many agents, each with a token and a grant for the tools named. Removed when disposed of. */
export type Home = Disposable & { readonly directory: string; readonly agents: readonly string[] };

export function makeHome(agentCount: number, tools: string): Home {
  const directory = mkdtempSync(join(tmpdir(), 'smcp-bench-'));
  const agents = Array.from({ length: agentCount }, (_, place) => `bench-${place + 1}`);
  const grants = agents.map((name) => `  ${name}:\n    grants:\n      - tools: ["${tools}"]\n`);
  writeFileSync(join(directory, 'policy.yaml'), `version: 1\ndefaults: { loop: off }\nagents:\n${grants.join('')}`, {
    mode: 0o600,
  });
  return { directory, agents, [Symbol.dispose]: () => rmSync(directory, { recursive: true, force: true }) };
}

export type OurServer = ServerProcess & { readonly tokens: readonly string[]; readonly home: string };

/** `smcp serve`, as anybody starts it. @throws when it doesn't start */
export async function startOurs(home: Home, options: ServerOptions = {}): Promise<OurServer> {
  const args = ['serve', '--json', '--port', '0', '--home', home.directory];
  return withTokens(await startServer(SMCP, args, options), home);
}

/** A token for each agent of the home, from the running server. */
export async function withTokens(server: ServerProcess, { directory, agents }: Home): Promise<OurServer> {
  const adminToken = readFileSync(join(directory, 'admin.token'), 'utf8').trim();
  const tokens: string[] = [];
  for (const agent of agents) {
    const answer = await fetch(`${server.url}/admin/v1/agents/${agent}/tokens`, {
      method: 'POST',
      headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
      body: '{}',
    });
    const issued = (await answer.json()) as { token?: string };
    if (issued.token === undefined) throw new Error(`no token for ${agent}: HTTP ${answer.status}`);
    tokens.push(issued.token);
  }
  return { ...server, tokens, home: directory };
}
