// The layer table as data: which folder may import which. `architecture.md` draws it, check-layers.ts enforces it.
// A file belongs to the longest path here that it lies under; a file that belongs to none is a violation.

/** Globals through which code reaches the world or depends on more than its arguments. */
export const AMBIENT_NAMES: readonly string[] = [
  'process',
  'fetch',
  'console',
  'performance',
  'crypto',
  'globalThis',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
  'Date.now',
  'Math.random',
];

export type Area = {
  /** A folder, or one file, from the root. */
  readonly path: string;
  readonly layer: 0 | 1 | 2 | 3 | 4 | 'outside';
  /** Other areas, or single files of them, that it may import besides itself. `all`: tests. */
  readonly imports: readonly string[] | 'all';
  /** Areas whose files it may point at with `new URL(…, import.meta.url)`, to read their bytes or start them. */
  readonly locates: readonly string[];
  /** `none`: no `node:` module. Else which. */
  readonly builtins: 'all' | 'none' | readonly string[];
  /** Whether AMBIENT_NAMES may be used. */
  readonly isPure: boolean;
};

type Rules = Partial<Omit<Area, 'path' | 'layer'>>;

const area = (layer: Area['layer'], path: string, rules: Rules = {}): Area => ({
  path,
  layer,
  imports: rules.imports ?? [],
  locates: rules.locates ?? [],
  builtins: rules.builtins ?? 'all',
  isPure: rules.isPure ?? false,
});

const PURE = { builtins: 'none', isPure: true } as const;
/** What every feature may import. Features are blind to each other: they meet in app.ts, through domain/ports.ts. */
const MEANING = ['src/base', 'src/domain', 'schemas'];
const FEATURES = [
  'src/gateway',
  'src/dispatch',
  'src/registry',
  'src/effects',
  'src/provenance',
  'src/store',
  'src/identity',
  'src/freeze',
  'src/labels',
  'src/secrets',
  'src/approvals',
  'src/people',
  'src/notify',
  'src/replay',
];

/** What is joined into a server. */
const PARTS = [
  ...MEANING,
  'src/config',
  ...FEATURES,
  'src/policy',
  'src/broker',
  'src/operations',
  'src/admin',
  'src/console',
  'sandbox/host',
];

/** The files that commands without a server use directly. */
const LOCAL_COMMANDS: readonly { readonly command: string; readonly imports: readonly string[] }[] = [
  {
    command: 'doctor',
    imports: ['confinement', 'layers', 'probe', 'wall'].map((name) => `sandbox/host/${name}.ts`),
  },
  { command: 'policy check', imports: ['src/policy/check-policy.ts', 'src/registry/read-tools.ts'] },
  { command: 'policy test', imports: ['src/policy/review/test-policy.ts'] },
  { command: 'policy import-profiles', imports: ['src/policy/import-profiles.ts'] },
  { command: 'init', imports: ['src/store/lock-home.ts', 'src/store/open-store.ts'] },
  { command: 'log verify', imports: ['src/store/open-store.ts'] },
  { command: 'log export', imports: ['src/provenance/export.ts'] },
  { command: 'plugin check', imports: ['src/registry/check-directory.ts', 'src/broker/broker.ts'] },
  { command: 'plugin new', imports: ['sandbox/harness/new-plugin.ts', 'sandbox/harness/templates.ts'] },
  {
    command: 'plugin test',
    imports: ['run-tests', 'start-plugin', 'try-tools'].map((name) => `sandbox/harness/${name}.ts`),
  },
  { command: 'plugin trace', imports: ['sandbox/harness/trace-tool.ts', 'sandbox/harness/world.ts'] },
  { command: 'plugin adopt', imports: ['src/registry/adopt.ts', 'src/broker/broker.ts'] },
];

export const AREAS: readonly Area[] = [
  area(0, 'src/base'),
  area(0, 'sandbox/protocol'),
  area(0, 'schemas'),

  area(1, 'src/domain', { imports: ['src/base'], ...PURE }),
  // Its settings are what operations on the configuration work with, by the interface in src/domain.
  area(1, 'src/config', {
    imports: ['src/base', 'src/domain', 'schemas'],
    locates: ['package.json', 'plugins', 'schemas'],
  }),
  // Behind the fence: the wire format is all that the warden shares with the host, and the guest shares nothing.
  area(1, 'sandbox/warden', { imports: ['sandbox/protocol'], locates: ['sandbox/guest'] }),
  area(1, 'sandbox/guest', { builtins: 'none' }),
  // Copied into plugins whose program is Node; runs as theirs.
  area(1, 'sandbox/guest/node', { builtins: ['buffer', 'net', 'process'] }),

  ...FEATURES.map((path) => area(2, path, { imports: MEANING, locates: ['schemas'] })),
  // Decisions do no I/O.
  area(2, 'src/policy', { imports: MEANING, ...PURE }),
  area(2, 'src/broker', { imports: [...MEANING, 'src/effects'] }),
  area(2, 'src/operations', { imports: MEANING }),
  area(2, 'src/admin', { imports: [...MEANING, 'src/operations'] }),
  area(2, 'src/console', { imports: [...MEANING, 'src/operations', 'src/people'], locates: ['src/console/page'] }),
  // Runs in browsers; bytes to the server.
  area(2, 'src/console/page', { builtins: 'none' }),
  // The verifier can be audited alone; that nothing it reaches can sign is a rule of its own (check-verifier.ts).
  area(2, 'src/provenance/verify', { imports: [...MEANING, 'src/provenance'] }),
  area(2, 'sandbox/host', {
    imports: [...MEANING, 'sandbox/protocol'],
    locates: ['sandbox/warden', 'sandbox/guest', 'sandbox/launcher'],
  }),

  // The launcher is C; what is TypeScript there only compiles it.
  area(3, 'sandbox/launcher', { imports: ['sandbox/host'], locates: ['sandbox/host'] }),

  // A small world around the real parts, for authors of plugins: it joins what a server joins.
  area(3, 'sandbox/harness', {
    imports: [...PARTS, 'src/app'],
    locates: ['sandbox/harness', 'sandbox/guest', 'sandbox/guest/node'],
  }),

  area(3, 'src/app', { imports: PARTS }),
  area(3, 'src/app.ts', { imports: [...PARTS, 'src/app'] }),

  // A command is a client of the server, and joins what it needs by itself only where it needs none.
  area(4, 'src/cli', {
    imports: [
      ...MEANING,
      'src/config',
      'src/operations',
      'src/app.ts',
      'src/app',
      'src/provenance/verify',
      ...LOCAL_COMMANDS.flatMap(({ imports }) => imports),
    ],
  }),
  area(4, 'src/main.ts', { imports: ['src/cli', 'src/config', ...MEANING] }),
  area(4, 'src/smcp.js', {
    imports: ['src/main.ts', 'src/base/strip-types.js', 'src/base/compile-cache.js'],
    locates: ['.'],
  }),

  // Bundled plugins are bytes to the host, imported by nobody but tests.
  area('outside', 'plugins', PURE),
  area('outside', 'test', { imports: 'all', locates: ['all'] }),
  // Runs parts of the product by themselves, in the small worlds that tests made for them; nothing imports it but tests.
  area('outside', 'bench', { imports: 'all', locates: ['all'] }),
  area('outside', 'vitest.config.ts'),
  area('outside', 'package.json'),
  area('outside', '.'),
];

/** Imports that don't go down, each with its reason. */
export const SIDEWAYS: readonly { readonly from: string; readonly to: string; readonly why: string }[] = [
  { from: 'src/config', to: 'src/domain', why: 'what of it can change at run time is a port that operations use' },
  { from: 'src/broker', to: 'src/effects', why: 'the broker checks a host call and then does its one effect' },
  { from: 'src/admin', to: 'src/operations', why: 'routes are derived from the table of operations' },
  { from: 'src/console', to: 'src/operations', why: 'the console shows what the commands show' },
  { from: 'src/console', to: 'src/people', why: 'the console is where people sign in' },
  { from: 'src/provenance/verify', to: 'src/provenance', why: 'formats and the tree are shared; signing is not' },
  { from: 'sandbox/harness', to: 'src/app', why: 'the tier of programs is joined there, for a server and for a test' },
  { from: 'src/app.ts', to: 'src/app', why: 'what app.ts would be too long with' },
  { from: 'src/main.ts', to: 'src/cli', why: 'one file per command' },
  {
    from: 'src/smcp.js',
    to: 'src/main.ts',
    why: 'the bin only checks Node, keeps compiled code and strips types before it',
  },
];

/** Names of `node:` modules with which a file could get round the checks of imports, and who may use them. */
export const GUARDED_NAMES: readonly {
  readonly module: string;
  readonly name: string;
  readonly by: readonly string[];
}[] = [
  {
    module: 'module',
    name: 'createRequire',
    // To find installed packages and read their versions, not to load them.
    by: ['src/config/product.ts', 'sandbox/host/warden-files.ts', 'sandbox/warden/main.js'],
  },
  { module: 'module', name: '*', by: ['src/base/strip-types.js', 'src/base/compile-cache.js'] },
  { module: 'vm', name: '*', by: [] },
  { module: 'vm', name: 'runInThisContext', by: [] },
];

/** References that can't be told by reading, each with its reason. Tests may have them. */
export const OPAQUE: readonly { readonly path: string; readonly what: string; readonly why: string }[] = [
  { path: 'src/base/strip-types.js', what: 'import.meta.url', why: 'it asks whether it lies under node_modules' },
  { path: 'src/config/product.ts', what: 'import.meta.url', why: "reads isolated-vm's version without loading it" },
  { path: 'sandbox/warden/main.js', what: 'import.meta.url', why: "checks isolated-vm's version before it loads it" },
  { path: 'sandbox/host/warden-files.ts', what: 'require.resolve', why: "finds the folders of the warden's packages" },
];
