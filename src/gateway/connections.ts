// Room for connections. At the bound the oldest one that has shown no good token makes way, so that whoever only holds
// connections open shuts nobody out. **Trust:** anyone who reaches the port can open connections.

import type { Server, Socket } from 'node:net';

export type Connections = {
  /** A request on this connection came with a good token. */
  readonly trust: (socket: Socket) => void;
};

/** Keeps `server` at `connectionsMax` at most. */
export function boundConnections(server: Server, connectionsMax: number): Connections {
  const open = new Set<Socket>();
  /** In the order they came: a Set keeps it. */
  const strangers = new Set<Socket>();
  server.on('connection', (socket) => {
    open.add(socket);
    strangers.add(socket);
    socket.on('close', () => {
      open.delete(socket);
      strangers.delete(socket);
    });
    if (open.size <= connectionsMax) return;
    const [oldest] = strangers;
    (oldest ?? socket).destroy();
  });
  return { trust: (socket) => void strangers.delete(socket) };
}
