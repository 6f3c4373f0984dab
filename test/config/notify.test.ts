// `notify` of config.yaml: names, defaults, and what no schema can say of an address.

import { describe, expect, test } from 'vitest';
import { notifyOf } from '#config/notify.ts';
import { NOTICE_KINDS } from '#domain/notify-ports.ts';

const url = 'https://hooks.example.org/smcp';

describe('a target', () => {
  test('without a name is called by its type and number, and is told of everything', () => {
    const { webhooks } = notifyOf({ webhooks: [{ url }, { url, name: 'ops', kinds: ['loop'] }, { url }] }, 'f');
    expect(webhooks).toEqual([
      { name: 'webhook-1', kinds: NOTICE_KINDS, url, keyFile: 'webhook.key' },
      { name: 'ops', kinds: ['loop'], url, keyFile: 'webhook.key' },
      { name: 'webhook-3', kinds: NOTICE_KINDS, url, keyFile: 'webhook.key' },
    ]);
  });

  test('whose name another has is refused: a test and a status must say which is meant', () => {
    expect(() => notifyOf({ webhooks: [{ url, name: 'webhook-2' }, { url }] }, 'f')).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringContaining('webhook-2') }),
    );
  });

  test.each([['https://'], ['https://ana:secret@example.org/'], ['https://ana@example.org/']])(
    'is not %s: what is no address, or has a name or password in it, is refused without being shown',
    (address) => {
      expect(() => notifyOf({ webhooks: [{ url: address }] }, 'f')).toThrow(
        expect.objectContaining({
          code: 'CONFIG_INVALID',
          message: 'f: /notify/webhooks/0/url is no address for a webhook',
        }),
      );
    },
  );
});
