// Loaded into the very `smcp serve` that is measured (node --import): answers a message with the memory of the process after
// a collection of garbage. Needs --expose-gc. Keeps nothing alive.

process.on('message', () => {
  globalThis.gc?.();
  process.send?.(process.memoryUsage());
});
process.channel?.unref();
