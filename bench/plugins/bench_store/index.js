// Host calls one after the other: each waits for the answer to the one before.

export const tools = {
  read: async ({ times }, host) => {
    await host.store.set('key', { some: 'value' });
    let found = 0;
    for (let time = 0; time < times; time += 1) {
      if ((await host.store.get('key')).some === 'value') found += 1;
    }
    return { found };
  },
};
