import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import type { Json } from '#base/json.ts';
import { startPlugin } from '#sandbox/harness/start-plugin.ts';
import { isolatePlugin, processPlugin, workspace } from './plugins.ts';

const space = workspace();
afterAll(() => space.remove());

const GUEST = join(import.meta.dirname, '../../sandbox/guest');
const net = [{ host: 'a.org' }];
const url = 'https://a.org/';

/** A plugin that reads so many answers, each as text and as bytes. */
const READER = `export const tools = { make: async ({ calls }, host) => {
  const read = [];
  for (const number of calls) {
    const response = await host.fetch('${url}' + number);
    read.push([await response.text(), Array.from(await response.bytes())]);
  }
  return { read };
} };`;

const PYTHON = `import smcp_host

def make(args, host):
    read = []
    for number in args["calls"]:
        response = host.fetch("${url}" + str(number))
        read.append([response.text(), list(response.bytes())])
    return {"read": read}

smcp_host.serve({"make": make})
`;

const NODE = `import { serve } from './smcp-host.mjs';
await serve({ make: async ({ calls }, host) => {
  const read = [];
  for (const number of calls) {
    const response = await host.fetch('${url}' + number);
    read.push([await response.text(), [...await response.bytes()]]);
  }
  return { read };
} });`;

const file = (path: string) => readFileSync(join(GUEST, path), 'utf8');

const PLUGINS: readonly (readonly [string, () => string])[] = [
  ['an isolate', () => isolatePlugin(space, { source: READER, capabilities: { net } })],
  [
    'a program in Python',
    () =>
      processPlugin(space, {
        ...{ source: PYTHON, capabilities: { net } },
        files: { 'smcp_host.py': file('python/smcp_host.py') },
      }),
  ],
];

/** Bodies that are text, nearly text, and none. */
function bodies(): readonly Buffer[] {
  const nearly = [
    'ef bb bf 61',
    'ef bb bf ef bb bf 61',
    'ff',
    'c0 80',
    'c2',
    'c2 41',
    'e0 80 80',
    'e0 a0',
    'e2 82 ac',
    'e2 82 41',
    'ed a0 80',
    'ed 9f bf',
    'f0 80 80 80',
    'f0 90 80 80',
    'f0 9f 98 80 ff',
    'f4 8f bf bf',
    'f4 90 80 80',
    'f5 80 80 80',
    '80 bf',
    '00 01 02 03 04 05 06 07',
  ].map((hex) => Buffer.from(hex.replaceAll(' ', ''), 'hex'));
  const random = fc
    .sample(fc.uint8Array({ maxLength: 40 }), { numRuns: 150, seed: 4 })
    .map((bytes) => Buffer.from(bytes));
  const texts = fc
    .sample(fc.string({ unit: 'binary', maxLength: 30 }), { numRuns: 150, seed: 5 })
    .map((text) => Buffer.from(text));
  return [...nearly, ...random, ...texts, Buffer.from('é'.repeat(9_000)), Buffer.alloc(9_001, 0xe2)];
}

describe.each(PLUGINS)('what %s reads from an answer', (_, write) => {
  test('is its bytes, and its text as the Encoding standard decodes it', async () => {
    const all = bodies();
    const http = (request: { readonly url: string }) => ({
      base64: (all[Number(request.url.slice(url.length))] ?? Buffer.alloc(0)).toString('base64'),
    });
    await using plugin = await startPlugin(write(), { world: { http } });
    const call = await plugin.call('make', { calls: [...all.keys()] });
    const expected = all.map((bytes) => [new TextDecoder().decode(bytes), [...bytes]]);
    expect(call.ok ? (call.value as { readonly read: Json }).read : call.error).toEqual(expected);
  });
});

test('the library for Node reads them alike', async () => {
  const directory = processPlugin(space, {
    ...{ source: '', capabilities: { net } },
    files: {
      'main.mjs': NODE,
      'smcp-host.mjs': file('node/smcp-host.mjs'),
      'plugin.json': JSON.stringify({
        ...{ manifest: 1, name: 'kit', version: '1.0.0', description: 'A plugin of a test', capabilities: { net } },
        runtime: { kind: 'process', command: ['node', 'main.mjs'], protocol: 'json' },
        tools: [{ name: 'make', description: 'Reads answers.', input: { type: 'object' }, output: { type: 'object' } }],
      }),
    },
  });
  const world = { http: [{ url: '*', base64: '77u/YcM=' }] };
  await using plugin = await startPlugin(directory, { world });
  const call = await plugin.call('make', { calls: [1] });
  expect(call).toMatchObject({ ok: true, value: { read: [['a\ufffd', [0xef, 0xbb, 0xbf, 0x61, 0xc3]]] } });
});

describe('a response in an isolate', () => {
  const ask = async (body: string, before = '') => {
    const source = `${before}\nexport const tools = { make: async (_, host) => { const response = await host.fetch('${url}'); ${body} } };`;
    const world = { http: [{ url: '*', status: 404, headers: { 'X-A': '1' }, json: { a: [1] } }] };
    await using plugin = await startPlugin(isolatePlugin(space, { source, capabilities: { net } }), { world });
    const call = await plugin.call('make');
    return call.ok ? call.value : call.error;
  };

  test('has what the types say', async () => {
    expect(
      await ask(`const { status, ok, url, headers } = response;
        return { status, ok, url, headers, text: await response.text(), json: await response.json() };`),
    ).toEqual({
      ...{ status: 404, ok: false, url, headers: { 'content-type': 'application/json', 'x-a': '1' } },
      ...{ text: '{"a":[1]}', json: { a: [1] } },
    });
  });

  test('can not be changed, nor what it gives the next time it is asked', async () => {
    expect(
      await ask(`const tried = [];
        for (const change of [
          () => { response.status = 200; }, () => { response.headers['x-a'] = 2; }, () => { response.text.x = 1; },
          () => { delete response.url; }, () => { response.more = 1; },
        ]) try { change(); tried.push('done'); } catch (error) { tried.push(error.name); }
        (await response.json()).a.push(2);
        (await response.bytes())[0] = 0;
        return { tried, text: await response.text(), json: await response.json(), first: (await response.bytes())[0] };`),
    ).toEqual({ tried: Array(5).fill('TypeError'), text: '{"a":[1]}', json: { a: [1] }, first: 123 });
  });

  test('is the truth to a plugin that changed what it could of the built-ins', async () => {
    const pollute = `
      const tamper = (owner, key, value) => { try { owner[key] = value; } catch {} try { Object.defineProperty(owner, key, { value }); } catch {} };
      for (const key of ['text', 'base64', 'status', 'body', 'toJSON', 'then']) tamper(Object.prototype, key, 'tampered');
      tamper(String, 'fromCharCode', () => 'tampered'); tamper(String.prototype, 'charCodeAt', () => 1);
      tamper(Uint8Array.prototype, 'slice', () => 'tampered'); tamper(JSON, 'parse', () => 'tampered');
      tamper(Reflect, 'apply', () => 'tampered'); tamper(globalThis, 'Uint8Array', class {}); tamper(Object, 'freeze', (x) => ({}));`;
    expect(
      await ask(
        'return { status: response.status, text: await response.text(), json: await response.json() };',
        pollute,
      ),
    ).toEqual({ status: 404, text: '{"a":[1]}', json: { a: [1] } });
  });
});
