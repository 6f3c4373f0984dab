// The effect `net` on trial: before a small network, with servers that are closed when a test has ended.

import { type AddressInfo, createServer, type Socket } from 'node:net';
import { createNetEffect, type PrivateSpace, type Times } from '#effects/net/net-effect.ts';
import { keepingLogger, names, PUBLIC, pointedAt, serve, type TestServer, targetOf } from './net-world.ts';

/** Servers that a test has started. */
export type Servers = {
  readonly served: (...args: Parameters<typeof serve>) => Promise<TestServer>;
  /** One that writes these bytes as its answer, and then does what `after` says; its port. */
  readonly raw: (bytes: string | Buffer, after?: (socket: Socket) => void) => Promise<number>;
  readonly close: () => Promise<void>;
};

export function createServers(): Servers {
  const open: { readonly close: () => unknown }[] = [];
  return {
    served: async (...args) => {
      const server = await serve(...args);
      open.push(server);
      return server;
    },
    raw: async (bytes, after = (socket) => socket.end()) => {
      const server = createServer((socket) => {
        socket
          .on('error', () => undefined)
          .once('data', () => {
            socket.write(bytes);
            after(socket);
          });
        open.push({ close: () => socket.destroy() });
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      open.push(server);
      return (server.address() as AddressInfo).port;
    },
    close: async () => {
      for (const one of open.splice(0)) await one.close();
    },
  };
}

export type Options = {
  readonly table?: Parameters<typeof names>[0];
  readonly space?: Partial<PrivateSpace>;
  readonly times?: Partial<Times>;
};

export const LONG: Times = { resolveMsMax: 60_000, firstByteMsMax: 60_000, requestMsMax: 60_000 };

export function effect({ table = { 'api.example.test': [[PUBLIC]] }, space = {}, times = {} }: Options = {}) {
  const resolution = names(table);
  const { dial, dialled } = pointedAt();
  const logger = keepingLogger();
  const net = createNetEffect(
    { logger, names: resolution, dial, times: { ...LONG, ...times } },
    { privateHosts: [], loopbackHosts: [], ...space },
  );
  const controller = new AbortController();
  const request = (url: string, more: object = {}) =>
    net.request({
      ...{ agent: 'a', target: targetOf(url), method: 'GET', headers: {}, body: undefined, roomBytes: 0 },
      ...{ signal: controller.signal, ...more },
    });
  return { net, request, dialled, asked: resolution.asked, logger, controller };
}

export const LOOPBACK = { space: { loopbackHosts: ['127.0.0.1'] } };
export const text = ({ body }: { readonly body: Uint8Array }) => Buffer.from(body).toString('utf8');
export const failed = (reason: string) => ({ code: 'FETCH_FAILED', details: { reason } });
