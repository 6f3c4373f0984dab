// A connection to the socket of a home: what lies there is looked at first, then the first line names the agent, then
// lines go both ways. **Trust:** a socket of the home's owner (or root's) in a directory that only the owner can write:
// who listens there is a server of the home.

import { connect, type Socket } from 'node:net';
import { SmcpError, systemErrorCode } from '#base/errors.ts';
import { isJsonObject, type JsonObject } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import { createLineReader } from '#base/line-reader.ts';
import { checkOwnedSocket, socketAddress } from '#base/owned-socket.ts';
import type { Home } from '#config/home.ts';
import { STDIO_PROTOCOL, type StdioHello, type StdioWelcome } from '#domain/stdio.ts';
import { errorFrom } from './admin-client.ts';

export type Link = {
  /** What serves the home. */
  readonly command: StdioWelcome['command'];
  /** Sends a line; false when the server reads slowly, until `onDrain`. */
  readonly send: (line: Uint8Array) => boolean;
  /** Who gets the server's lines from now on; those that came before wait for it. */
  readonly listen: (listener: LinkListener) => void;
  readonly pause: () => void;
  readonly resume: () => void;
  /** Sends no more; what the server still answers comes, then it closes. */
  readonly finish: () => void;
  readonly destroy: () => void;
  readonly closed: Promise<void>;
};

export type LinkListener = { readonly onLine: (line: Buffer) => void; readonly onDrain: () => void };

/**
 * Reaches the server of a home, as an agent. Undefined when none listens, or it stopped before it said a word.
 *
 * @param agent undefined asks which agents there are, which is refused with their names.
 * @throws `HOME_UNSAFE` when something else lies there · `USAGE` · `AGENT_UNKNOWN` · `SESSION_LIMIT` ·
 * `SERVER_UNAVAILABLE` when nobody answers in time
 */
export async function reach(home: Home, agent: string | undefined): Promise<Link | undefined> {
  if (!checkOwnedSocket(home.socket)) return undefined;
  using address = socketAddress(home.socket);
  const socket = await connected(address.path);
  if (socket === undefined) return undefined;
  const lines = createLines(socket);
  const hello: StdioHello = { smcp: STDIO_PROTOCOL, ...(agent === undefined ? {} : { agent }) };
  socket.write(`${JSON.stringify(hello)}\n`);
  try {
    const first = await lines.first;
    if (first === undefined) return undefined;
    return { ...lines.link, command: commandOf(first) };
  } catch (thrown) {
    socket.destroy();
    throw thrown;
  }
}

/** Undefined when nobody listens there. */
function connected(path: string): Promise<Socket | undefined> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path, allowHalfOpen: true });
    socket.once('connect', () => {
      socket.removeAllListeners('error');
      resolve(socket);
    });
    socket.once('error', (cause) => {
      const code = systemErrorCode(cause);
      // EAGAIN: more wait to be taken in than the system holds for it.
      if (code === 'ENOENT' || code === 'ECONNREFUSED' || code === 'ECONNRESET' || code === 'EAGAIN')
        resolve(undefined);
      else reject(unreachable(`the socket of the home can't be opened: ${code ?? 'error'}`, cause));
    });
  });
}

function createLines(socket: Socket) {
  const { promise: first, resolve, reject } = Promise.withResolvers<Buffer | undefined>();
  const { promise: closed, resolve: close } = Promise.withResolvers<void>();
  const timer = setTimeout(() => reject(unreachable('the server of the home does not answer')), LIMITS.stdioHelloMsMax);
  const early: Buffer[] = [];
  let hasFirst = false;
  let listener: LinkListener | undefined;
  const reader = createLineReader({
    bytesMax: LIMITS.streamBufferBytesMax,
    onLine: (line) => {
      // A copy where it is kept: the bytes are good for the moment only.
      if (!hasFirst) {
        hasFirst = true;
        clearTimeout(timer);
        resolve(Buffer.from(line));
      } else if (listener === undefined) early.push(Buffer.from(line));
      else listener.onLine(line);
    },
    onTooLong: () => socket.destroy(),
  });
  socket.on('data', (chunk) => reader.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk));
  socket.on('drain', () => listener?.onDrain());
  socket.on('error', () => socket.destroy());
  socket.on('end', () => socket.destroy());
  socket.on('close', () => {
    clearTimeout(timer);
    resolve(undefined);
    close();
  });
  /** A socket that is not read does not show its end: an empty line, which the other side leaves out, finds out. */
  let probe: NodeJS.Timeout | undefined;
  const stopProbing = () => clearInterval(probe);
  socket.on('close', stopProbing);
  const link: Omit<Link, 'command'> = {
    send: (line) => {
      if (socket.destroyed || socket.writableEnded) return true;
      socket.cork();
      socket.write(line);
      const isTaken = socket.write('\n');
      socket.uncork();
      return isTaken;
    },
    listen: (next) => {
      listener = next;
      for (const line of early.splice(0)) next.onLine(line);
    },
    pause: () => {
      socket.pause();
      stopProbing();
      probe = setInterval(() => socket.write('\n'), LIMITS.stdioProbeMs);
    },
    resume: () => {
      stopProbing();
      socket.resume();
    },
    finish: () => void socket.end(),
    destroy: () => void socket.destroy(),
    closed,
  };
  return { first, link };
}

/** @throws what the server refused with. */
function commandOf(line: Buffer): Link['command'] {
  const said = parseLine(line);
  if (said?.['smcp'] === STDIO_PROTOCOL) {
    const { error, command } = said;
    if (command === 'serve' || command === 'stdio') return command;
    const refusal = isJsonObject(error) ? errorFrom(error) : undefined;
    if (refusal !== undefined) throw refusal;
  }
  throw new SmcpError('SERVER_UNAVAILABLE', 'the server of the home is of another version', {
    details: { remedy: 'start it anew with this version of smcp, or use the one that it has' },
  });
}

/** A line of the server's; undefined when it is no JSON object. */
export function parseLine(line: Buffer): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(line.toString('utf8'));
    return isJsonObject(value) ? (value as JsonObject) : undefined;
  } catch {
    return undefined;
  }
}

function unreachable(message: string, cause?: unknown): SmcpError {
  return new SmcpError('SERVER_UNAVAILABLE', message, {
    cause,
    details: { remedy: 'look at the log of the server of this home, or stop it and start it anew' },
  });
}
