// The client's side of `smcp stdio` on two pipes within this process, for what needs no process of its own.

import { PassThrough } from 'node:stream';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { createLineReader } from '#base/line-reader.ts';
import { createStdioClient, type StdioClient } from '#cli/stdio-client.ts';

export type PipedClient = {
  readonly client: StdioClient;
  /** As the client has its process: what it writes, what it reads. */
  readonly stdin: PassThrough;
  readonly stdout: PassThrough;
  readonly lines: { readonly [key: string]: unknown }[];
  readonly send: (message: unknown) => void;
  /** The first message that fits, waiting for it. */
  readonly find: (fits: (message: { readonly [key: string]: unknown }) => boolean) => Promise<{
    readonly [key: string]: unknown;
  }>;
  readonly transport: () => Transport;
};

export function createPipedClient(): PipedClient {
  const stdin = new PassThrough();
  const stdout = new PassThrough();
  const lines: { readonly [key: string]: unknown }[] = [];
  const listeners = new Set<(message: never) => void>();
  const wakers: (() => void)[] = [];
  const reader = createLineReader({
    bytesMax: 64 * 1024 * 1024,
    onLine: (line) => {
      const message = JSON.parse(line.toString('utf8'));
      lines.push(message);
      for (const listener of listeners) listener(message as never);
      for (const wake of wakers.splice(0)) wake();
    },
    onTooLong: () => {},
  });
  stdout.on('data', (chunk: Buffer) => reader.push(chunk));
  const send = (message: unknown) => void stdin.write(`${JSON.stringify(message)}\n`);
  return {
    client: createStdioClient({ input: stdin, output: stdout }),
    stdin,
    stdout,
    lines,
    send,
    find: async (fits) => {
      for (;;) {
        const found = lines.find(fits);
        if (found !== undefined) return found;
        await new Promise<void>((resolve) => void wakers.push(resolve));
      }
    },
    transport: () => {
      const transport: Transport = {
        start: async () => void listeners.add((message) => transport.onmessage?.(message)),
        send: async (message) => send(message),
        close: async () => {
          stdin.end();
          transport.onclose?.();
        },
      };
      return transport;
    },
  };
}
