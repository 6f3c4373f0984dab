// A plugin for the tests of everything that stops a call: it never ends by itself.

export const tools = {
  spin: () => {
    for (;;);
  },
  wait: async (_args, host) => {
    for (;;) await host.now();
  },
  quick: () => ({ done: true }),
};
