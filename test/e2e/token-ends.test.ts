// What is open when its token ends by itself is ended then, whoever issued it.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { exchanged } from './exchange-world.ts';
import { type OAuthWorld, openOAuthWorld } from './oauth-world.ts';

let world: OAuthWorld;
beforeAll(async () => {
  world = await openOAuthWorld(['leewaySeconds: 0']);
});
afterAll(() => world.close());

const open = (token: string) => fetch(`${world.server.app.url}/sse`, { headers: { authorization: `Bearer ${token}` } });

/** Resolves when the server ends it. */
async function untilEnded(answer: Response): Promise<void> {
  const reader = answer.body?.getReader();
  if (reader === undefined) throw new Error('no stream');
  try {
    while (!(await reader.read()).done);
  } catch {
    // A stream that is cut has ended, too.
  }
}

test.each<[string, (seconds: number) => Promise<string>]>([
  ['one of ours', async (seconds) => (await world.server.issue('athena', { expires: `${seconds}s` })).token],
  [
    "a sub-agent's, with the one above it",
    async (seconds) => {
      const above = await world.server.issue('athena', { expires: `${seconds}s` });
      return (await exchanged(world.server.app.url, above.token)).token;
    },
  ],
  [
    "another issuer's",
    (seconds) => world.issuer.sign({ aud: world.resource, exp: Math.ceil(Date.now() / 1000) + seconds }),
  ],
])('the stream of %s', async (_, issue) => {
  // On a slow machine one has ended before it is shown: then another, that lives twice as long.
  for (let seconds = 2; ; seconds *= 2) {
    const token = await issue(seconds).catch(() => undefined);
    if (token === undefined) continue;
    const answer = await open(token);
    if (answer.status === 401) continue;
    expect(answer.status).toBe(200);
    await untilEnded(answer);
    expect((await open(token)).status).toBe(401);
    return;
  }
});
