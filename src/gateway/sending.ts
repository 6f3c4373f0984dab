// How many bytes may wait for readers, on each connection, for each caller and in all, and for how long. Who does not read is
// cut off, and so are the calls of that connection. **Trust:** anyone with a token may ask for answers and never read them.

import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { Clock } from '#base/clock.ts';
import { LIMITS } from '#base/limits.ts';

export type Sending = {
  /** Whose answers go out on this connection from now on. */
  readonly belongsTo: (socket: Socket, caller: string) => void;
  /**
   * Counts bytes that were handed to a connection, until the function returned is called or the connection closes. Undefined
   * when that is too much for a connection on which something waits already: it was cut. What is too much for its caller, or
   * in all, costs the connections on which something has waited longest.
   */
  readonly hold: (socket: Socket, bytes: number) => (() => void) | undefined;
  readonly close: () => void;
};

declare module 'fastify' {
  interface FastifyReply {
    readonly sending: Sending;
  }
}

/** `sinceMs`: from when on something has waited, without a break. */
type Held = { readonly caller: string; sinceMs: number; bytes: number };

const NOBODY = 'anyone';

export function createSending({ clock }: { readonly clock: Clock }): Sending {
  const callers = new WeakMap<Socket, string>();
  const watched = new WeakSet<Socket>();
  /** The one on which something has waited longest comes first: a Map keeps the order of insertion. */
  const waiting = new Map<Socket, Held>();
  const byCaller = new Map<string, number>();
  let total = 0;
  let sweeps: NodeJS.Timeout | undefined;

  const add = (held: Held, bytes: number) => {
    held.bytes += bytes;
    total += bytes;
    const own = (byCaller.get(held.caller) ?? 0) + bytes;
    if (own > 0) byCaller.set(held.caller, own);
    else byCaller.delete(held.caller);
  };
  const forget = (socket: Socket) => {
    const held = waiting.get(socket);
    if (held === undefined) return;
    waiting.delete(socket);
    add(held, -held.bytes);
  };
  const cut = (socket: Socket) => {
    forget(socket);
    socket.destroy();
  };
  const sweep = () => {
    const nowMs = clock.monotonicMs();
    for (const [socket, held] of [...waiting]) {
      if (held.sinceMs > nowMs - LIMITS.sendingMsMax) break;
      if (socket.writableLength > 0) cut(socket);
      else {
        // What waits here waits for an answer before it, not for the reader.
        held.sinceMs = nowMs;
        waiting.delete(socket);
        waiting.set(socket, held);
      }
    }
    if (waiting.size > 0) return;
    clearInterval(sweeps);
    sweeps = undefined;
  };
  const heldOf = (socket: Socket): Held => {
    const known = waiting.get(socket);
    if (known !== undefined) return known;
    const held = { caller: callers.get(socket) ?? NOBODY, sinceMs: clock.monotonicMs(), bytes: 0 };
    waiting.set(socket, held);
    if (!watched.has(socket)) socket.once('close', () => forget(socket));
    watched.add(socket);
    sweeps ??= setInterval(sweep, LIMITS.sendingSweepMs);
    return held;
  };
  /** One answer may be larger than any bound, as long as it is the only one. */
  const makeRoom = (own: Socket, isFull: (held: Held) => boolean) => {
    for (const [socket, held] of [...waiting]) if (socket !== own && isFull(held)) cut(socket);
  };

  return {
    belongsTo: (socket, caller) => void callers.set(socket, caller),
    hold: (socket, bytes) => {
      if (socket.destroyed) return undefined;
      const held = heldOf(socket);
      if (held.bytes > 0 && held.bytes + bytes > LIMITS.streamBufferBytesMax) {
        cut(socket);
        return undefined;
      }
      add(held, bytes);
      const { caller } = held;
      const isOver = () => (byCaller.get(caller) ?? 0) > LIMITS.sendingPerCallerBytesMax;
      if (isOver()) makeRoom(socket, (other) => other.caller === caller && isOver());
      if (total > LIMITS.sendingBytesMax) makeRoom(socket, () => total > LIMITS.sendingBytesMax);
      return () => {
        if (waiting.get(socket) !== held) return;
        add(held, -bytes);
        if (held.bytes === 0) waiting.delete(socket);
      };
    },
    close: () => clearInterval(sweeps),
  };
}

/** Counts every answer of the server that is sent whole, and lets streams count theirs (`reply.sending`). */
export function countAnswers(app: FastifyInstance, sending: Sending): void {
  app.decorateReply('sending', { getter: () => sending });
  app.addHook('onSend', (request, reply, payload, done) => {
    const isCounted = typeof payload === 'string' || payload instanceof Uint8Array;
    const sent = isCounted ? sending.hold(request.socket, Buffer.byteLength(payload)) : undefined;
    // After the last byte was handed to the system, or when the connection has closed.
    if (sent !== undefined) reply.raw.once('close', sent);
    done(null, payload);
  });
}
