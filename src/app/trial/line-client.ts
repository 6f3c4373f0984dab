// The door of the home's socket, spoken to within the process, one line a message. For the self-test of the start.

import type { InMemoryConnection } from '#base/in-memory-connection.ts';
import { LIMITS } from '#base/limits.ts';
import { createLineReader } from '#base/line-reader.ts';

export type LineClient = Disposable & {
  readonly send: (message: object) => void;
  /** The next line; '' when the connection ended. @throws what ends `signal` */
  readonly next: () => Promise<string>;
};

/** Cuts the connection when it is disposed of. */
export function createLineClient(connection: InMemoryConnection, signal: AbortSignal): LineClient {
  const { near } = connection;
  const lines: string[] = [];
  let isOver = false;
  let wake = () => {};
  const reader = createLineReader({
    bytesMax: LIMITS.bodyBytesMax,
    onLine: (line) => lines.push(line.toString('utf8')),
    onTooLong: () => {},
  });
  const onEnd = () => {
    isOver = true;
    wake();
  };
  near.on('data', (chunk: Buffer) => {
    reader.push(chunk);
    wake();
  });
  near.on('end', onEnd).on('close', onEnd).on('error', onEnd);
  signal.addEventListener('abort', () => wake(), { once: true });
  return {
    send: (message) => void near.write(`${JSON.stringify(message)}\n`),
    next: async () => {
      while (lines.length === 0 && !isOver) {
        signal.throwIfAborted();
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return lines.shift() ?? '';
    },
    [Symbol.dispose]: () => connection[Symbol.dispose](),
  };
}
