// A small network for tests of the effect `net`: a server on loopback behind names of `.test`, a resolver that notes what it is asked, and the
// real dialler, which is pointed at the loopback server only after an address was vetted.

import { readFileSync } from 'node:fs';
import { createServer as createPlainServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { type LogFields, type Logger, silentLogger } from '#base/log.ts';
import { parseTarget } from '#domain/net-target.ts';
import { createDial, type Dial } from '#effects/net/dial.ts';
import type { NameResolution, ResolveName } from '#effects/net/resolve.ts';

const FIXTURES = join(import.meta.dirname, '../fixtures/net');
const fixture = (name: string): string => readFileSync(join(FIXTURES, name), 'utf8');

export const CA: readonly string[] = [fixture('ca.pem')];

export type Seen = { readonly method: string; readonly url: string; readonly headers: object; readonly body: string };

export type TestServer = {
  readonly port: number;
  readonly seen: Seen[];
  readonly connections: () => number;
  readonly close: () => Promise<void>;
};

/** Answers by `listener`, once the request is there as a whole. */
export async function serve(
  listener: RequestListener,
  { isPlain = false }: { readonly isPlain?: boolean } = {},
): Promise<TestServer> {
  const seen: Seen[] = [];
  const handle: RequestListener = (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      seen.push({ method, url, headers: { ...headers }, body: Buffer.concat(chunks).toString('utf8') });
      listener(request, response);
    });
  };
  const server: Server = isPlain
    ? createPlainServer(handle)
    : createTlsServer({ key: fixture('server-key.pem'), cert: fixture('server.pem') }, handle);
  const open = new Set<Socket>();
  let connections = 0;
  server.on('connection', (socket: Socket) => {
    connections += 1;
    open.add(socket);
    socket.on('close', () => open.delete(socket)).on('error', () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    seen,
    connections: () => connections,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of open) socket.destroy();
      }),
  };
}

export type Names = NameResolution & { readonly asked: string[] };

/** Answers each name with the next of its lists, the last one again and again. */
export function names(table: Readonly<Record<string, readonly (readonly string[])[]>>): Names {
  const asked: string[] = [];
  const counts = new Map<string, number>();
  const resolve: ResolveName = async (host) => {
    asked.push(host);
    const lists = table[host] ?? [];
    const count = counts.get(host) ?? 0;
    counts.set(host, count + 1);
    return lists[Math.min(count, lists.length - 1)] ?? [];
  };
  return { asked, byServers: resolve, bySystem: resolve };
}

/** An address of the public network, behind which `pointedAt` puts the loopback server. */
export const PUBLIC = '93.184.215.14';

export type Dialled = { readonly address: string; readonly host: string; readonly port: number };

/** The real dialler, which notes every address, and goes to loopback in the place of PUBLIC: to the port that was asked, or this one. */
export function pointedAt(port?: number): { readonly dial: Dial; readonly dialled: Dialled[] } {
  const dialled: Dialled[] = [];
  const real = createDial({ ca: CA });
  const dial: Dial = (request) => {
    dialled.push({ address: request.address, host: request.host, port: request.port });
    return real({
      ...request,
      address: request.address === PUBLIC ? '127.0.0.1' : request.address,
      port: port ?? request.port,
    });
  };
  return { dial, dialled };
}

export function targetOf(url: string) {
  const parsed = parseTarget(url);
  if (parsed.kind === 'refused') throw new Error(parsed.why);
  return parsed.target;
}

export function keepingLogger(): Logger & {
  readonly lines: { readonly message: string; readonly fields: LogFields }[];
} {
  const lines: { message: string; fields: LogFields }[] = [];
  const keep = (message: string, fields: LogFields = {}) => void lines.push({ message, fields });
  return { ...silentLogger, warn: keep, debug: keep, lines };
}
