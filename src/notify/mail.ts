// Mail: a notice as a message of plain text, by SMTP. Called by app only.
// **Trust:** server, addresses and password are the operator's. Texts of others stand in the body and the subject only, where the
// library encodes them; addresses come from the configuration alone.

import { Socket } from 'node:net';
import { createTransport } from 'nodemailer';
import { sha256 } from '#base/digest.ts';
import { LIMITS } from '#base/limits.ts';
import type { Delivery, DeliveryResult, NoticeChannel } from '#domain/notify-ports.ts';
import type { MailTarget } from '#domain/notify-targets.ts';
import { type OwnSecret, readingSecret } from './own-secret.ts';
import { noticeText } from './text.ts';

export type MailOptions = MailTarget & {
  /** Authorities that are trusted in place of the usual ones, as PEM. */
  readonly ca?: readonly string[];
};

export function createMail({ secret }: { readonly secret: OwnSecret }, options: MailOptions): NoticeChannel {
  const { name, kinds, server, port, to, passwordSecret } = options;
  return {
    type: 'mail',
    ...{ name, kinds, addressDigest: sha256(`${server}:${port} ${to.join(' ')}`) },
    deliver: (delivery, signal) =>
      readingSecret(secret, passwordSecret, async (password) => {
        try {
          await send(options, password, delivery, signal);
          return { kind: 'taken' };
        } catch (thrown) {
          return resultOf(thrown);
        }
      }),
  };
}

/** Its connection ends with the signal: the library by itself would hold it for as long as the server says nothing. */
async function send(
  options: MailOptions,
  password: string | undefined,
  delivery: Delivery,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  const socket = new Socket();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = () => {
    socket.destroy();
    reject(signal.reason);
  };
  signal.addEventListener('abort', abort, { once: true });
  try {
    await Promise.race([sendBy(socket, options, password, delivery), aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

async function sendBy(
  socket: Socket,
  options: MailOptions,
  password: string | undefined,
  { id, notice }: Delivery,
): Promise<void> {
  const { server, port, security, certificateName, from, to, user, ca } = options;
  const transport = createTransport({
    ...{ host: server, port, secure: security === 'tls', socket },
    // Without it the library would go on in clear where a server, or somebody before it, offers no encryption.
    ...{ requireTLS: security === 'starttls', ignoreTLS: security === 'loopback' },
    ...(user === undefined ? {} : { auth: { user, pass: password ?? '' } }),
    tls: {
      minVersion: 'TLSv1.2',
      ...(certificateName === undefined ? {} : { servername: certificateName }),
      ...(ca === undefined ? {} : { ca: [...ca] }),
    },
    ...{ connectionTimeout: LIMITS.notifyMsMax, greetingTimeout: LIMITS.notifyMsMax },
    ...{ socketTimeout: LIMITS.notifyMsMax, dnsTimeout: LIMITS.notifyMsMax },
    // No text of a message may name a file or an address to fetch.
    ...{ disableFileAccess: true, disableUrlAccess: true },
  });
  try {
    const { text } = noticeText(notice, { fits: () => true, showsDetails: options.showsDetails });
    const headers = { 'X-SMCP-Delivery': id, 'Auto-Submitted': 'auto-generated' };
    await transport.sendMail({
      ...{ from, to: [...to], envelope: { from, to: [...to] }, subject: notice.title, text: `${text}\n` },
      ...{ headers, messageId: `<${id}@smcp.invalid>` },
    });
  } finally {
    transport.close();
  }
}

/** Codes of the library, which are bounded words of its own. Its messages quote what the server said, so they are not told. */
function resultOf(thrown: unknown): Exclude<DeliveryResult, { kind: 'taken' }> {
  const { code, responseCode } = thrown as { readonly code?: unknown; readonly responseCode?: unknown };
  if (thrown instanceof Error && thrown.name === 'TimeoutError') {
    return { kind: 'failed', why: 'it did not answer in time' };
  }
  const word = typeof code === 'string' && /^[A-Z0-9_]{1,64}$/.test(code) ? code : 'no answer';
  const status = typeof responseCode === 'number' ? `, it answered ${responseCode}` : '';
  // A permanent refusal of this message or its addresses; a wrong password is mended by setting another.
  const isRefused = typeof responseCode === 'number' && responseCode >= 500 && code !== 'EAUTH';
  return { kind: isRefused ? 'refused' : 'failed', why: `the mail was not taken (${word}${status})` };
}
