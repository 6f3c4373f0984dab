// The socket door over the fakes of test/gateway, in a home of its own, and raw connections to it.

import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '#base/clock.ts';
import { createLineReader } from '#base/line-reader.ts';
import type { AgentName } from '#domain/agent.ts';
import { createStdioDoor, type StdioDoor } from '#gateway/stdio-door.ts';
import { ATHENA, fakeCatalog, fakeDispatcher, fakePolicy, HERMES, memoryLogger } from '#test/gateway/fakes.ts';

export type TestSocketDoor = ReturnType<typeof createSocketDoor>;

/** A door that does not listen yet. `agents` may be changed while it runs. */
export function createSocketDoor(options: { readonly socket?: string } = {}) {
  const home = mkdtempSync(join(tmpdir(), 'smcp-stdio-'));
  const socket = options.socket ?? join(home, 'agents.sock');
  const agents: AgentName[] = [ATHENA, HERMES];
  const policy = fakePolicy();
  const catalog = fakeCatalog();
  const dispatcher = fakeDispatcher(policy, catalog);
  const logger = memoryLogger();
  const door: StdioDoor = createStdioDoor(
    { dispatcher, catalog, policy, clock: systemClock, logger, agents: () => agents },
    { socket, command: 'serve', version: '1.2.3' },
  );
  const connections: RawConnection[] = [];
  return {
    home,
    socket,
    agents,
    policy,
    catalog,
    dispatcher,
    logger,
    door,
    /** A connection that has said nothing yet. */
    dial: async () => {
      const connection = await openConnection(socket);
      connections.push(connection);
      return connection;
    },
    /** Closes everything and leaves no file. */
    remove: async () => {
      for (const connection of connections) connection.socket.destroy();
      await door.close();
      rmSync(home, { recursive: true, force: true });
      return existsSync(socket);
    },
  };
}

/** The same, listening. */
export async function openSocketDoor() {
  const opened = createSocketDoor();
  await opened.door.listen();
  return opened;
}

export type RawConnection = {
  readonly socket: Socket;
  /** Every line that came, parsed. */
  readonly lines: { readonly [key: string]: unknown }[];
  readonly write: (text: string | Uint8Array) => void;
  readonly send: (message: unknown) => void;
  /** Says who it is and waits for the answer. */
  readonly greet: (agent?: string) => Promise<{ readonly [key: string]: unknown }>;
  /** The line at this place, once it came. */
  readonly line: (index: number) => Promise<{ readonly [key: string]: unknown }>;
  readonly closed: Promise<void>;
};

/** A connection to a socket of a home that has said nothing yet. */
export function openConnection(path: string): Promise<RawConnection> {
  const { promise, resolve, reject } = Promise.withResolvers<RawConnection>();
  const { promise: closed, resolve: close } = Promise.withResolvers<void>();
  const socket = connect({ path, allowHalfOpen: true });
  const lines: { readonly [key: string]: unknown }[] = [];
  const wakers: (() => void)[] = [];
  const wake = () => {
    for (const waker of wakers.splice(0)) waker();
  };
  const reader = createLineReader({
    bytesMax: 64 * 1024 * 1024,
    onLine: (line) => {
      lines.push(JSON.parse(line.toString('utf8')));
      wake();
    },
    onTooLong: () => {},
  });
  socket.on('data', (chunk: Buffer) => reader.push(chunk));
  socket.on('end', () => socket.destroy());
  socket.on('error', reject);
  socket.on('close', () => {
    close();
    wake();
  });
  const line = async (index: number) => {
    for (;;) {
      const there = lines[index];
      if (there !== undefined) return there;
      if (socket.destroyed) throw new Error(`the connection ended after ${lines.length} lines`);
      await new Promise<void>((next) => void wakers.push(next));
    }
  };
  const write = (text: string | Uint8Array) => void socket.write(text);
  const connection: RawConnection = {
    socket,
    lines,
    write,
    send: (message) => write(`${JSON.stringify(message)}\n`),
    greet: (agent = 'athena') => {
      write(`${JSON.stringify({ smcp: 1, agent })}\n`);
      return line(0);
    },
    line,
    closed,
  };
  socket.once('connect', () => resolve(connection));
  return promise;
}

export const rpc = (id: unknown, method: string, params: unknown = {}) => ({ jsonrpc: '2.0', id, method, params });

/** The first request of a session, of any version. */
export const initialize = (protocolVersion: string, id: unknown = 'init') =>
  rpc(id, 'initialize', { protocolVersion, capabilities: {}, clientInfo: { name: 'test', version: '1' } });

/** A request of 2026-07-28. */
export const stateless = (id: unknown, method: string, params: { readonly [key: string]: unknown } = {}) =>
  rpc(id, method, {
    ...params,
    _meta: {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
      'io.modelcontextprotocol/clientCapabilities': {},
    },
  });
