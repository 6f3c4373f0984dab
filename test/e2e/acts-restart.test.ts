// Acts that wait to be signed for, over a restart of the server: who asked has the same link still, and an admin signs the same digest.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { homeAt, prepareHome } from '#config/home.ts';
import { productPluginsDirectory } from '#config/product.ts';
import { generateClient } from './admin-client.ts';
import { adminTokenOf, startInProcess } from './in-process.ts';
import { temporaryFolder } from './server.ts';

const POLICY = `version: 1
people: { ben: { role: admin } }
require: { passkey: [policy_widen] }
agents: { athena: {} }
`;
const widened = (tool: string) => POLICY.replace('athena: {}', `athena: { grants: [{ tools: ["${tool}"] }] }`);

const folder = temporaryFolder();
afterAll(() => folder.remove());

type Waiting = { readonly id: string; readonly digest: string; readonly expiresAt: string };

test('an act that waits is the same one after a restart, and what else is asked for is another', async () => {
  const home = homeAt(join(folder.path, 'home'));
  prepareHome(home);
  writeFileSync(home.policy, POLICY, { mode: 0o600 });
  /** Applies it on a server that is started for that, and stopped. */
  const apply = async (...tools: readonly string[]): Promise<readonly Waiting[]> => {
    const app = await startInProcess(home, productPluginsDirectory());
    const admin = await generateClient(app.url, adminTokenOf(home));
    const waiting: Waiting[] = [];
    for (const tool of tools) {
      const { data } = await admin.call('policy_apply', { text: widened(tool) });
      const { error } = data as { readonly error: { readonly code: string; readonly details: Waiting } };
      expect(error.code).toBe('CONFIRMATION_NEEDED');
      waiting.push(error.details);
    }
    await app.close();
    return waiting;
  };
  const [first] = await apply('demo_text__echo');
  const [again, other] = await apply('demo_text__echo', 'demo_text__slugify');
  const facts = ({ id, digest, expiresAt }: Partial<Waiting> = {}) => ({ id, digest, expiresAt });
  expect(facts(again)).toEqual(facts(first));
  expect(other?.id).not.toBe(first?.id);
});
