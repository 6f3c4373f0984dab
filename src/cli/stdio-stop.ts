// How `smcp stdio` is told to end, beside the end of its input: by a signal.

/** SIGHUP too: the terminal or session that it was started from is gone. */
const STOP_SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/** A signal that is aborted when the process is told to end; it listens until disposed of. */
export function stopSignal(): Disposable & { readonly signal: AbortSignal } {
  const stop = new AbortController();
  const onSignal = () => stop.abort();
  for (const name of STOP_SIGNALS) process.on(name, onSignal);
  return {
    signal: stop.signal,
    [Symbol.dispose]: () => {
      for (const name of STOP_SIGNALS) process.off(name, onSignal);
    },
  };
}

/** Resolves when the signal is, or was, aborted. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** Waits for `work`, but no longer than `msMax`. */
export async function atMost(msMax: number, work: Promise<unknown>): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, msMax);
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
