// For work that can only be done on the host's one thread, and is too long to be done in one go.

/** In ms: far below what a caller notices. */
const SLICE_MS = 5;

/** Makes a function to be awaited between small steps of such work: now and then it lets everything else go first. */
export function createPauses(): () => Promise<void> {
  let begunMs = performance.now();
  return async () => {
    if (performance.now() - begunMs < SLICE_MS) return;
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
    begunMs = performance.now();
  };
}
