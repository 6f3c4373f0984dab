export const tools = {
  throws: async () => {
    throw new Error('thrown by the plugin');
  },
  loops: async () => {
    for (;;);
  },
  wedges: async () => {
    throw new Proxy(new Error('x'), {
      get() {
        for (;;);
      },
    });
  },
  waits: () => new Promise(() => {}),
  hoards: async () => {
    const kept = [];
    for (let n = 0; ; n += 1) kept.push(new Array(10_000).fill(n));
  },
  aborts: async () => Array(1e9).fill(0).length,
  floods: async () => 'x'.repeat(5000),
  chatters: async (_, host) => {
    for (;;) host.log('x');
  },
  garbage: async () => 10n,
  liar: async () => ({ n: 'not a number' }),
  asks: async (_, host) => host.now(),
};
