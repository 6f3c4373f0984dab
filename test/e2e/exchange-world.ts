// A whole server with agents whose tokens are exchanged for those of sub-agents, and what tests say to it.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { homeAt, prepareHome } from '#config/home.ts';
import { productPluginsDirectory } from '#config/product.ts';
import { type GeneratedClient, generateClient } from './admin-client.ts';
import { adminTokenOf, startInProcess } from './in-process.ts';
import { temporaryFolder } from './server.ts';

export const GRANT_TYPE = 'urn:ietf:params:oauth:grant-type:token-exchange';

export type Issued = { readonly id: string; readonly token: string };
export type TokenAnswer = { readonly status: number; readonly body: { readonly [name: string]: unknown } };

/** Asks for a token in exchange for `token`; absent: none is shown. `more` are parameters of the form. */
export async function askForToken(
  url: string,
  token: string | undefined,
  more: { readonly [name: string]: string } = {},
): Promise<TokenAnswer> {
  const answer = await fetch(`${url}/oauth/token`, {
    method: 'POST',
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    body: new URLSearchParams({ grant_type: GRANT_TYPE, ...more }),
  });
  return { status: answer.status, body: (await answer.json()) as TokenAnswer['body'] };
}

/** The same, which must be given. */
export async function exchanged(
  url: string,
  token: string,
  more: { readonly [name: string]: string } = {},
): Promise<Issued> {
  const { status, body } = await askForToken(url, token, more);
  if (status !== 200) throw new Error(`not exchanged: ${JSON.stringify(body)}`);
  return { id: String(body['id']), token: String(body['access_token']) };
}

export async function openExchangeWorld(policy: string) {
  const folder = temporaryFolder();
  const home = homeAt(join(folder.path, 'home'));
  prepareHome(home);
  writeFileSync(home.policy, policy, { mode: 0o600 });
  const app = await startInProcess(home, productPluginsDirectory());
  const admin: GeneratedClient = await generateClient(app.url, adminTokenOf(home));
  return {
    url: app.url,
    directory: home.directory,
    admin,
    adminToken: adminTokenOf(home),
    issue: async (name: string, options: object = {}) =>
      (await admin.call('agent_token', { name, ...options })).data as Issued,
    /** Records of the log, the newest last, as far as `log tail` shows them. */
    records: async () =>
      (
        (await admin.call('log_tail', { count: 50 })).data as readonly { readonly record: { predicate: Predicate } }[]
      ).map(({ record }) => record.predicate),
    close: async () => {
      await app.close();
      folder.remove();
    },
  };
}

export type Predicate = { readonly [name: string]: unknown };
