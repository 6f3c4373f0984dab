// A server that tells a webhook of calls that wait: one that listens, and one that is down and holds nobody up.

import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectStreamable, errorOf } from './clients.ts';
import { smcp, startServer, type TestServer, temporaryFolder } from './server.ts';

const folder = temporaryFolder();
const home = join(folder.path, 'home');
const heard: { readonly headers: IncomingHttpHeaders; readonly body: string }[] = [];
const receiver = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  heard.push({ headers: request.headers, body: Buffer.concat(chunks).toString('utf8') });
  response.end();
});
let server: TestServer;

beforeAll(async () => {
  receiver.listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
  mkdirSync(home, { mode: 0o700 });
  writeFileSync(
    join(home, 'config.yaml'),
    `version: 1\nnotify: { webhooks: [{ url: "http://127.0.0.1:9/", name: down }, { url: "${url}" }] }\n`,
    {
      mode: 0o600,
    },
  );
  const grant = '      - tools: ["demo_text__*"]\n        approval: { ttl: 1h, wait: 0s }\n';
  writeFileSync(join(home, 'policy.yaml'), `version: 1\nagents:\n  careful:\n    grants:\n${grant}`, { mode: 0o600 });
  server = await startServer(home);
});
afterAll(async () => {
  await server.stop();
  receiver.close();
  folder.remove();
});

describe('a webhook of a server', () => {
  test('is told of a call that waits and of what is decided, in messages that its key signs', async () => {
    const { token } = (await server.json('agent', 'token', 'careful')) as { token: string };
    const client = await connectStreamable(server.url, token);
    const ask = () => client.call('demo_text__echo', { message: 'x' });
    const { id } = errorOf(await ask()).details as { id: string };
    await expect.poll(() => heard.length).toBe(1);
    expect((await server.smcp('approvals', 'approve', id)).code).toBe(0);
    expect(await ask()).not.toHaveProperty('isError', true);
    await client.close();
    await expect.poll(() => heard.length).toBe(2);
    const key = readFileSync(join(home, 'webhook.key'), 'utf8').trim();
    for (const { headers, body } of heard) {
      const mac = createHmac('sha256', key).update(`${headers['x-smcp-timestamp']}.${body}`).digest('hex');
      expect(headers['x-smcp-signature']).toBe(`v1=${mac}`);
    }
    expect(heard.map(({ body }) => JSON.parse(body))).toMatchObject([
      {
        kind: 'approval',
        event: 'asked',
        request: { id, agent: 'careful', args: { message: 'x' } },
        look: `smcp approvals show ${id}`,
      },
      { kind: 'approval', event: 'approved', request: { id, by: 'admin' } },
    ]);
  });

  test('that is down stands in the status, keeps what it was not told, and fails its test', async () => {
    const status = (await server.json('status')) as { notify: object[] };
    expect(status.notify).toMatchObject([
      { name: 'down', failingSince: expect.any(String), why: expect.stringContaining("can't be reached") },
      { name: 'webhook-2', failingSince: null, waiting: 0 },
    ]);
    expect((await server.smcp('status')).stdout).toMatch(/NOT TOLD +down: fails since/);
    expect((await server.smcp('notify', 'list')).stdout).toMatch(/down +approval [0-9a-f]{16} approved/);
    const { code, stdout } = await server.smcp('notify', 'test');
    expect([code, stdout]).toEqual([
      1,
      expect.stringMatching(/down +NOT taken: it can't be reached.*\nwebhook-2 +taken/),
    ]);
    expect(JSON.parse(heard.at(-1)?.body ?? '')).toEqual({ kind: 'test', event: 'test' });
    expect((await server.smcp('notify', 'test', 'nobody')).code).toBe(2);
  });

  test('is told of a freeze and its end, and what one did not get is there after a restart', async () => {
    expect((await server.smcp('freeze', '--writes')).code).toBe(0);
    expect((await server.smcp('unfreeze')).code).toBe(0);
    await expect
      .poll(() => heard.map(({ body }) => JSON.parse(body)))
      .toEqual(
        expect.arrayContaining([
          expect.objectContaining({ kind: 'freeze', event: 'frozen', scope: 'writes', by: 'admin' }),
          expect.objectContaining({ kind: 'freeze', event: 'lifted', scope: 'writes', by: 'admin' }),
        ]),
      );
    const waiting = async () => ((await server.json('notify', 'list')) as { waiting: { id: string }[] }).waiting;
    const before = await waiting();
    expect(before.length).toBeGreaterThan(3);
    await server.stop();
    server = await startServer(home);
    expect((await waiting()).map(({ id }) => id)).toEqual(before.map(({ id }) => id));
  });

  test('whose address is none, or has a password in it, stops the start', async () => {
    const other = join(folder.path, 'other');
    mkdirSync(other, { mode: 0o700 });
    for (const url of ['https://', 'https://a:b@example.org/']) {
      writeFileSync(join(other, 'config.yaml'), `version: 1\nnotify: { webhooks: [{ url: "${url}" }] }\n`, {
        mode: 0o600,
      });
      const { code, stderr } = await smcp(['serve', '--port', '0', '--home', other]);
      expect([code, stderr]).toEqual([2, expect.stringContaining('CONFIG_INVALID')]);
    }
  });
});
