// The files of a new plugin, by runtime and language: a small tool that works, its manifest, its test and what to read. Pure.

export type PluginKind = 'isolate' | 'python' | 'bash' | 'node';

/** Relative path and text of each file, without the library of host calls. */
export type PluginTexts = { readonly [path: string]: string };

type Entry = { readonly file: string; readonly runtime: object; readonly source: string };

const ENTRIES: { readonly [kind in PluginKind]: Entry } = {
  isolate: {
    file: 'index.js',
    runtime: { kind: 'isolate', entry: 'index.js' },
    source: `// The tools of this plugin. They run in an isolate, and reach the world by \`host\` alone.

/** @type {import('smcp/plugin-api').Tools} */
export const tools = {
  greet: async ({ name }, host) => ({ text: \`hello \${name}\`, at: await host.now() }),
};
`,
  },
  python: {
    file: 'main.py',
    runtime: { kind: 'process', command: ['python3', 'main.py'], protocol: 'json' },
    source: `"""The tools of this plugin. They run in a sandbox, and reach the world by \`host\` alone."""

import smcp_host


def greet(args, host):
    return {"text": f"hello {args['name']}", "at": host.now()}


smcp_host.serve({"greet": greet})
`,
  },
  bash: {
    file: 'main.sh',
    runtime: { kind: 'process', command: ['bash', '--norc', 'main.sh'], protocol: 'json' },
    source: `# The tools of this plugin. They run in a sandbox, and reach the world by smcp_call alone.

source "\${BASH_SOURCE[0]%/*}/smcp-host.sh"

tool_greet() {
  smcp_call now || smcp_refused
  smcp_result '{"text":%s,"at":%s}' "$(smcp_json "hello \${ARGS[/name]}")" "$REPLY"
}

smcp_serve
`,
  },
  node: {
    file: 'main.mjs',
    runtime: { kind: 'process', command: ['node', 'main.mjs'], protocol: 'json' },
    source: `// The tools of this plugin. They run in a sandbox, and reach the world by \`host\` alone.

import { serve } from './smcp-host.mjs';

await serve({
  greet: async ({ name }, host) => ({ text: \`hello \${name}\`, at: await host.now() }),
});
`,
  },
};

/** `name` is one that a manifest takes: it stands in texts as it is. */
export function pluginTexts(name: string, kind: PluginKind): PluginTexts {
  const { file, runtime, source } = ENTRIES[kind];
  return {
    'plugin.json': `${JSON.stringify(manifestOf(name, runtime), null, 2)}\n`,
    [file]: source,
    [`test/${name}.test.js`]: testText(name),
    'README.md': readmeText(name, file),
  };
}

const manifestOf = (name: string, runtime: object): object => ({
  ...{ manifest: 1, name, version: '0.1.0', description: 'Greets people, and says when it did.', runtime },
  capabilities: { clock: true },
  tools: [
    {
      name: 'greet',
      title: 'Greet',
      description: 'Greets a person by name; says when, in milliseconds since 1970.',
      input: {
        type: 'object',
        properties: {
          name: { type: 'string', minLength: 1, maxLength: 100, description: 'Who is greeted.', examples: ['Ana'] },
        },
        required: ['name'],
        additionalProperties: false,
      },
      output: {
        type: 'object',
        properties: { text: { type: 'string' }, at: { type: 'integer' } },
        required: ['text', 'at'],
        additionalProperties: false,
      },
      capabilities: ['clock'],
    },
  ],
});

const testText = (
  name: string,
): string => `// The tests of ${name}: smcp plugin test runs them, with the plugin in the real sandbox.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { startPlugin } from 'smcp/harness';

const NOW = '2026-01-02T03:04:05Z';
/** @type {import('smcp/harness').StartedPlugin} */
let plugin;
before(async () => {
  plugin = await startPlugin(join(import.meta.dirname, '..'), { world: { now: NOW } });
});
after(() => plugin.close());

test('greets by name, and says when', async () => {
  const call = await plugin.call('greet', { name: 'Ana "A" ☀' });
  assert.deepEqual(call.value, { text: 'hello Ana "A" ☀', at: Date.parse(NOW) });
  assert.deepEqual(call.denials, []);
});

test('takes no name that is empty', async () => {
  const { ok, error } = await plugin.call('greet', { name: '' });
  assert.deepEqual([ok, error?.code], [false, 'ARGUMENTS_INVALID']);
});

test('fails without the clock', async () => {
  const { error, denials } = await plugin.call('greet', { name: 'Ana' }, { grant: {} });
  assert.equal(error?.code, 'CAPABILITY_DENIED');
  assert.deepEqual(denials.map(({ call }) => call), ['now']);
});
`;

const readmeText = (name: string, file: string): string => `# ${name}

Greets people. The tools are in \`${file}\`, what they take and ask for in \`plugin.json\`.

\`\`\`sh
smcp plugin check .                  # would it be served?
smcp plugin test .                   # its tests, in the real sandbox
smcp plugin test . --adversarial     # hostile arguments
smcp plugin trace . greet --args '{"name":"Ana"}'   # what it asks of the host, and the smallest manifest
smcp serve --plugins ..              # serve it
\`\`\`
`;
