// One request and its answer over an open connection, which serves nothing else. Called by the effect `net` only. **Trust:** every byte of
// the answer is a foreign server's: bounded in number, in bytes and in time, and never decompressed.

import { request as httpRequest, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { SmcpError } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import { takeBody } from './answer-body.ts';
import { answerTooLarge, bodyTooLarge, endedBy, fetchFailed, headTooLarge } from './failures.ts';

export type ExchangeRequest = {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  /** Names in lower case, complete: `host` too. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  readonly signal: AbortSignal;
  /** Until the head of the answer. */
  readonly firstByteMsMax: number;
  /** Bytes that head and body may each have beyond their bounds: of what the caller takes out before it counts them again. */
  readonly roomBytes: number;
};

export type RawAnswer = {
  readonly status: number;
  /** In their order, names in lower case; a name may come again. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array;
};

/** @throws `FETCH_FAILED` (`answer`, `timeout`) · `ANSWER_TOO_LARGE` · `CANCELLED` */
export async function exchange(socket: Socket, asked: ExchangeRequest): Promise<RawAnswer> {
  const response = await headOf(socket, asked);
  const status = response.statusCode ?? 0;
  const headers = pairsOf(response.rawHeaders);
  checkHead(status, headers);
  return { status, headers, body: await bodyOf(response, asked) };
}

function headOf(socket: Socket, asked: ExchangeRequest): Promise<IncomingMessage> {
  const { method, path, headers, body, signal, firstByteMsMax, roomBytes } = asked;
  return new Promise((resolve, reject) => {
    let interimCount = 0;
    const request = httpRequest({
      ...{ method, path, headers: { ...headers }, setHost: false, createConnection: () => socket },
      // Said here, so that no option of Node's says otherwise.
      ...{ insecureHTTPParser: false, maxHeaderSize: LIMITS.netAnswerHeaderBytesMax + roomBytes },
    });
    request.maxHeadersCount = LIMITS.netAnswerHeadersMax + 1;
    const timer = setTimeout(() => fail(fetchFailed('timeout', 'the server has not begun to answer')), firstByteMsMax);
    const abort = () => fail(endedBy(signal, () => broken()));
    const settle = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    };
    const fail = (error: SmcpError) => {
      settle();
      reject(error);
      request.destroy();
    };
    signal.addEventListener('abort', abort, { once: true });
    request.on('error', (cause) => fail(failureOf(signal, cause)));
    request.on('upgrade', () => fail(broken()));
    request.on('information', () => {
      interimCount += 1;
      if (interimCount > LIMITS.netInterimAnswersMax) fail(broken());
    });
    request.on('response', (response) => {
      settle();
      resolve(response);
    });
    request.end(body);
    if (signal.aborted) abort();
  });
}

function failureOf(signal: AbortSignal, cause: unknown): SmcpError {
  const { code } = cause as { readonly code?: unknown };
  if (code === 'HPE_HEADER_OVERFLOW') {
    return headTooLarge();
  }
  return endedBy(signal, () => broken(cause));
}

const broken = (cause?: unknown): SmcpError =>
  fetchFailed('answer', 'the server ended the connection, or sent what is no answer of HTTP', cause);

function pairsOf(raw: readonly string[]): RawAnswer['headers'] {
  return raw.flatMap((name, at) => (at % 2 === 0 ? [[name.toLowerCase(), raw[at + 1] ?? ''] as const] : []));
}

/** The server was asked for no coding: a coded answer could be small here, and have no bound where it is decoded. */
function checkHead(status: number, headers: RawAnswer['headers']): void {
  if (headers.length > LIMITS.netAnswerHeadersMax) {
    throw answerTooLarge('the head of the answer', { headersMax: LIMITS.netAnswerHeadersMax });
  }
  if (status < 200 || status > 599) throw broken();
  for (const [name, value] of headers) {
    const plain = name === 'content-encoding' ? 'identity' : name === 'transfer-encoding' ? 'chunked' : undefined;
    if (plain === undefined || value === '' || value.toLowerCase() === plain) continue;
    throw fetchFailed('answer', 'the server compressed its answer, though it was asked not to');
  }
}

async function bodyOf(response: IncomingMessage, { method, signal, roomBytes }: ExchangeRequest): Promise<Uint8Array> {
  const bytesMax = LIMITS.netAnswerBytesMax + roomBytes;
  const announced = Number(response.headers['content-length'] ?? 0);
  const abort = () => response.destroy();
  signal.addEventListener('abort', abort, { once: true });
  try {
    if (announced > bytesMax && method !== 'HEAD') throw bodyTooLarge();
    return await takeBody(response, bytesMax);
  } catch (cause) {
    if (cause instanceof SmcpError) throw cause;
    throw endedBy(signal, () => broken(cause));
  } finally {
    signal.removeEventListener('abort', abort);
    response.destroy();
  }
}
