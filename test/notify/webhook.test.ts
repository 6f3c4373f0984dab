// A webhook against a receiver that answers as the test says, or is not there.

import { createHmac } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '#base/clock.ts';
import { NOTICE_KINDS } from '#domain/notify-ports.ts';
import { signBody } from '#notify/signature.ts';
import { createWebhook } from '#notify/webhook.ts';
import { loadOrCreateWebhookKey } from '#notify/webhook-key.ts';
import { type Heard, openReceiver } from './receiver.ts';
import { notice } from './world.ts';

const KEY = 'k'.repeat(32);

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

function openWebhook(url: string, nowMs = systemClock.nowMs) {
  const webhook = createWebhook(
    { clock: { ...systemClock, nowMs } },
    { name: 'webhook-1', kinds: NOTICE_KINDS, url, key: KEY, version: '1.2.3' },
  );
  const body = { kind: 'approval', text: 'ä\u202e' };
  return (signal = new AbortController().signal) =>
    webhook.deliver({ id: 'an-id', notice: notice('a', { body }) }, signal);
}

async function receiver(...statuses: readonly number[]) {
  const opened = await openReceiver(...statuses);
  closers.push(opened.close);
  return opened;
}

describe('a webhook', () => {
  test('posts a notice, signed over the time and the bytes, under the id of its delivery', async () => {
    const { heard, url } = await receiver(204);
    const deliver = openWebhook(`${url}/hook?a=b`, () => 1_700_000_000_999);
    expect(await deliver()).toEqual({ kind: 'taken' });
    const { path, headers, body } = heard[0] as Heard;
    expect([path, JSON.parse(body)]).toEqual(['/hook?a=b', { kind: 'approval', text: 'ä\u202e' }]);
    expect(headers).toMatchObject({
      ...{ 'content-type': 'application/json', 'x-smcp-timestamp': '1700000000', 'x-smcp-delivery': 'an-id' },
    });
    const mac = createHmac('sha256', KEY).update(`1700000000.${body}`).digest('hex');
    expect(headers['x-smcp-signature']).toBe(`v1=${mac}`);
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
    [500, { kind: 'failed', why: 'it answered 500' }],
    [307, { kind: 'failed', why: 'it answered 307' }],
    [408, { kind: 'failed', why: 'it answered 408' }],
    [429, { kind: 'failed', why: 'it answered 429', afterMs: 7_000 }],
    [400, { kind: 'refused', why: 'it answered 400' }],
    [404, { kind: 'refused', why: 'it answered 404' }],
  ])('that answers %i has not taken it; a redirection is not followed', async (status, result) => {
    const { heard, url } = await receiver(status);
    expect(await openWebhook(url)()).toEqual(result);
    expect(heard).toHaveLength(1);
  });

  test('that is not there is named without its address', async () => {
    const { url, close } = await receiver(200);
    close();
    const result = await openWebhook(`${url}/secret-path`)();
    expect(result).toEqual({ kind: 'failed', why: "it can't be reached (ECONNREFUSED)" });
  });

  test('that never answers is given up when the time is over', async () => {
    const { url } = await receiver(0);
    expect(await openWebhook(url)(AbortSignal.timeout(50))).toEqual({
      ...{ kind: 'failed', why: 'it did not answer in time' },
    });
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
