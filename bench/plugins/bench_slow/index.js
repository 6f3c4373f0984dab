// The tools of bench_slow: one that keeps its isolate busy, one that keeps coming back to the host.

/** @typedef {{ readonly random: (byteCount: number) => Promise<Uint8Array> }} Host */

const STEPS_BETWEEN_ASKS = 1_000_000;

export const tools = {
  spin: async () => {
    for (;;) work(STEPS_BETWEEN_ASKS);
  },

  /**
   * @param {{}} _args
   * @param {Host} host
   */
  ask: async (_args, host) => {
    for (;;) {
      await host.random(1);
      work(STEPS_BETWEEN_ASKS);
    }
  },
};

/** @param {number} steps */
function work(steps) {
  let left = steps;
  while (left > 0) left -= 1;
}
