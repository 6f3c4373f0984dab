// A receiver on this machine that answers as the test says, or does not.

import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Heard = { readonly path: string; readonly headers: IncomingHttpHeaders; readonly body: string };

/** Answers with the statuses one after the other, then with the last; 0: not at all. */
export async function openReceiver(...statuses: readonly number[]) {
  const heard: Heard[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString('utf8');
    heard.push({ path: request.url ?? '', headers: request.headers, body });
    const status = statuses[Math.min(heard.length, statuses.length) - 1] ?? 200;
    const headers = status === 307 ? { location: 'http://127.0.0.1:1/' } : status === 429 ? { 'retry-after': '7' } : {};
    if (status !== 0) response.writeHead(status, headers).end('x');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { heard, close, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}
