// ntfy against a receiver on loopback: texts of others are values of JSON, and the token is nowhere but in its header.

import { afterEach, describe, expect, test } from 'vitest';
import { systemClock } from '#base/clock.ts';
import { SmcpError } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import { NOTICE_KINDS, type Notice } from '#domain/notify-ports.ts';
import { createNtfy, type NtfyOptions } from '#notify/ntfy.ts';
import { openReceiver } from './receiver.ts';
import { notice } from './world.ts';

const TOKEN = 'tk_a_token_that_nobody_sees';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function receiver(...statuses: readonly number[]) {
  const opened = await openReceiver(...statuses);
  closers.push(opened.close);
  return opened;
}

function openNtfy(url: string, more: Partial<NtfyOptions> = {}, secret = async () => TOKEN) {
  const ntfy = createNtfy(
    { clock: systemClock, secret },
    { name: 'ntfy-1', kinds: NOTICE_KINDS, url, topic: 'ops', showsDetails: true, version: '1', ...more },
  );
  return (told: Notice = notice('a')) => ntfy.deliver({ id: 'an-id', notice: told }, new AbortController().signal);
}

const asking = (details: string): Notice => notice('a', { details, look: 'smcp approvals show a' });

describe('a message of ntfy', () => {
  test('has title and text as values of JSON, for the topic, with the token in its header', async () => {
    const { heard, url } = await receiver(200);
    const told = notice('a', { kind: 'loop', title: 'x\r\nX-Evil: 1', lines: ['one'], look: 'smcp status' });
    expect(await openNtfy(url, { tokenSecret: 'NTFY' })(told)).toEqual({ kind: 'taken' });
    expect(JSON.parse(heard[0]?.body ?? '')).toEqual({
      ...{ topic: 'ops', title: 'x\r\nX-Evil: 1', message: 'one\n\nLook: smcp status', tags: ['loop'] },
    });
    expect(heard[0]?.headers).toMatchObject({ authorization: `Bearer ${TOKEN}`, 'x-smcp-delivery': 'an-id' });
    expect(heard[0]?.headers).not.toHaveProperty('x-evil');
  });

  test('without a token has none', async () => {
    const { heard, url } = await receiver(200);
    await openNtfy(url)();
    expect(heard[0]?.headers).not.toHaveProperty('authorization');
  });

  test('shows arguments whole, or not at all: at the bound, and one byte over it', async () => {
    const { heard, url } = await receiver(200);
    const room = LIMITS.ntfyMessageBytesMax - Buffer.byteLength('line\n\n\n\nLook: smcp approvals show a');
    for (const length of [room, room + 1]) await openNtfy(url)(asking('x'.repeat(length)));
    const [whole, none] = heard.map(({ body }) => String(JSON.parse(body).message));
    expect(Buffer.byteLength(whole ?? '')).toBe(LIMITS.ntfyMessageBytesMax);
    expect(none).toBe(
      'line\n\nThe arguments do not fit here: look at them before you decide.\n\nLook: smcp approvals show a',
    );
  });

  test('says that arguments are missing also where they are too large for any notice', async () => {
    const { heard, url } = await receiver(200);
    for (const event of ['asked', 'more']) {
      await openNtfy(url)(notice('a', { body: { kind: 'approval', event } }));
    }
    expect(heard.map(({ body }) => String(JSON.parse(body).message).includes('do not fit here'))).toEqual([
      true,
      false,
    ]);
  });

  test('has no arguments where the operator wants none to leave', async () => {
    const { heard, url } = await receiver(200);
    await openNtfy(url, { showsDetails: false })(asking('{"card": 4711}'));
    expect(heard[0]?.body).not.toContain('4711');
  });
});

describe('a token', () => {
  test('is in no reason of a failure', async () => {
    const { url, close } = await receiver(403);
    const refused = await openNtfy(url, { tokenSecret: 'NTFY' })();
    close();
    const down = await openNtfy(url, { tokenSecret: 'NTFY' })();
    const odd = await openNtfy(url, { tokenSecret: 'NTFY' }, async () => `${TOKEN}\nX-Evil: 1`)();
    expect([refused, down, odd].map(({ kind }) => kind)).toEqual(['refused', 'failed', 'failed']);
    expect(JSON.stringify([refused, down, odd])).not.toContain('tk_');
  });

  test('that is not set is named by its name, and nothing is sent', async () => {
    const { heard, url } = await receiver(200);
    const missing = async () => {
      throw new SmcpError('SECRET_MISSING', 'm');
    };
    expect(await openNtfy(url, { tokenSecret: 'NTFY' }, missing)()).toEqual({
      ...{ kind: 'failed', why: 'the secret NTFY is not set' },
    });
    expect(heard).toEqual([]);
  });
});
