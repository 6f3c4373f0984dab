// A server with people in its policy, an agent whose calls they approve, and what the tests of the console do again and again.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectStreamable, errorOf } from '#test/e2e/clients.ts';
import { startServer, type TestServer, temporaryFolder } from '#test/e2e/server.ts';
import { addAuthenticator, type Browser, type Page } from './browser.ts';

export const POLICY = `version: 1
people:
  ana: { role: approver }
  ben: { role: admin }
  cleo: { role: viewer }
agents:
  athena:
    grants:
      - id: by-anybody
        tools: ["demo_text__echo"]
        approval: { ttl: 1h }
      - id: by-ana
        tools: ["demo_text__slugify"]
        approval: { ttl: 1h, by: [ana] }
      - id: at-once
        tools: ["demo_text__hash_preview"]
        approval: { ttl: 1h, wait: 0s, by: [ana] }
      - id: by-two
        tools: ["demo_text__word_count", "demo_math__calculate"]
        approval: { ttl: 1h, by: ["role:approver"], people: 2 }
`;

export type ConsoleWorld = {
  readonly server: TestServer;
  readonly home: string;
  /** Where the console is. */
  readonly origin: string;
  readonly token: string;
  readonly end: () => Promise<void>;
};

export async function startConsoleWorld(policy = POLICY): Promise<ConsoleWorld> {
  const folder = temporaryFolder();
  const home = join(folder.path, 'home');
  mkdirSync(home, { mode: 0o700 });
  writeFileSync(join(home, 'policy.yaml'), policy, { mode: 0o600 });
  const server = await startServer(home);
  const { token } = (await server.json('agent', 'token', 'athena')) as { readonly token: string };
  const origin = `http://localhost:${new URL(server.url).port}`;
  return {
    ...{ server, home, origin, token },
    end: async () => {
      await server.stop();
      folder.remove();
    },
  };
}

export type Person = { readonly page: Page; readonly authenticator: string };

/** Somebody with a phone, enrolled by a link and signed in. */
export async function signedInPerson(
  { server, origin }: Pick<ConsoleWorld, 'server' | 'origin'>,
  browser: Browser,
  name: string,
): Promise<Person> {
  const page = await browser.page({ width: 360 });
  const authenticator = await addAuthenticator(page);
  await enrol(server, page, name);
  await page.open(`${origin}/console/`);
  await page.press('Sign in');
  await page.until(`document.getElementById('who')?.textContent.startsWith('${name}, ')`);
  return { page, authenticator };
}

export async function enrol(server: TestServer, page: Page, name: string): Promise<string> {
  const { link } = (await server.json('person', 'invite', name)) as { readonly link: string };
  await page.open(link);
  await page.press('Make a passkey');
  await page.until(`document.getElementById('status').textContent.startsWith('Enrolled')`);
  return link;
}

/** A call by a client of 2026-07-28, under way; and what it came to. */
export async function callTool({ server, token }: ConsoleWorld, tool: string, args: Record<string, unknown>) {
  const client = await connectStreamable(server.url, token);
  const ended = client.call(tool, args).finally(() => client.close());
  return { ended: ended.then((result) => (result.isError === true ? errorOf(result).code : 'value')) };
}

/** The request that waits, once there is one for this tool. */
export async function requestFor(
  server: TestServer,
  tool: string,
): Promise<{ readonly id: string; readonly digest: string }> {
  for (;;) {
    const waiting = (await server.json('approvals')) as readonly {
      id: string;
      digest: string;
      tool: string;
      state: string;
    }[];
    const found = waiting.find((one) => one.tool === tool && one.state === 'pending');
    if (found !== undefined) return found;
  }
}
