// The table of denials through `smcp stdio` in a process of its own: as the bridge to a server of the home, and where it serves the home
// itself.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ReadBuffer, serializeMessage } from '@modelcontextprotocol/sdk/shared/stdio.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Home, homeAt, prepareHome } from '#config/home.ts';
import type { McpClient } from '#test/gateway/clients.ts';
import { CALL_DENIALS, GOVERNED_DENIALS, observe } from '#test/gateway/denials.ts';
import { LINE_CLIENTS } from '#test/stdio/clients.ts';
import { generateClient } from './admin-client.ts';
import { ALLOWED, type DenialFace, denialFaceOf, policyText } from './denial-world.ts';
import { adminTokenOf } from './in-process.ts';
import { startServer, type TestServer, temporaryFolder } from './server.ts';
import { type StdioProcess, startStdio } from './stdio-process.ts';

/** The process as a transport of the SDKs. */
function transportOf({ child }: StdioProcess): Transport {
  const buffer = new ReadBuffer();
  const transport: Transport = {
    start: async () => {
      child.stdout.on('data', (chunk: Buffer) => {
        buffer.append(chunk);
        for (let message = buffer.readMessage(); message !== null; message = buffer.readMessage()) {
          transport.onmessage?.(message);
        }
      });
    },
    send: async (message) => void child.stdin.write(serializeMessage(message)),
    close: async () => {},
  };
  return transport;
}

const WAYS = [
  { way: 'as the bridge to a server', isBridge: true },
  { way: 'where it serves the home itself', isBridge: false },
] as const;

describe.each(WAYS)('$way', ({ isBridge }) => {
  const folder = temporaryFolder();
  const home: Home = homeAt(join(folder.path, 'home'));
  let server: TestServer | undefined;
  let stdio: StdioProcess;
  let client: McpClient;
  let face: DenialFace;

  beforeAll(async () => {
    prepareHome(home);
    writeFileSync(home.policy, policyText(), { mode: 0o600 });
    if (isBridge) server = await startServer(home.directory);
    stdio = startStdio(['--agent', 'athena', '--home', home.directory]);
    const [legacy] = LINE_CLIENTS;
    if (legacy === undefined) throw new Error('no client');
    client = await legacy.connect(transportOf(stdio));
    const { url } = JSON.parse(readFileSync(home.server, 'utf8')) as { url: string };
    face = denialFaceOf(await generateClient(url, adminTokenOf(home)));
  });
  afterEach(() => face.thaw());
  afterAll(async () => {
    await client.close();
    await stdio.end();
    await server?.stop();
    folder.remove();
  });

  /** One client for the whole table: what it closes is closed at the end. */
  const world = () => face.worldOf('athena', async () => ({ ...client, close: async () => {} }));

  test.each([...CALL_DENIALS, ...GOVERNED_DENIALS])('$title', (denial) =>
    face.check('athena', world(), { door: 'stdio', denial }),
  );

  test('and the same client is answered when nothing denies it', async () => {
    expect(await observe(world(), ALLOWED)).toEqual({ where: 'none' });
  });
});
