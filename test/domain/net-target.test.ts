import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LIMITS } from '#base/limits.ts';
import { canonicalHost } from '#domain/host-name.ts';
import { matchesPaths, whyAmbiguous } from '#domain/net-path.ts';
import { parseTarget } from '#domain/net-target.ts';

const urlOf = (text: string): string | undefined => {
  const parsed = parseTarget(text);
  return parsed.kind === 'target' ? parsed.target.url : undefined;
};

describe('a host', () => {
  test.each([
    ['api.example.org', 'api.example.org'],
    ['API.Example.ORG.', 'api.example.org'],
    ['bücher.example', 'xn--bcher-kva.example'],
    ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
    ['10.0.0.5', '10.0.0.5'],
    ['localhost', 'localhost'],
  ])('%j is compared as %j', (text, host) => {
    expect(canonicalHost(text)).toBe(host);
    expect(canonicalHost(host)).toBe(host);
  });

  test.each([
    '',
    '.',
    'a..b',
    'a.org..',
    '2130706433',
    '0x7f000001',
    '0177.0.0.1',
    '127.1',
    '127.0.1',
    '0x7f.0.0.1',
    '127.0.0.01',
    '１２７.0.0.1',
    '①②⑦.0.0.1',
    '127。0。0。1',
    'ex\u00adample.org',
    'exa\u200bmple.org',
    'ⓔxample.org',
    'example。org',
    '[::1]',
    '::1',
    '[fe80::1%25eth0]',
    'fe80::1%eth0',
    'a b.org',
    'a\tb.org',
    'a%00b.org',
    'a@b.org',
    'a\\b.org',
    'a#b',
    'a/b',
    '-a.org',
    'a_b.org',
    '*.example.org',
    `${'a'.repeat(64)}.org`,
    Array(64).fill('abcd').join('.'),
    '\ud800.org',
  ])('%j is none', (text) => {
    expect(canonicalHost(text)).toBeUndefined();
  });

  test('that is one stays the same when it is read again', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const host = canonicalHost(text);
        if (host !== undefined) expect(canonicalHost(host)).toBe(host);
      }),
    );
  });
});

describe('a URL', () => {
  test.each([
    ['https://a.org', 'https://a.org/'],
    ['HTTPS://A.ORG:443/x#part', 'https://a.org/x'],
    ['https://a.org:8443/x?y=%2e%2e/..', 'https://a.org:8443/x?y=%2e%2e/..'],
    ['https://a.org/%7Euser/%41/%e4%bd%a0', 'https://a.org/~user/A/%E4%BD%A0'],
    ['https://a.org/é', 'https://a.org/%C3%A9'],
    ['http://a.org:80/', 'http://a.org/'],
    ['https://a.org//x/', 'https://a.org//x/'],
    ['https://a.org/100%25', 'https://a.org/100%25'],
  ])('%j is sent as %j', (text, url) => {
    expect(urlOf(text)).toBe(url);
    expect(urlOf(url)).toBe(url);
  });

  test.each([
    'https:a.org',
    'https:/a.org',
    'https:///a.org',
    'https:\\\\a.org',
    '//a.org',
    'ftp://a.org/',
    'file:///etc/passwd',
    'data:,x',
    'javascript:1',
    ' https://a.org',
    'https://a.org/\n',
    'https://u@a.org/',
    'https://u:p@a.org/',
    'https://a.org@evil.org/',
    'https://a.org\\@evil.org/',
    'https://a.org:0/',
    'https://a.org:65536/',
    'https://a.org:/x:y@z',
    'https://a.org:+443/',
    'https://a.org:443 /',
    `https://a.org/${'x'.repeat(LIMITS.netUrlLengthMax)}`,
    `https://a.org/${'é'.repeat(LIMITS.netUrlLengthMax / 4)}`,
  ])('%.40j is refused', (text) => {
    expect(urlOf(text)).toBeUndefined();
  });
});

describe('a path that servers read differently is refused', () => {
  test.each([
    '/..',
    '/a/../b',
    '/./a',
    '/%2e%2e/a',
    '/%2E./a',
    '/.%2e',
    '/..;/a',
    '/..;x=1/a',
    '/%2e%2e%3b/a',
    '/...',
    '/..%20/a',
    '/a%2fb',
    '/a%2Fb',
    '/a%5cb',
    '/a\\b',
    '/%252e%252e/',
    '/%25%32%65',
    '/%252fa',
    '/%u002e%u002e/',
    '/%c0%ae%c0%ae/',
    '/%c0%afa',
    '/%e0%80%af',
    '/%ff',
    '/%',
    '/%2',
    '/%zz',
    '/a%00b',
    '/a%0d%0ab',
    '/a%7fb',
    '/．．/a',
    '/‥/a',
    '/a／b',
    '/a＼b',
    '/%ef%bc%8e%ef%bc%8e/',
    '/℀',
  ])('%j', (path) => {
    expect(whyAmbiguous(path)).toEqual(expect.any(String));
    expect(urlOf(`https://a.org${path}`)).toBeUndefined();
  });

  test.each(['/', '/a.b/..c', '/a..b', '/.well-known/x', '/a;v=1', '/~x', '/a%20b', '/100%25', '/%E4%BD%A0', '/a+b,c'])(
    'and %j is not one',
    (path) => {
      expect(whyAmbiguous(path)).toBeUndefined();
    },
  );
});

describe('a pattern allows a path', () => {
  test.each([
    [['/points/*'], '/points/1', true],
    [['/points/*'], '/point', false],
    [['/points/*'], '/other/points/1', false],
    [['/wiki/*'], '/wiki/What%3F', true],
    [['/a%20b/*'], '/a%20b/c', true],
    [['/a', '/b'], '/b', true],
    [['/*'], '/%E4%BD%A0//x;y', true],
    // What some server reads is not what the pattern says.
    [['/*/public'], '/secret%3F/public', false],
    [['/*/public'], '/secret%23/public', false],
    [['/*/public'], '/secret;/public', false],
    [['/*/public'], '//public', false],
    [['/a%2a/c'], '/axyz/c', false],
    [['/%'], '/%25', false],
  ])('%j, %j: %s', (patterns, path, isAllowed) => {
    expect(matchesPaths(patterns, path)).toBe(isAllowed);
  });
});
