// A plugin for the tests of everything that stops a call: it never ends by itself.

export const tools = {
  spin: () => {
    for (;;);
  },
  wait: async (_args, host) => {
    for (;;) {
      await host.now();
      // So that its limit of host calls lasts longer than any test.
      for (let step = 0; step < 1e5; step += 1);
    }
  },
  quick: () => ({ done: true }),
};
