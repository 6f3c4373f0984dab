// Host calls of one kind, many at once: the guest does as little as it can, the host has all the work.

const BYTES = 200_000;
const AT_ONCE = 10;

const VALUES_MAX = 45_000;

/** As many as the host takes in one call. */
const filled = (one, values = 1) =>
  Array.from(
    { length: Math.min(VALUES_MAX / values, Math.floor(BYTES / (JSON.stringify(one).length + 1))) },
    () => one,
  );
const values = {
  small: { some: 'value' },
  text: 'x'.repeat(BYTES),
  quotes: '"'.repeat(BYTES / 2),
  wide: 'ž'.repeat(BYTES / 2),
  numbers: filled(0),
  fractions: filled(0.1234567890123),
  objects: filled({ b: 1, a: 2 }, 3),
  keys: Object.fromEntries(Array.from({ length: BYTES / 10 }, (_, at) => [`k${BYTES - at}`, 0])),
  nested: filled([[[[[[0]]]]]], 7),
};

const acts = {
  now: (host) => host.now(),
  random: (host) => host.random(1024),
  log: (host) => host.log('x'.repeat(4000)),
  refused: (host) => host.run('nothing'),
  elsewhere: (host) => host.fetch('https://not-named.example/'),
  list: (host) => host.store.list(),
  stat: (host) => host.files.stat({ path: 'workspace/nothing' }),
};

export const tools = {
  make: async ({ kind, times }, host) => {
    const [what, of] = kind.split(' ');
    const value = values[of];
    let act = acts[what];
    if (what === 'get') {
      await host.store.set('key', value);
      act = () => host.store.get('key');
    }
    if (what === 'set') act = () => host.store.set('key', value);
    if (what === 'read') {
      await host.files.write({ path: 'workspace/large', text: values[of] });
      act = () => host.files.read({ path: 'workspace/large' });
    }
    let failed = 0;
    for (let made = 0; made < times; made += AT_ONCE) {
      const calls = Array.from({ length: Math.min(AT_ONCE, times - made) }, async () => act(host));
      for (const { status } of await Promise.allSettled(calls)) if (status === 'rejected') failed += 1;
    }
    return { failed };
  },
};
