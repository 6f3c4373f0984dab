// A connection that never leaves the process: what servers are tried with before they listen. Made by the doors that are tried.

import { type Duplex, duplexPair } from 'node:stream';

/** `near`: of whoever dialled; `far`: what the server takes as a connection. Both half-open, as those of sockets. */
export type InMemoryConnection = {
  readonly near: Duplex;
  readonly far: Duplex;
  /** Closes both ends at once, as a connection that is cut. */
  readonly [Symbol.dispose]: () => void;
};

export function connectInMemory(): InMemoryConnection {
  const [near, far] = duplexPair();
  return {
    near,
    far,
    [Symbol.dispose]: () => {
      near.destroy();
      far.destroy();
    },
  };
}
