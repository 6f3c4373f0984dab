import { posix } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isWithinPath } from '#domain/plain-path.ts';
import { createPolicyChecker } from '#policy/check-policy.ts';
import { ask, policyOf } from './policies.ts';

/** What a grant with this condition decides about one argument, and what a deny does. */
function decisions(when: string, args: { readonly [name: string]: string }) {
  const grants = policyOf({ version: 1, agents: { athena: { grants: [{ tools: ['*'], when }] } } });
  const denies = policyOf({
    version: 1,
    deny: [{ tools: ['*'], when }],
    agents: { athena: { grants: [{ tools: ['*'] }] } },
  });
  return { grant: ask(grants, 'a__b', args).kind, deny: ask(denies, 'a__b', args).kind };
}

const HOST = 'host(args.url) == "good.example"';
const WITHIN = 'within(args.path, "/work")';

describe('host(url)', () => {
  test.each([
    'https://good.example/',
    'https://good.example',
    'http://good.example:8080/a?b=c#d',
    'HTTPS://GOOD.EXAMPLE/a',
    'https://good.example./',
  ])('of %s is the host that it goes to', (url) => {
    expect(decisions(HOST, { url })).toEqual({ grant: 'allow', deny: 'deny' });
  });

  test.each([
    'https://evil.example/',
    'https://good.example.evil.example/',
    'https://evil.example/good.example',
    'https://evil.example/?https://good.example',
    'https://xn--god-lla.example/',
  ])('of %s is another', (url) => {
    expect(decisions(HOST, { url })).toEqual({ grant: 'deny', deny: 'allow' });
  });

  // Read in two ways: none of them is granted, each is denied.
  test.each([
    'https://good.example@evil.example/',
    'https://good.example%40evil.example/',
    'https://evil.example\\@good.example/',
    'https://good.example\\.evil.example/',
    'https:/good.example/',
    'https:good.example',
    '//good.example/',
    'https://good。example/',
    'https://ｇood.example/',
    'https://good.example\t.evil.example/',
    ' https://good.example/',
    'https://[::1]/',
    'https://2130706433/',
    'javascript:good.example',
    '',
  ])('of %j is no host: it grants nothing, and it denies', (url) => {
    expect(decisions(HOST, { url })).toEqual({ grant: 'deny', deny: 'deny' });
  });

  test('the control: the beginning of the text is true of what goes elsewhere', () => {
    const text = 'args.url.startsWith("https://good.example")';
    for (const url of ['https://good.example@evil.example/', 'https://good.example.evil.example/']) {
      expect(decisions(text, { url }).grant).toBe('allow');
      expect(decisions(HOST, { url }).grant).toBe('deny');
    }
    expect(decisions('args.url.startsWith("https://evil.example")', { url: 'HTTPS://Evil.Example/' }).deny).toBe(
      'allow',
    );
    expect(decisions('host(args.url) == "evil.example"', { url: 'HTTPS://Evil.Example/' }).deny).toBe('deny');
  });
});

describe('within(path, root)', () => {
  test.each(['/work', '/work/', '/work/a', '/work/a/b.txt', '/work/..a/b', '/work/ü'])('holds %s', (path) => {
    expect(decisions(WITHIN, { path })).toEqual({ grant: 'allow', deny: 'deny' });
  });

  test.each(['/', '/worker', '/work.txt', '/a/work', '/etc/passwd'])('does not hold %s', (path) => {
    expect(decisions(WITHIN, { path })).toEqual({ grant: 'deny', deny: 'allow' });
  });

  test.each([
    '/work/../etc/passwd',
    '/work/./../etc',
    '/work/a/..',
    '/work//etc',
    '//work',
    '/work\\..\\etc',
    '/work/%2e%2e/etc',
    '/work/$HOME',
    '~/work',
    '/WORK/a',
    '/work/a\0b',
    '/work/u\u0308',
    'work/a',
    '',
    '.',
  ])('can’t tell of %j: it grants nothing, and it denies', (path) => {
    expect(decisions(WITHIN, { path })).toEqual({ grant: 'deny', deny: 'deny' });
  });

  test('the control: the beginning of the text is true of what lies elsewhere', () => {
    const text = 'args.path.startsWith("/work")';
    for (const path of ['/work/../etc/passwd', '/worker', '/work/%2e%2e/etc']) {
      expect(decisions(text, { path }).grant).toBe('allow');
      expect(decisions(WITHIN, { path }).grant).toBe('deny');
    }
  });

  test('never holds what resolves to elsewhere', () => {
    const part = fc.constantFrom('..', '.', '', 'a', 'work', 'work2', 'WORK', '~', '$x', '..a', 'b ', '\\', '/');
    const path = fc.array(part, { maxLength: 6 }).map((parts) => `/${parts.join('/')}`);
    let held = 0;
    fc.assert(
      fc.property(path, fc.constantFrom('/work', '/work/a', '/'), (inner, root) => {
        if (isWithinPath(inner, root) !== true) return;
        held += 1;
        const relative = posix.relative(root, posix.normalize(inner));
        expect(relative === '' || !/^\.\.(\/|$)/.test(relative)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
    expect(held).toBeGreaterThan(20);
  });
});

describe('policy check', () => {
  const check = createPolicyChecker();
  const schema = {
    type: 'object',
    properties: { page: { type: 'string', format: 'uri' }, target: { type: 'string' }, note: { type: 'string' } },
  };
  const warned = (when: string) =>
    check(
      JSON.stringify({ version: 1, agents: { athena: { grants: [{ tools: ['a__b'], when }] } } }),
      [
        {
          name: 'a__b',
          inputSchema: {
            ...schema,
            properties: { ...schema.properties, url: {}, path: {}, logfile: {} },
            required: ['page', 'target', 'note', 'url', 'path', 'logfile'],
          },
        },
      ],
      0,
    ).map(({ message, remedy }) => `${message} | ${remedy}`);

  test.each([
    ['args.url.startsWith("https://good.example/a")', 'write host(args.url) == "good.example"'],
    ['args.page.contains("good")', 'write host(args.page) == "the.host"'],
    ['args.target.startsWith("https://good.example")', 'write host(args.target) == "good.example"'],
    ['args.target.matches("^https://good")', 'write host(args.target) == "the.host"'],
    ['args.path.startsWith("/work")', 'write within(args.path, "/work")'],
    ['args.logfile.contains("../")', 'write within(args.logfile, "/folder")'],
    ['args.note.startsWith("/tmp")', 'write within(args.note, "/tmp")'],
    ['host(args.url).endsWith("good.example")', 'endsWith(".good.example")'],
    ['host(args.url) == "Good.Example"', 'write "good.example"'],
    ['host(args.url) == "https://good.example"', 'write the host alone'],
    ['within(args.path, "/work/../x")', 'write /folder'],
  ])('warns of %s, and says what to write', (when, remedy) => {
    expect(warned(when)).toEqual([expect.stringContaining(remedy)]);
  });

  test.each([
    'args.note.startsWith("hello")',
    'args.logfile.endsWith(".log")',
    'host(args.url) == "good.example"',
    'host(args.url).endsWith(".good.example")',
    'host(args.url) in ["a.example", "b.example"]',
    'within(args.path, "/work")',
    'args.url == "https://good.example/a"',
  ])('has nothing against %s', (when) => {
    expect(warned(when)).toEqual([]);
  });

  test('warns where no tool of today has the name, too', () => {
    const text = JSON.stringify({ version: 1, deny: [{ tools: ['x__*'], when: 'args.url.contains("evil")' }] });
    expect(check(text, [], 0).map(({ message }) => message)).toContainEqual(expect.stringContaining('as a text'));
  });
});
