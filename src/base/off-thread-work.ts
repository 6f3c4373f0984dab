// What runs inside a thread of src/base/off-thread.ts: called by the entry of the thread. A class does not survive the way
// between threads, so an error goes as its code, message and details.

import { isMainThread } from 'node:worker_threads';
import { SmcpError, type WireError } from './errors.ts';

export type OffThreadAnswer<T> =
  | { readonly kind: 'done'; readonly value: T }
  | { readonly kind: 'refused'; readonly error: WireError };

/** `work` as a thread's entry exports it. From then on nothing that the thread writes can get among the server's messages on stdout. */
export function answering<Task, T>(work: (task: Task) => T): (task: Task) => OffThreadAnswer<T> {
  if (!isMainThread) Object.defineProperty(process, 'stdout', { value: process.stderr });
  return (task) => {
    try {
      return { kind: 'done', value: work(task) };
    } catch (thrown) {
      if (!(thrown instanceof SmcpError)) throw thrown;
      return { kind: 'refused', error: thrown.toWire() };
    }
  };
}
