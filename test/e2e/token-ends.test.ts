// What is open when its token ends by itself is ended then, whoever issued it.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { exchanged } from './exchange-world.ts';
import { type OAuthWorld, openOAuthWorld } from './oauth-world.ts';

let world: OAuthWorld;
beforeAll(async () => {
  world = await openOAuthWorld(['leewaySeconds: 0']);
});
afterAll(() => world.close());

/** Opens a stream, and resolves when the server ends it. */
async function untilEnded(token: string): Promise<void> {
  const answer = await fetch(`${world.server.app.url}/sse`, { headers: { authorization: `Bearer ${token}` } });
  expect(answer.status).toBe(200);
  const reader = answer.body?.getReader();
  if (reader === undefined) throw new Error('no stream');
  try {
    while (!(await reader.read()).done);
  } catch {
    // A stream that is cut has ended, too.
  }
}

const endsSoon = (): number => Math.floor(Date.now() / 1000) + 3;

test.each<[string, () => Promise<string>]>([
  ['one of ours', async () => (await world.server.issue('athena', { expires: '2s' })).token],
  [
    "a sub-agent's, with the one above it",
    async () => {
      const above = await world.server.issue('athena', { expires: '2s' });
      return (await exchanged(world.server.app.url, above.token)).token;
    },
  ],
  ["another issuer's", () => world.issuer.sign({ aud: world.resource, exp: endsSoon() })],
])('the stream of %s', async (_, issue) => {
  const token = await issue();
  await untilEnded(token);
  const again = await fetch(`${world.server.app.url}/sse`, { headers: { authorization: `Bearer ${token}` } });
  expect(again.status).toBe(401);
});
