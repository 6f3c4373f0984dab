// The socket in the home, through which `smcp stdio` speaks MCP as the agent that it names. Who can open the socket has
// the home, and so may act as any agent of its policy: mode 0600 in a directory that only its owner can write is the
// whole guard, since Node tells nobody's uid. **Trust:** after the first line, what is said is the agent's.

import { createServer, type Socket, type Server as SocketServer } from 'node:net';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { SmcpError } from '#base/errors.ts';
import { connectInMemory, type InMemoryConnection } from '#base/in-memory-connection.ts';
import { LIMITS } from '#base/limits.ts';
import { createLineReader } from '#base/line-reader.ts';
import { checkOwnedSocket, removeStaleSocket, type SocketAddress, socketAddress } from '#base/owned-socket.ts';
import type { AgentName } from '#domain/agent.ts';
import type { StdioWelcome } from '#domain/stdio.ts';
import { boundConnections } from './connections.ts';
import { createLineTransport, type LineTransport } from './line-transport.ts';
import { createMcpServer, type McpPorts } from './mcp.ts';
import { createReceiving } from './receiving.ts';
import { createSessionRoom } from './session-room.ts';
import { agentOfHello, turnAway, welcome } from './stdio-hello.ts';
import { announceToolChanges, createToolChanges } from './tool-changes.ts';
import { asDoorError } from './wire-errors.ts';

/** `agents`: those of the policy in force. */
export type StdioPorts = McpPorts & { readonly agents: () => readonly AgentName[] };

export type StdioOptions = {
  /** Where the socket is to be: in the home, whose lock is held. */
  readonly socket: string;
  readonly command: StdioWelcome['command'];
  /** Of the product. */
  readonly version: string;
};

export type StdioDoor = {
  /**
   * Makes the socket, in the place of one that a crash left, and takes connections.
   *
   * @throws `HOME_UNSAFE` when something else lies there · `HOME_INVALID` · `SERVER_UNAVAILABLE`
   */
  readonly listen: () => Promise<void>;
  /**
   * Takes a connection that did not come by the socket, as it takes those that do. For the self-test, before anybody else can come.
   *
   * @param as in place of whom the first line names: no policy has to know it
   */
  readonly dial: (as?: AgentName) => InMemoryConnection;
  /** Resolves once no connection is open. */
  readonly whenUnused: () => Promise<void>;
  /** Takes no new connections, and ends all others within `doorCloseMsMax`. Drain the dispatcher first. */
  readonly close: () => Promise<void>;
};

/** An agent that was welcomed. */
type Session = { readonly lines: LineTransport; readonly close: () => void; readonly onGone: () => void };

export function createStdioDoor(ports: StdioPorts, options: StdioOptions): StdioDoor {
  /** Every open connection; undefined until its agent was welcomed. */
  const open = new Map<Socket, Session | undefined>();
  const waiting = new Set<() => void>();
  /** Of connections that were dialled in the process. */
  const standingFor = new WeakMap<Socket, AgentName>();
  const serve = createSessions(ports, options);

  const take = (socket: Socket, line: Buffer) => {
    try {
      const agent = standingFor.get(socket) ?? agentOfHello(line, ports.agents());
      open.set(socket, serve(socket, agent));
      connections.trust(socket);
      welcome(socket, { agent, version: options.version, command: options.command });
    } catch (thrown) {
      turnAway(socket, asDoorError(thrown, ports.logger));
    }
  };
  // Half-open: what is under way when the agent's input ends may still be answered.
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    open.set(socket, undefined);
    accept(socket, { session: () => open.get(socket), onHello: (line) => take(socket, line) });
    socket.on('close', () => {
      open.get(socket)?.onGone();
      open.delete(socket);
      if (open.size > 0) return;
      for (const resolve of waiting) resolve();
      waiting.clear();
    });
  });
  const connections = boundConnections(server, LIMITS.connectionsMax);
  let address: SocketAddress | undefined;

  return {
    listen: async () => {
      removeStaleSocket(options.socket);
      address = socketAddress(options.socket);
      await listenPrivately(server, address.path, (error) =>
        ports.logger.warn('a connection to the socket of the home was lost', { error: error.message }),
      );
      checkOwnedSocket(options.socket);
    },
    dial: (as) => {
      const connection = connectInMemory();
      // What a door does with a socket, any duplex can.
      const far = connection.far as Socket;
      if (as !== undefined) standingFor.set(far, as);
      server.emit('connection', far);
      return connection;
    },
    whenUnused: () => new Promise((resolve) => void (open.size === 0 ? resolve() : waiting.add(resolve))),
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      // Answers of calls that ended just now are on their way to the transport.
      await new Promise((resolve) => setImmediate(resolve));
      for (const [socket, session] of open) session === undefined ? socket.destroy() : session.close();
      const cut = setTimeout(() => {
        for (const socket of open.keys()) socket.destroy();
      }, LIMITS.doorCloseMsMax);
      await closed;
      clearTimeout(cut);
      address?.[Symbol.dispose]();
    },
  };
}

type Accepting = { readonly session: () => Session | undefined; readonly onHello: (line: Buffer) => void };

/** Reads a connection: its first line is the hello, which must come soon; the others are its session's. */
function accept(socket: Socket, { session, onHello }: Accepting): void {
  let timer = setTimeout(() => socket.destroy(), LIMITS.stdioHelloMsMax);
  let hasGreeted = false;
  const reader = createLineReader({
    bytesMax: LIMITS.bodyBytesMax,
    onLine: (line) => {
      if (hasGreeted) return session()?.lines.receive(line);
      hasGreeted = true;
      clearTimeout(timer);
      onHello(line);
    },
    onTooLong: () => {
      if (hasGreeted) session()?.lines.refuseLong();
      else socket.destroy();
    },
  });
  socket.on('data', (chunk) => {
    if (!socket.writableEnded) reader.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
  });
  socket.on('end', () => {
    clearTimeout(timer);
    session()?.lines.finish();
    if (session() === undefined) socket.destroy();
    else timer = setTimeout(() => socket.destroy(), LIMITS.doorCloseMsMax);
  });
  socket.on('error', () => socket.destroy());
  socket.on('close', () => clearTimeout(timer));
}

/** Makes the session of one agent on one connection; which era it speaks is decided by how it opens. */
function createSessions(ports: StdioPorts, { version }: StdioOptions) {
  const room = createSessionRoom(ports);
  const receiving = createReceiving();
  const changes = createToolChanges(ports);
  return (socket: Socket, agent: AgentName): Session => {
    const end = () => void socket.destroy();
    const place = room.enter({ agent, isValid: () => true, end });
    const lines = createLineTransport(socket, {
      reserve: (bytes) => receiving.reserve(agent, String(bytes)),
      onSlowReader: () => ports.logger.warn('a client reads too slowly; its connection is cut', { agent }),
    });
    const stops: (() => void)[] = [];
    const handle = serveStdio(
      ({ era }) => {
        const isSession = era === 'legacy';
        const server = createMcpServer(ports, {
          agent,
          door: 'stdio',
          era: isSession ? 'session' : 'stateless',
          version,
          // A right of the home's owner. What a policy no longer grants, the dispatcher ends.
          mayStillAct: () => true,
        });
        stops.push(
          isSession
            ? announceToolChanges(server, changes, agent)
            : changes.watch(agent, () => void server.sendToolListChanged().catch(() => {})),
        );
        return server;
      },
      {
        transport: lines.transport,
        maxSubscriptions: LIMITS.requestsPerSessionMax,
        onerror: (error) => ports.logger.debug('protocol error', { agent, error: error.name }),
      },
    );
    return {
      lines,
      close: () => void handle.close(),
      onGone: () => {
        place.leave();
        for (const stop of stops) stop();
        // Cancels what is under way.
        void lines.transport.close();
      },
    };
  };
}

/** Nobody else may open the socket at any moment, so its mode is there from the start. */
function listenPrivately(server: SocketServer, path: string, onLater: (error: Error) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const onError = (cause: Error) => {
      reject(
        new SmcpError('SERVER_UNAVAILABLE', `no socket can be made in the home: ${cause.message}`, {
          cause,
          details: { remedy: 'put the home on a file system that takes Unix sockets' },
        }),
      );
    };
    server.once('error', onError);
    const mask = process.umask(0o177);
    try {
      server.listen(path, () => {
        server.off('error', onError);
        server.on('error', onLater);
        resolve();
      });
    } finally {
      process.umask(mask);
    }
  });
}
