// Mail against a small server of mail: what is sent, what can not be put into it, and that no password goes out in clear.

import { afterEach, describe, expect, test } from 'vitest';
import { SmcpError } from '#base/errors.ts';
import { NOTICE_KINDS, type Notice } from '#domain/notify-ports.ts';
import { createMail, type MailOptions } from '#notify/mail.ts';
import { CA, type Mail, openSmtp, type SmtpOptions } from './smtp.ts';
import { notice } from './world.ts';

const PASSWORD = 'a password that nobody sees';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function serve(options?: SmtpOptions) {
  const smtp = await openSmtp(options);
  closers.push(smtp.close);
  return smtp;
}

function openMail(port: number, more: Partial<MailOptions> = {}, secret = async () => PASSWORD) {
  const mail = createMail(
    { secret },
    {
      ...{ name: 'mail-1', kinds: NOTICE_KINDS, server: '127.0.0.1', port, security: 'loopback' },
      ...{ from: 'smcp@example.org', to: ['ana@example.org', 'bea@example.org'], showsDetails: true },
      ...more,
    },
  );
  return (told: Notice = notice('a'), signal = new AbortController().signal) =>
    mail.deliver({ id: 'an-id', notice: told }, signal);
}

const headersOf = ({ data }: Mail): string => data.slice(0, data.indexOf('\r\n\r\n'));

describe('a mail', () => {
  test('has the notice as plain text, and says that a machine sent it', async () => {
    const { mails, port } = await serve();
    const told = notice('a', { kind: 'loop', title: 'SMCP: héllo', lines: ['one', 'two'], look: 'smcp status' });
    expect(await openMail(port)(told)).toEqual({ kind: 'taken' });
    const mail = mails[0] as Mail;
    expect(mail.to).toEqual(['RCPT TO:<ana@example.org>', 'RCPT TO:<bea@example.org>']);
    const headers = headersOf(mail);
    expect(headers).toContain('From: smcp@example.org');
    expect(headers).toContain('Message-ID: <an-id@smcp.invalid>');
    expect(headers).toContain('Auto-Submitted: auto-generated');
    expect(headers).toContain('Content-Type: text/plain');
    expect(mail.data).toContain('one\r\ntwo\r\n\r\nLook: smcp status');
  });

  test.each([
    ['a line break', 'SMCP: x\r\nBcc: eve@evil.example'],
    ['a line feed alone', 'SMCP: x\nBcc: eve@evil.example'],
    ['the end of the headers', 'SMCP: x\r\n\r\nBcc: eve@evil.example'],
    ['a word that is encoded', 'SMCP: =?utf-8?Q?=0D=0ABcc=3A_eve=40evil.example?='],
  ])('gets no header, and no receiver, out of %s in its title', async (_what, title) => {
    const { mails, port } = await serve();
    await openMail(port)(notice('a', { title }));
    const mail = mails[0] as Mail;
    expect(mail.to).toHaveLength(2);
    expect(
      headersOf(mail)
        .split('\r\n')
        .filter((line) => /^(Bcc|Cc):/i.test(line)),
    ).toEqual([]);
  });

  test('is not ended by a line with a dot: nothing of a text is taken for a command', async () => {
    const { mails, commands, port } = await serve();
    const lines = ['x', '.', 'MAIL FROM:<eve@evil.example>', 'RCPT TO:<eve@evil.example>'];
    await openMail(port)(notice('a', { lines }));
    expect([mails.length, commands.filter((word) => word === 'MAIL').length]).toEqual([1, 1]);
  });

  test('leaves arguments out where the operator wants none to leave by mail', async () => {
    const { mails, port } = await serve();
    const told = notice('a', { details: '{"card": 4711}', look: 'smcp approvals show a' });
    await openMail(port, { showsDetails: false })(told);
    await openMail(port)(told);
    expect(mails.map(({ data }) => data.includes('4711'))).toEqual([false, true]);
    expect(mails[0]?.data).toContain('smcp approvals show a');
  });
});

describe('a password', () => {
  const auth = { user: 'smcp', passwordSecret: 'MAIL' };
  const far: Partial<MailOptions> = { ...auth, server: 'localhost', security: 'starttls' };

  test('is sent once the connection is encrypted, to the server that its certificate names', async () => {
    const { mails, commands, port } = await serve({ offersTls: true });
    const result = await openMail(port, { ...far, ca: CA, certificateName: 'api.example.test' })();
    expect(result).toEqual({ kind: 'taken' });
    expect(mails).toMatchObject([{ isEncrypted: true, auth: `\0smcp\0${PASSWORD}` }]);
    expect(commands.indexOf('STARTTLS')).toBeLessThan(commands.indexOf('AUTH'));
  });

  test('is sent by a connection that is encrypted from the first byte, and by no other where that is asked for', async () => {
    const encrypted = await serve({ isTls: true });
    const asked: Partial<MailOptions> = { ...far, security: 'tls', ca: CA, certificateName: 'api.example.test' };
    expect(await openMail(encrypted.port, asked)()).toEqual({ kind: 'taken' });
    expect(encrypted.mails).toMatchObject([{ isEncrypted: true, auth: `\0smcp\0${PASSWORD}` }]);
    const clear = await serve();
    expect(await openMail(clear.port, asked)(notice('a'), AbortSignal.timeout(2_000))).toMatchObject({
      kind: 'failed',
    });
    expect([clear.mails, clear.commands.includes('AUTH')]).toEqual([[], false]);
    const other = await serve({ isTls: true });
    expect(await openMail(other.port, { ...asked, certificateName: 'third.example.test' })()).toMatchObject({
      kind: 'failed',
    });
    expect([other.mails, other.commands]).toEqual([[], []]);
  });

  test('is not sent to one whose certificate is for another name', async () => {
    const { mails, commands, port } = await serve({ offersTls: true });
    expect(await openMail(port, { ...far, ca: CA })()).toMatchObject({ kind: 'failed' });
    expect([mails, commands.includes('AUTH')]).toEqual([[], false]);
  });

  test('never goes to a server that offers no encryption, or whose certificate nobody vouches for', async () => {
    for (const offersTls of [false, true]) {
      const { mails, commands, port } = await serve({ offersTls });
      const result = await openMail(port, far)();
      expect(result).toMatchObject({ kind: 'failed', why: expect.stringContaining('the mail was not taken') });
      expect([mails, commands.includes('AUTH'), commands.includes('MAIL')]).toEqual([[], false, false]);
    }
  });

  test('goes in clear to a server on this machine: the control', async () => {
    const { mails, port } = await serve();
    expect(await openMail(port, auth)()).toEqual({ kind: 'taken' });
    expect(mails[0]?.auth).toBe(`\0smcp\0${PASSWORD}`);
  });

  test('is in no reason of a failure, nor is what the server says', async () => {
    const { port } = await serve({ answers: { AUTH: `535 no such ${PASSWORD}` } });
    const result = await openMail(port, auth)();
    expect(result).toEqual({ kind: 'failed', why: 'the mail was not taken (EAUTH, it answered 535)' });
  });

  test('that is not set is named by its name', async () => {
    const result = await openMail(1, auth, async () => {
      throw new SmcpError('SECRET_MISSING', 'm');
    })();
    expect(result).toEqual({ kind: 'failed', why: 'the secret MAIL is not set' });
  });
});

describe('a server of mail', () => {
  test.each([
    ['that refuses the message', { DATA: '554 spam' }, 'refused'],
    ['that refuses every receiver', { RCPT: '550 nobody' }, 'refused'],
    ['that is busy', { MAIL: '451 later' }, 'failed'],
  ] as const)('%s has not taken it', async (_what, answers, kind) => {
    const { port } = await serve({ answers });
    expect(await openMail(port)()).toMatchObject({ kind });
  });

  test('that says nothing is given up when the time is over', async () => {
    const { port } = await serve({ isSilent: true });
    expect(await openMail(port)(notice('a'), AbortSignal.timeout(50))).toEqual({
      ...{ kind: 'failed', why: 'it did not answer in time' },
    });
  });

  test.each(['loopback', 'tls'] as const)(
    'that says nothing (%s) holds no connection once the try is given up: a server that stops ends at once',
    async (security) => {
      const { port, connected } = await serve({ isSilent: true });
      const stop = new AbortController();
      const result = openMail(port, { security })(notice('a'), stop.signal);
      await expect.poll(connected).toBe(1);
      stop.abort();
      expect(await result).toMatchObject({ kind: 'failed' });
      await expect.poll(connected).toBe(0);
    },
  );

  test('is not asked by a try that is given up before it begins', async () => {
    const { port, connected } = await serve();
    expect(await openMail(port)(notice('a'), AbortSignal.abort())).toMatchObject({ kind: 'failed' });
    expect(connected()).toBe(0);
  });
});
