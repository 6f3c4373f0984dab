// Connects to one address that was vetted. No name is looked up here; the certificate is held against the name that was asked for.
// Called by the effect `net` only.

import { connect as connectTcp, isIPv6, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { SmcpError } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import { endedBy, fetchFailed } from './failures.ts';

export type DialRequest = {
  /** Vetted. */
  readonly address: string;
  readonly host: string;
  readonly port: number;
  readonly isPlain: boolean;
  readonly signal: AbortSignal;
};

/**
 * An open connection; the caller destroys it.
 *
 * @throws `FETCH_FAILED` (`connect`, `tls`, `timeout`) · `CANCELLED`; nothing stays open
 */
export type Dial = (request: DialRequest) => Promise<Socket>;

/**
 * TLS 1.3, and of 1.2 what agrees on keys over curves. Not over finite fields (DHE): their numbers are the server's, and one of 10,000 bits took
 * the host's thread 0.6 s, before its certificate is looked at.
 */
const CIPHERS =
  'TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256:ECDHE+AESGCM:ECDHE+CHACHA20';

/** @param ca Certificates in PEM that are trusted in place of Node's own; absent: those, with NODE_EXTRA_CA_CERTS. */
export function createDial({ ca }: { readonly ca?: readonly string[] } = {}): Dial {
  return async ({ address, host, port, isPlain, signal: ended }) => {
    const signal = AbortSignal.any([ended, AbortSignal.timeout(LIMITS.netConnectMsMax)]);
    const tcp = connectTcp({ host: address, port, family: isIPv6(address) ? 6 : 4, autoSelectFamily: false });
    await opened({ socket: tcp, event: 'connect', signal }, (cause) =>
      fetchFailed('connect', 'the server takes no connection', cause),
    );
    if (isPlain) return tcp;
    const tls = connectTls({
      ...{ socket: tcp, host, servername: host === address ? '' : host },
      // Said here, so that no variable of the environment says otherwise.
      ...{ rejectUnauthorized: true, minVersion: 'TLSv1.2', ciphers: CIPHERS, ALPNProtocols: ['http/1.1'] },
      ...(ca === undefined ? {} : { ca: [...ca] }),
    });
    await opened({ socket: tls, event: 'secureConnect', signal }, (cause) =>
      fetchFailed('tls', 'the server has no certificate that is good for this host, or speaks no TLS', cause),
    );
    return tls;
  };
}

type Opening = { readonly socket: Socket; readonly event: string; readonly signal: AbortSignal };

function opened({ socket, event, signal }: Opening, failure: (cause?: unknown) => SmcpError): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (error?: Error) => {
      signal.removeEventListener('abort', abort);
      socket.off(event, done).off('error', fail).off('close', fail);
      if (error === undefined) return resolve();
      socket.destroy();
      reject(error);
    };
    const done = () => settle();
    const fail = (cause?: unknown) => settle(endedBy(signal, () => failure(cause)));
    const abort = () => fail();
    // What comes of it when nobody waits has nobody to tell.
    socket.on('error', () => undefined);
    if (signal.aborted) return abort();
    socket.on(event, done).on('error', fail).on('close', fail);
    signal.addEventListener('abort', abort, { once: true });
  });
}
