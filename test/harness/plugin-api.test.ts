import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { HOST_CALLS, type HostCallName } from '#domain/host-call.ts';
import type { Host } from '#plugins/plugin-api.d.ts';
import type { startPlugin as typedStart } from '#sandbox/harness/harness.js';
import { startPlugin } from '#sandbox/harness/start-plugin.ts';
import { isolatePlugin, workspace } from './plugins.ts';

const ROOT = join(import.meta.dirname, '../..');
const EXAMPLE = join(import.meta.dirname, 'examples/every-call.js');
const space = workspace();
afterAll(() => space.remove());

/** The names of host calls that the types know: `now`, `store.get`. */
type Typed = {
  [Name in keyof Host]: Host[Name] extends (...args: never[]) => unknown
    ? Name
    : `${Name}.${Extract<keyof Host[Name], string>}`;
}[keyof Host];
type Same<One, Other> = [One, Other] extends [Other, One] ? true : never;

describe('the types for authors', () => {
  test('name the host calls of the protocol, each and no other', async () => {
    const same: Same<Typed, HostCallName> = true;
    expect(same).toBe(true);
    const source = `const names = (at, prefix) => Object.keys(at).flatMap((key) =>
      typeof at[key] === 'function' ? [prefix + key] : names(at[key], prefix + key + '.'));
      export const tools = { make: (_, host) => ({ names: names(host, '') }) };`;
    await using plugin = await startPlugin(isolatePlugin(space, { source }));
    const call = await plugin.call('make');
    const { names } = (call.ok ? call.value : {}) as { readonly names: string[] };
    expect(names.sort()).toEqual(Object.keys(HOST_CALLS).sort());
  });

  test('fit a plugin that makes every host call, and what it is answered', async () => {
    expect(
      compiled(readFileSync(EXAMPLE, 'utf8').replaceAll('smcp/plugin-api', join(ROOT, 'plugins/plugin-api.d.ts'))),
    ).toBe('');
    const capabilities = {
      net: [{ host: 'a.org', methods: ['POST'] }],
      files: [{ path: 'workspace', access: 'write' }],
      ...{ store: { bytesMax: 100 }, run: [{ program: 'git', args: ['log'] }], tools: ['other__greet'] },
      ...{ clock: true, random: true },
    };
    const directory = isolatePlugin(space, { source: readFileSync(EXAMPLE, 'utf8'), capabilities });
    const world = {
      http: [{ url: 'https://a.org/*', method: 'POST', status: 201, text: 'made' }],
      run: [{ program: 'git', stdout: 'abc' }],
      tools: [{ tool: 'other__greet', value: 'hello x' }],
    };
    await using plugin = await startPlugin(directory, { world });
    const call = await plugin.call('make');
    expect(call).toMatchObject({
      ok: true,
      value: {
        ...{ now: 1_767_225_600_000, random: 4, kept: { list: [1, null] }, keys: ['a'], isCut: false, wasThere: true },
        file: { text: 'aa', bytes: 2, isCut: false },
        entries: [{ name: 'a', kind: 'file', bytes: 2 }],
        ...{ kind: 'folder', status: 201, exitCode: 0, stdout: 'abc', other: 'hello x', code: 'CAPABILITY_DENIED' },
      },
    });
    const made = call.used.flatMap(({ kind }) => kind);
    expect([...new Set(made)].sort()).toEqual(['clock', 'files', 'net', 'random', 'run', 'store', 'tools']);
  });

  test.each([
    ['host.exec("id")', 'exec'],
    ['host.store.get()', 'Expected 1 arguments'],
    ['host.fetch(1)', 'number'],
    ['host.files.read({ path: "a", as: "bytes" })', 'bytes'],
    ['host.log("loud", "x")', 'loud'],
    ['host.progress({ done: 1 })', "'done'"],
    ['host.files.write({ path: "a" })', 'base64'],
  ])('refuse %s', (line, message) => {
    const type = `/** @type {import('${join(ROOT, 'plugins/plugin-api.d.ts')}').Tools} */`;
    expect(compiled(`${type}\nexport const tools = { make: (_, host) => ${line} };`)).toContain(message);
  });

  test('of the harness are what it is', () => {
    const typed: typeof typedStart = (directory, options) =>
      startPlugin(directory, options === undefined ? {} : (options as never));
    expect(typed.length).toBe(2);
  });
});

let count = 0;

/** What the compiler says of a plugin's module, as its author would have it checked. */
function compiled(source: string): string {
  count += 1;
  const file = join(space.path, `module-${count}.js`);
  writeFileSync(file, source);
  const words = '--noEmit --strict --checkJs --allowJs --lib es2024 --ignoreConfig --module nodenext --target es2024';
  const tsc = join(ROOT, 'node_modules/.bin/tsc');
  const ended = spawnSync(tsc, [...words.split(' '), file], { encoding: 'utf8', cwd: space.path, timeout: 540_000 });
  return ended.stdout;
}
