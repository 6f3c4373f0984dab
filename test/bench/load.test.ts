// The load: what it takes for an answer, and that a wrong one ends it.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { createAnswerReader } from '#bench/load/answer-reader.ts';
import { drive } from '#bench/load/drive.ts';
import type { LoadJob } from '#bench/load/messages.ts';
import { type CallResult, faultOf } from '#bench/tool-call.ts';

const SUM = { ok: true, operation: 'add', a: 7, b: 1, result: 8 };
const RIGHT: CallResult = { content: [{ type: 'text', text: JSON.stringify(SUM) }], structuredContent: SUM };
const withReceipt = (result: CallResult): CallResult => ({
  ...result,
  _meta: { 'smcp/receipt': { index: 1, leaf: 'x' } },
});

describe('an answer', () => {
  test('is right with the very sum, and from a server with records with a receipt', () => {
    expect(faultOf(RIGHT, 7, false)).toBeUndefined();
    expect(faultOf(withReceipt(RIGHT), 7, true)).toBeUndefined();
  });

  test('that is an error is told with its text', () => {
    const error: CallResult = { isError: true, content: [{ type: 'text', text: 'TIMEOUT: ran past its deadline' }] };
    expect(faultOf(error, 7, true)).toBe('an error: TIMEOUT: ran past its deadline');
  });

  test.each<[string, CallResult | undefined, boolean]>([
    ['nothing', undefined, false],
    ['an error', { ...RIGHT, isError: true }, false],
    ['no data', { content: [{ type: 'text', text: '8' }] }, false],
    ['the sum of another call', { ...RIGHT, structuredContent: { ...SUM, a: 6, result: 7 } }, false],
    ['a wrong sum', { ...RIGHT, structuredContent: { ...SUM, result: 9 } }, false],
    ['a text that says something else', { ...RIGHT, content: [{ type: 'text', text: '{}' }] }, false],
    ['no receipt where records are kept', RIGHT, true],
    ['a receipt where none are', withReceipt(RIGHT), false],
  ])('is wrong when it is %s', (_, result, hasReceipt) => {
    expect(faultOf(result, 7, hasReceipt)).toEqual(expect.any(String));
  });
});

/** A server that answers each request with `answerTo` of its parsed body. */
async function withServer<T>(
  answerTo: (body: { id: number }) => unknown,
  use: (url: string) => Promise<T>,
): Promise<T> {
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    response.end(JSON.stringify(answerTo(JSON.parse(text))));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    return await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

const rightAnswer = ({ id }: { id: number }) => {
  const value = { ok: true, operation: 'add', a: id, b: 1, result: id + 1 };
  return {
    jsonrpc: '2.0',
    id,
    result: { content: [{ type: 'text', text: JSON.stringify(value) }], structuredContent: value },
  };
};
const jobFor = (url: string, until: LoadJob['until']): LoadJob => ({
  url,
  tokens: ['none'],
  connections: 3,
  until,
  client: 'lean',
  hasReceipt: false,
});

describe('a load', () => {
  test('of a number of calls makes exactly so many', async () => {
    const ids: number[] = [];
    const answer = (body: { id: number }) => {
      ids.push(body.id);
      return rightAnswer(body);
    };
    const result = await withServer(answer, (url) => drive(jobFor(url, { calls: 20 })));
    expect(ids.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, place) => place + 1));
    expect(result).toMatchObject({ calls: 20, answered: 20 });
  });

  test('of a time has figures even where no answer came in time', async () => {
    const result = await withServer(rightAnswer, (url) => drive(jobFor(url, { ms: 0.001 })));
    expect(result.calls).toBeGreaterThan(0);
    expect(result.p50Ms).toBeGreaterThan(0);
  });

  test.each<[string, (body: { id: number }) => unknown, string]>([
    ['a wrong sum', ({ id }) => ({ ...rightAnswer({ id: id + 1 }), id }), 'a wrong sum'],
    ["another call's answer", ({ id }) => rightAnswer({ id: id + 1 }), 'no result'],
    ['an error', ({ id }) => ({ jsonrpc: '2.0', id, error: { code: -32603, message: 'no' } }), 'no result'],
  ])('ends with %s', async (_, answer, reason) => {
    await expect(withServer(answer, (url) => drive(jobFor(url, { calls: 5 })))).rejects.toThrow(reason);
  });

  test('ends when the server goes away', async () => {
    const url = await withServer(rightAnswer, async (open) => open);
    await expect(drive(jobFor(url, { calls: 5 }))).rejects.toThrow(/ECONNREFUSED/);
  });
});

describe('the reader of answers', () => {
  const SIZED = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 4\r\n\r\n"ü"';
  const CHUNKED = 'HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n"ü\r\n1\r\n"\r\n0\r\n\r\n';

  test.each([
    ['with a length', SIZED, 200],
    ['in chunks', CHUNKED, 404],
  ])('takes an answer %s however it is cut into pieces, and the next one after it', (_, text, status) => {
    const bytes = Buffer.from(text);
    const reader = createAnswerReader();
    for (let cut = 1; cut < bytes.length; cut += 1) {
      expect(reader.push(bytes.subarray(0, cut))).toBeUndefined();
      expect(reader.push(bytes.subarray(cut))).toEqual({ status, body: '"ü"' });
    }
  });

  test.each([
    ['no HTTP', 'SSH-2.0-x\r\n\r\n'],
    ['an answer of unknown length', 'HTTP/1.1 200 OK\r\n\r\n'],
    ['a chunk of no size', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nx\r\n'],
  ])('refuses %s', (_, text) => {
    expect(() => createAnswerReader().push(Buffer.from(text))).toThrow();
  });
});
