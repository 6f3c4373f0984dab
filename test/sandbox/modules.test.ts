import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { codeOf, createTestSandbox } from './harness.ts';

const sandbox = createTestSandbox();
afterAll(() => sandbox.close());

const loadError = async (files: string | Record<string, string>) => {
  const outcome = await sandbox.call(sandbox.plugin(files), 'go');
  const message = outcome.kind === 'failed' ? outcome.error.message : '';
  return `${codeOf(outcome)}: ${message}`;
};

describe('a plugin of several files', () => {
  test('imports its own, in folders, in circles, each evaluated once', async () => {
    const plugin = sandbox.plugin({
      'index.js': `import { twice, seen } from './lib/twice.js'; import * as b from './b.mjs'; export const tools = { go: () => [twice(2), b.name(), seen.length] };`,
      'lib/twice.js': `import { factor } from '../factor.js'; import { seen } from './seen.js'; seen.push('twice'); export { seen }; export const twice = (x) => x * factor;`,
      'lib/seen.js': 'export const seen = [];',
      'factor.js': `import './lib/seen.js'; export const factor = 2;`,
      'b.mjs': `import { tools } from './index.js'; export const name = () => Object.keys(tools)[0];`,
    });
    expect(await sandbox.value(plugin, 'go')).toEqual([4, 'go', 1]);
  });

  test('may have its entry in a folder, with imports relative to it', async () => {
    const plugin = sandbox.plugin(
      {
        'src/main.js': `import { x } from './x.js'; import { y } from '../y.js'; export const tools = { go: () => x + y };`,
        'src/x.js': 'export const x = 1;',
        'y.js': 'export const y = 2;',
      },
      { entry: 'src/main.js' },
    );
    expect(await sandbox.value(plugin, 'go')).toBe(3);
  });

  test('may await at the top level, also the host', async () => {
    const plugin = sandbox.plugin(
      `const value = await Promise.resolve(5); await null; export const tools = { go: () => value };`,
    );
    expect(await sandbox.value(plugin, 'go')).toBe(5);
  });
});

describe('an import that is refused', () => {
  test.each([
    ['node:fs', 'only its own files'],
    ['lodash', 'only its own files'],
    ['/etc/passwd', 'only its own files'],
    ['file:///etc/passwd', 'only its own files'],
    ['https://example.org/x.js', 'only its own files'],
    ['data:text/javascript,1', 'only its own files'],
    ['smcp:hook', 'only its own files'],
    ['../outside.js', 'outside of the plugin'],
    ['./lib/../../outside.js', 'outside of the plugin'],
    ['./data.json', 'only .js and .mjs'],
    ['./missing.js', 'no such file'],
    ['./native.node', 'only .js and .mjs'],
    ['./nul\\0.js', 'only .js and .mjs'],
  ])('%s says so, with the file', async (specifier, why) => {
    const message = await loadError({
      'index.js': `import '${specifier}'; export const tools = {};`,
      'data.json': '{}',
    });
    expect(message).toContain('PLUGIN_LOAD_FAILED: ');
    expect(message).toContain(why);
    expect(message).toMatch(/index\.js|missing\.js/);
    expect(message).not.toContain(sandbox.root);
  });

  test('import attributes', async () => {
    const files = {
      'index.js': `import x from './x.js' with { type: 'json' };\nexport const tools = {};`,
      'x.js': 'export default 1;',
    };
    expect(await loadError(files)).toContain('index.js: import attributes are not taken');
  });
});

describe('a module that does not load', () => {
  test.each([
    ['a syntax error', { 'index.js': 'export const tools = {\n  go: () => {{{,\n};' }, /index\.js:2/],
    ['a syntax error in another file', { 'index.js': `import './lib.js';`, 'lib.js': '\n\nlet let = 1;' }, /lib\.js:3/],
    [
      'an import of a name that is not exported',
      { 'index.js': `import { nope } from './lib.js';`, 'lib.js': '' },
      /nope/,
    ],
    ['an error at load', { 'index.js': `\n\nthrow new Error('not today');` }, /not today.*index\.js:3/],
    ['an error at load after an await', { 'index.js': `await null;\nthrow new Error('later');` }, /later/],
    [
      'an await that nothing settles',
      { 'index.js': 'await new Promise(() => {}); export const tools = {};' },
      /top-level await/,
    ],
    ['no tools', { 'index.js': 'export const other = 1;' }, /tools\.go/],
    [
      'tools that throw when read',
      { 'index.js': 'export const tools = { get go() { throw new Error("sly"); } };' },
      /sly/,
    ],
    ['a tool that is no function', { 'index.js': 'export const tools = { go: 1 };' }, /tools\.go/],
    [
      'code that needs the time at load',
      { 'index.js': 'const at = Date.now(); export const tools = {};' },
      /host\.now/,
    ],
  ])('says what and where: %s', async (_what, files, expected) => {
    const message = await loadError(files as Record<string, string>);
    expect(message).toMatch(/^PLUGIN_LOAD_FAILED/);
    expect(message).toMatch(expected);
    expect(message).not.toMatch(/\/tmp|node_modules|file:/);
  });

  test('a thrown proxy at load ends the call and nothing else', async () => {
    const plugin = sandbox.plugin(`throw new Proxy(new Error('x'), { get() { for (;;); } });`);
    expect(codeOf(await sandbox.call(plugin, 'go', { limits: { cpuMs: 200 } }))).toBe('CPU_EXCEEDED');
  });

  test('bytes that are no UTF-8', async () => {
    const plugin = sandbox.plugin('export const tools = {};');
    writeFileSync(join(plugin.directory, 'index.js'), Buffer.from([0xff, 0xfe, 0x00]));
    expect(await sandbox.call(plugin, 'go')).toMatchObject({
      kind: 'failed',
      error: { message: expect.stringContaining('UTF-8') },
    });
  });
});
