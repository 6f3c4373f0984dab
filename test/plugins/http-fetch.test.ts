import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Json } from '#base/json.ts';
import { readHtml } from '#plugins/http_fetch/html.js';
import { type StartedPlugin, startPlugin } from '#sandbox/harness/start-plugin.ts';
import { attackTools } from '#sandbox/harness/try-tools.ts';
import type { HttpAnswer } from '#sandbox/harness/world.ts';
import { loadBundled } from './bundled.ts';

const DIRECTORY = join(import.meta.dirname, '../../plugins/http_fetch');
const URL_READ = 'https://www.rfc-editor.org/rfc/rfc9110.txt';

let plugin: StartedPlugin;
let answer: Omit<HttpAnswer, 'url'> = {};
const asked: string[] = [];
beforeAll(async () => {
  const http = (request: { readonly url: string; readonly method: string }) => {
    asked.push(`${request.method} ${request.url}`);
    return answer;
  };
  plugin = await startPlugin(DIRECTORY, { world: { http } });
});
afterAll(() => plugin.close());

async function get(args: { readonly [name: string]: Json }, next: typeof answer = {}, grant?: object) {
  answer = next;
  asked.length = 0;
  return plugin.call('get', args, grant === undefined ? {} : { grant });
}

const given = async (...words: Parameters<typeof get>) => {
  const call = await get(...words);
  return call.ok ? call.value : call.error;
};

describe('what http_fetch may ask', () => {
  test('is in its manifest, its README and the description of its tool alike', async () => {
    const { manifest } = await loadBundled('http_fetch');
    const net = manifest.capabilities?.net ?? [];
    const readme = readFileSync(join(DIRECTORY, 'README.md'), 'utf8');
    const rows = net.map(
      ({ host, paths = [] }) => `| \`${host}\` | ${paths.map((path) => `\`${path}\``).join(', ')} |`,
    );
    expect(readme).toContain(rows.join('\n'));
    expect(manifest.tools[0]?.description).toContain(`Hosts: ${net.map(({ host }) => host).join(', ')}.`);
    expect(net.every(({ methods, ports }) => methods === undefined && ports === undefined)).toBe(true);
  });

  test.each([
    'https://en.wikipedia.org/wiki/Ouro_Preto',
    'https://docs.python.org/3/library/json.html?highlight=x',
    'https://developer.mozilla.org/en-US/docs/Web/API',
  ])('is %s', async (url) => {
    expect(await given({ url }, { text: 'words' })).toMatchObject({ status: 200, url, text: 'words' });
    expect(asked).toEqual([`GET ${url}`]);
  });

  test.each([
    'https://en.wikipedia.org/w/index.php?title=Special:Export',
    'https://en.wikipedia.org/wiki/../w/api.php',
    'https://de.wikipedia.org/wiki/X',
    'https://en.wikipedia.org.evil.test/wiki/X',
    'https://en.wikipedia.org@evil.test/wiki/X',
    'https://en.wikipedia.org:8443/wiki/X',
    'http://en.wikipedia.org/wiki/X',
    'https://127.0.0.1/rfc/',
    'https://169.254.169.254/latest/meta-data/',
    'file:///etc/passwd',
    'words',
    '',
  ])('is not %s', async (url) => {
    expect(await given({ url }, { text: 'secret' })).toMatchObject({
      code: expect.stringMatching(/^(CAPABILITY_DENIED|REQUEST_INVALID)$/),
    });
    expect(asked).toEqual([]);
  });

  test('is less where the grant says so', async () => {
    const grant = { net: [{ host: 'www.rfc-editor.org' }] };
    expect(await given({ url: URL_READ }, { text: 'a' }, grant)).toMatchObject({ text: 'a' });
    const other = 'https://en.wikipedia.org/wiki/X';
    expect(await given({ url: other }, { text: 'a' }, grant)).toMatchObject({ code: 'CAPABILITY_DENIED' });
  });

  test('is not where a redirection leads, unless that is one of them too', async () => {
    const to = (location: string) => given({ url: URL_READ }, { status: 301, headers: { location } });
    expect(await to('https://evil.test/')).toMatchObject({ code: 'CAPABILITY_DENIED' });
    expect(await to('http://www.rfc-editor.org/rfc/x')).toMatchObject({ code: 'FETCH_FAILED' });
  });
});

describe('what http_fetch gives', () => {
  test('is the text, or a part of it, and says whether there is more', async () => {
    const text = '0123456789😀x';
    const part = (from: number, length: number) => given({ url: URL_READ, from, length }, { text });
    expect(await part(0, 4)).toMatchObject({ text: '0123', lengthWhole: 13, isCut: true });
    expect(await part(4, 100)).toMatchObject({ text: '456789😀x', isCut: false });
    expect(await part(9, 2)).toMatchObject({ text: '9', isCut: true });
    expect(await part(11, 5)).toMatchObject({ text: 'x', isCut: false });
    expect(await part(50, 5)).toMatchObject({ text: '', isCut: false });
  });

  test('is the answer of the server, also where it is an error', async () => {
    const gone = { status: 404, headers: { 'content-type': 'application/problem+json' }, text: '{"title":"gone"}' };
    expect(await given({ url: URL_READ }, gone)).toEqual({
      ...{ status: 404, url: URL_READ, type: 'application/problem+json', text: '{"title":"gone"}', lengthWhole: 16 },
      isCut: false,
    });
  });

  test.each(['image/png', 'application/octet-stream', 'application/pdf', 'nonsense'])(
    'is nothing of %s',
    async (type) => {
      const call = await given({ url: URL_READ }, { headers: { 'content-type': type }, text: 'x' });
      expect(call).toMatchObject({ code: 'TOOL_FAILED', message: expect.stringContaining('no text') });
    },
  );

  test('of a page is its words and its title', async () => {
    const headers = { 'content-type': 'text/html; charset=utf-8' };
    const text = '<html><title>A &amp; B</title><script>evil()</script><p>One <b>two</b>&nbsp;&#8212;\n three<li>four';
    expect(await given({ url: URL_READ }, { headers, text })).toMatchObject({
      ...{ type: 'text/html', title: 'A & B', text: 'One two — three\n- four' },
    });
  });

  test('holds up under hostile arguments', async () => {
    answer = { text: 'x'.repeat(1000) };
    const { trials, findings } = await attackTools(plugin);
    expect(findings).toEqual([]);
    expect(trials[0]?.calls).toBeGreaterThan(50);
  });
});

describe('a page', () => {
  test.each([
    ['', '', ''],
    ['words', '', 'words'],
    ['a < b > c', '', 'a < b > c'],
    ['<', '', '<'],
    ['</', '', '</'],
    ['<p', '', ''],
    ['a<!-- <p>hidden</p> -->b', '', 'ab'],
    ['a<!-- never ended', '', 'a'],
    ['<a title="a>b">c</a>', '', 'c'],
    ["<p title=it's>c</p>'", '', "c\n'"],
    ['<SCRIPT>a</scriptx>b</Script >c', '', 'c'],
    ['a<style>b', '', 'a'],
    ['a<svg/>b<svg>c</svg>d', '', 'abd'],
    ['<!DOCTYPE html><?xml?>a', '', 'a'],
    ['<title>T<title>U</title>a', 'T', 'a'],
    ['<pre>  a\n    b &lt;<i>c</i></pre>d', '', '  a\n    b <c\nd'],
    [
      '&lt;script&gt; &unknown; &#0; &#x1b; &#xd800; &#x110000; &#99999999; &amp;amp;',
      '',
      '<script> &unknown; � � � � &#99999999; &amp;',
    ],
    ['<ul><li>a<li>b</ul>\n\n\n<p> <p> c', '', '- a\n- b\n\nc'],
  ])('%j has the title %j and the words %j', (html, title, text) => {
    expect(readHtml(html)).toEqual({ title, text });
  });

  test('is read whatever is in it', () => {
    const piece = fc.constantFrom(
      '<',
      '>',
      '"',
      "'",
      '=',
      '&',
      ';',
      '#x',
      '/',
      '!--',
      '-->',
      'script',
      'pre',
      'title',
      'svg',
      ' ',
      '\n',
      'a',
      'li',
      '\ud800',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
        const { text } = readHtml(pieces.join(''));
        expect(text.length).toBeLessThanOrEqual(4 * pieces.join('').length + 4);
      }),
    );
  });

  test.each([
    '<',
    '<a ',
    '<a "',
    "<a ='",
    '<pre>',
    '<!--',
    '<script>',
    '&',
    '&#',
    '<li>',
    ' ',
    '<title>',
    '<svg/>',
    '="',
  ])('made of %j again and again is read: in a time that its square would be far beyond', (piece) => {
    const size = (count: number) => readHtml(piece.repeat(count)).text.length;
    expect(size(200_000)).toBeGreaterThanOrEqual(0);
  });
});
