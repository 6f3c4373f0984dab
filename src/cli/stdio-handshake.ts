// Tells another server what the client told the one before it, so that its session goes on. Used where the server of a
// client changed under it; of the stateless protocol there is nothing to tell.

import { SmcpError } from '#base/errors.ts';
import type { JsonObject } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import type { Handshake } from './stdio-client.ts';
import { type Link, parseLine } from './stdio-link.ts';

/** The id of our own `initialize`; its answer is not for the client. */
const HANDSHAKE_ID = 'smcp-stdio-handshake';

const INITIALIZED = { jsonrpc: '2.0', method: 'notifications/initialized' } as const;

/** The client's `initialize` under an id of ours. */
export function initializeAgain({ initialize }: Handshake): JsonObject {
  return { ...initialize, id: HANDSHAKE_ID };
}

/** Whether a message answers `initializeAgain`. */
export function isHandshakeAnswer(value: JsonObject): boolean {
  return value['id'] === HANDSHAKE_ID && value['method'] === undefined;
}

/** What follows a successful `initialize`; undefined where the client had not said so yet. */
export function initializedAgain({ isInitialized }: Handshake): typeof INITIALIZED | undefined {
  return isInitialized ? INITIALIZED : undefined;
}

function handshakeRefused(why: string): SmcpError {
  return new SmcpError('SERVER_UNAVAILABLE', `the session can't go on with another server: ${why}`, {
    details: { remedy: 'let the client connect again' },
  });
}

/** Over a link. False when the server went away before it answered. @throws `SERVER_UNAVAILABLE` when it refuses the session */
export async function repeatHandshake(link: Link, handshake: Handshake | undefined): Promise<boolean> {
  if (handshake === undefined) return true;
  const { promise: answered, resolve, reject } = Promise.withResolvers<true>();
  link.listen({
    onLine: (line) => {
      const value = parseLine(line);
      if (value === undefined || !isHandshakeAnswer(value)) return;
      if (value['result'] === undefined) reject(handshakeRefused('it refused it'));
      else resolve(true);
    },
    onDrain: () => {},
  });
  const timer = setTimeout(() => reject(handshakeRefused('it does not answer')), LIMITS.stdioHelloMsMax);
  link.send(Buffer.from(JSON.stringify(initializeAgain(handshake))));
  try {
    const isTaken = await Promise.race([answered, link.closed.then(() => false)]);
    const initialized = initializedAgain(handshake);
    if (isTaken && initialized !== undefined) link.send(Buffer.from(JSON.stringify(initialized)));
    return isTaken;
  } finally {
    clearTimeout(timer);
  }
}
