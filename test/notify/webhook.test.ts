// A webhook against a receiver that answers as the test says, or is not there.

import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '#base/clock.ts';
import { LIMITS } from '#base/limits.ts';
import { silentLogger } from '#base/log.ts';
import type { Notice } from '#domain/notify-ports.ts';
import { signBody } from '#notify/signature.ts';
import { createWebhook } from '#notify/webhook.ts';
import { loadOrCreateWebhookKey } from '#notify/webhook-key.ts';

const KEY = 'k'.repeat(32);

type Heard = { readonly headers: IncomingHttpHeaders; readonly body: string };

/** Answers with the statuses one after the other, then with the last; 0: not at all. */
async function openReceiver(...statuses: readonly number[]) {
  const heard: Heard[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    heard.push({ headers: request.headers, body: Buffer.concat(chunks).toString('utf8') });
    const status = statuses[Math.min(heard.length, statuses.length) - 1] ?? 200;
    if (status !== 0) response.writeHead(status, status === 307 ? { location: 'http://127.0.0.1:1/' } : {}).end('x');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { heard, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook?a=b` };
}

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

function openWebhook(url: string, nowMs?: () => number) {
  const failed: [string, string][] = [];
  const clock = { ...systemClock, ...(nowMs === undefined ? {} : { nowMs }) };
  const onFailed = ({ subject }: Notice, why: string) => void failed.push([subject, why]);
  const webhook = createWebhook(
    { clock, logger: silentLogger, onFailed },
    { url, key: KEY, version: '1.2.3', retryMs: 1 },
  );
  closers.push(webhook.close);
  return { ...webhook, failed };
}

const notice = (subject = 'approval a asked'): Notice => ({ subject, body: { kind: 'approval', text: 'ä\u202e' } });

describe('a webhook', () => {
  test('posts a notice once, signed over the time and the bytes', async () => {
    const { heard, url } = await openReceiver(204);
    const { tell, failed } = openWebhook(url, () => 1_700_000_000_999);
    tell(notice());
    await expect.poll(() => heard.length).toBe(1);
    const { headers, body } = heard[0] as Heard;
    expect(JSON.parse(body)).toEqual({ kind: 'approval', text: 'ä\u202e' });
    expect(headers).toMatchObject({ 'content-type': 'application/json', 'x-smcp-timestamp': '1700000000' });
    const mac = createHmac('sha256', KEY).update(`1700000000.${body}`).digest('hex');
    expect(headers['x-smcp-signature']).toBe(`v1=${mac}`);
    expect([heard.length, failed]).toEqual([1, []]);
  });

  test('is signed so that another body, time or key has another signature', () => {
    const all = [
      signBody(KEY, '1', 'a'),
      signBody(KEY, '1', 'b'),
      signBody(KEY, '2', 'a'),
      signBody(`${KEY}k`, '1', 'a'),
    ];
    expect(new Set([...all, signBody(KEY, '1.a', '')]).size).toBe(5);
    expect(signBody(KEY, '1', 'a')).toBe(all[0]);
  });

  test.each([
    ['an error', [500, 404, 200]],
    ['a redirection, which is not followed', [307, 200]],
  ])('tries again after %s, as the same delivery', async (_what, statuses) => {
    const { heard, url } = await openReceiver(...statuses);
    const { tell, failed } = openWebhook(url);
    tell(notice());
    await expect.poll(() => heard.length).toBe(statuses.length);
    expect(new Set(heard.map(({ headers }) => headers['x-smcp-delivery'])).size).toBe(1);
    expect(failed).toEqual([]);
  });

  test('gives up after a number of tries, and says so once', async () => {
    const { heard, url } = await openReceiver(500);
    const { tell, failed } = openWebhook(url);
    tell(notice());
    await expect.poll(() => failed, { timeout: 10_000 }).toEqual([['approval a asked', 'it answered 500']]);
    expect(heard).toHaveLength(LIMITS.notifyTriesMax);
  });

  test('says that a receiver is not there without its address', async () => {
    const { tell, failed } = openWebhook('http://127.0.0.1:1/secret-path');
    tell(notice());
    await expect.poll(() => failed.length, { timeout: 10_000 }).toBe(1);
    expect(JSON.stringify(failed)).not.toMatch(/127|secret/);
  });

  test('holds a bounded number of notices for a receiver that never answers, and nobody up', async () => {
    const { heard, url } = await openReceiver(0);
    const { tell, failed, close } = openWebhook(url);
    for (let n = 0; n < LIMITS.notifyWaitingMax + 3; n += 1) tell(notice(`approval ${n} asked`));
    expect(failed).toHaveLength(3);
    expect(failed[0]).toEqual([`approval ${LIMITS.notifyWaitingMax} asked`, expect.stringContaining('wait')]);
    await expect.poll(() => heard.length).toBe(LIMITS.notifyUnderWayMax);
    close();
    tell(notice());
    expect(failed).toHaveLength(3);
  });

  test('tells nobody of what is over by then', async () => {
    let nowMs = 0;
    const { heard, url } = await openReceiver(500);
    const { tell, failed } = openWebhook(url, () => nowMs);
    tell({ ...notice(), staleMs: 10 });
    nowMs = 10;
    tell({ ...notice('approval b asked'), staleMs: 10 });
    tell(notice('approval c denied'));
    await expect.poll(() => failed, { timeout: 10_000 }).toEqual([['approval c denied', 'it answered 500']]);
    expect(heard.length).toBeLessThanOrEqual(LIMITS.notifyTriesMax + 1);
  });
});

function openToOthers(file: string): void {
  writeFileSync(file, KEY);
  chmodSync(file, 0o644);
}

describe('the key of a webhook', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'smcp-notify-'));
    closers.push(() => rmSync(folder, { recursive: true }));
  });

  test('is made where there is none, for its owner alone, and stays', () => {
    const file = join(folder, 'webhook.key');
    const key = loadOrCreateWebhookKey(file);
    expect([key.length, statSync(file).mode & 0o777]).toEqual([64, 0o600]);
    expect([loadOrCreateWebhookKey(file), readFileSync(file, 'utf8')]).toEqual([key, `${key}\n`]);
  });

  test.each([
    ['others can read it', 'HOME_UNSAFE', (file: string) => openToOthers(file)],
    ['it is a link', 'HOME_UNSAFE', (file: string) => symlinkSync('/etc/hostname', file)],
    ['it is too short', 'CONFIG_INVALID', (file: string) => writeFileSync(file, 'k'.repeat(31), { mode: 0o600 })],
  ])('is refused where %s', (_why, code, make) => {
    const file = join(folder, 'webhook.key');
    make(file);
    expect(() => loadOrCreateWebhookKey(file)).toThrow(expect.objectContaining({ code }));
  });
});
