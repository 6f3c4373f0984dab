// The independent clients of the tests over lines: the 1.x SDK, and the 2.x client in both eras. What carries the lines is
// the caller's: the socket of a home, or a process.

import { Client as ModernClient } from '@modelcontextprotocol/client';
import { Client as LegacyClient } from '@modelcontextprotocol/sdk/client/index.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { createLineReader } from '#base/line-reader.ts';
import {
  changesOf,
  formsOf,
  legacyFace,
  type McpClient,
  modernFace,
  type OnForm,
  showFormsOn,
} from '#test/gateway/clients.ts';
import type { RawConnection } from './door.ts';

export type LineClientOptions = { readonly onToolsChanged?: () => void; readonly onForm?: OnForm };

export type LineClient = {
  readonly title: string;
  readonly connect: (transport: Transport, options?: LineClientOptions) => Promise<McpClient>;
};

const INFO = { name: 'test', version: '1' };

/** `auto` asks with server/discover first and then speaks what the server does. */
export const LINE_CLIENTS: readonly LineClient[] = [
  { title: 'the 1.x SDK', connect: legacy },
  { title: 'the 2.x client in a session', connect: (transport, options) => modern(transport, options) },
  { title: 'the 2.x client without a session', connect: (transport, options) => modern(transport, options, 'pin') },
  { title: 'the 2.x client that finds out', connect: (transport, options) => modern(transport, options, 'auto') },
];

async function legacy(transport: Transport, options: LineClientOptions = {}): Promise<McpClient> {
  const client = new LegacyClient(INFO, { ...changesOf(options.onToolsChanged), ...formsOf(options.onForm) });
  showFormsOn(client, options.onForm);
  await client.connect(transport);
  return legacyFace(client);
}

async function modern(
  transport: Transport,
  options: LineClientOptions = {},
  negotiation?: 'auto' | 'pin',
): Promise<McpClient> {
  const mode = negotiation === 'pin' ? { pin: '2026-07-28' } : negotiation;
  const client = new ModernClient(INFO, {
    ...(mode === undefined ? {} : { versionNegotiation: { mode } }),
    ...changesOf(options.onToolsChanged),
    ...formsOf(options.onForm),
  });
  showFormsOn(client, options.onForm);
  await client.connect(transport as never);
  return modernFace(client);
}

/** A connection to the socket of a home, greeted already, as a transport. */
export function socketTransport({ socket }: RawConnection): Transport {
  const transport: Transport = {
    start: async () => {
      const reader = createLineReader({
        bytesMax: 64 * 1024 * 1024,
        onLine: (line) => transport.onmessage?.(JSON.parse(line.toString('utf8'))),
        onTooLong: () => {},
      });
      socket.on('data', (chunk: Buffer) => reader.push(chunk));
      socket.on('close', () => transport.onclose?.());
    },
    send: async (message) => void socket.write(`${JSON.stringify(message)}\n`),
    close: async () => void socket.destroy(),
  };
  return transport;
}
