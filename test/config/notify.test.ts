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

describe('a secret of a target', () => {
  const topic = 'ops';
  const mail = { server: 'mail.example.org', from: 'a@example.org', to: ['b@example.org'] };

  test('goes over https, or stays within this machine', () => {
    const ntfy = [
      { topic, tokenSecret: 'NTFY' },
      { topic, tokenSecret: 'NTFY', url: 'http://127.0.0.1:8080' },
      { topic, url: 'http://ntfy.lan' },
    ];
    expect(notifyOf({ ntfy }, 'f').ntfy.map(({ url: at }) => at)).toEqual([
      ...['https://ntfy.sh', 'http://127.0.0.1:8080', 'http://ntfy.lan'],
    ]);
    expect(() => notifyOf({ ntfy: [{ topic, tokenSecret: 'NTFY', url: 'http://ntfy.lan' }] }, 'f')).toThrow('in clear');
  });

  test.each([
    ['mail.example.org', undefined, 587, 'starttls'],
    ['mail.example.org', 465, 465, 'tls'],
    ['mail.example.org', 25, 25, 'starttls'],
    ['127.0.0.1.example.org', undefined, 587, 'starttls'],
    ['localhost', undefined, 25, 'loopback'],
    ['127.0.0.1', 2525, 2525, 'loopback'],
    ['::1', undefined, 25, 'loopback'],
  ] as const)('by mail to %s, port %s: port %i, %s', (server, port, used, security) => {
    const written = { ...mail, server, ...(port === undefined ? {} : { port }) };
    expect(notifyOf({ mail: [written] }, 'f').mail).toMatchObject([{ name: 'mail-1', port: used, security }]);
  });

  test('of mail comes with its user, or neither is there', () => {
    expect(() => notifyOf({ mail: [{ ...mail, user: 'a' }] }, 'f')).toThrow('user and passwordSecret');
    expect(() => notifyOf({ mail: [{ ...mail, passwordSecret: 'A' }] }, 'f')).toThrow('user and passwordSecret');
    expect(notifyOf({ mail: [{ ...mail, user: 'a', passwordSecret: 'A' }] }, 'f').mail).toHaveLength(1);
  });
});
