// A wait that ends by itself after a while, when it is told to, or when what waits is called off.

export type Wait = { readonly ended: Promise<void>; readonly end: () => void };

export function createWait(ms: number, signal: AbortSignal): Wait {
  const { promise, resolve } = Promise.withResolvers<void>();
  const end = () => {
    clearTimeout(timer);
    signal.removeEventListener('abort', end);
    resolve();
  };
  const timer = setTimeout(end, ms);
  signal.addEventListener('abort', end, { once: true });
  if (signal.aborted) end();
  return { ended: promise, end };
}
