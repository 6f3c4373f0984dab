// The corpus of requests that must not get through, for a call that was given `GET https://api.example.test/v1/*`; and of some that must.
// Deterministic: net.jsonl is what this gives, one entry a line. `node test/broker/corpus/net-corpus.ts` writes it.

import { writeFileSync } from 'node:fs';
import { insideHosts } from './hosts.ts';

/**
 * `inside`: leads to a host that was not given, inside of the network · `elsewhere`: looks as if it led to the host that was given ·
 * `path`: leads out of the path that was given · `harmless`: gets through.
 */
export type CorpusEntry = {
  readonly kind: 'inside' | 'elsewhere' | 'path' | 'harmless';
  readonly why: string;
  readonly url: string;
};

const GIVEN = 'api.example.test';
const FILE = new URL('./net.jsonl', import.meta.url);

/** Each host as it is; the first ones in every wrapping. */
function inside(): readonly CorpusEntry[] {
  const entry = (why: string, url: string): CorpusEntry => ({ kind: 'inside', why, url });
  const plain = insideHosts().map(({ why, host }) => entry(why, `https://${host}/v1/x`));
  const some = insideHosts().filter((_, at) => at % 40 === 0);
  const wrapped = some.flatMap(({ host }) => [
    entry('without TLS', `http://${host}/v1/x`),
    entry('a scheme without slashes', `https:${host}/v1/x`),
    entry('a scheme with one slash', `https:/${host}/v1/x`),
    entry('a scheme with three slashes', `https:///${host}/v1/x`),
    entry('a scheme with backslashes', `https:\\\\${host}/v1/x`),
    entry('no scheme', `//${host}/v1/x`),
    entry('a name before it', `https://${GIVEN}@${host}/v1/x`),
    entry('a name and a password before it', `https://${GIVEN}:443@${host}/v1/x`),
    entry('a sign that ends the host in some parsers', `https://${host}#@${GIVEN}/v1/x`),
    entry('the same, encoded', `https://${host}%23@${GIVEN}/v1/x`),
    entry('a query that looks like a host', `https://${host}?@${GIVEN}/v1/x`),
    entry('a backslash that looks like a path', `https://${host}\\@${GIVEN}/v1/x`),
    entry('a port', `https://${host}:443/v1/x`),
    entry('a space before it', ` https://${host}/v1/x`),
    entry('a line end in it', `https://${host}/v1/x\r\nhost: ${GIVEN}`),
    entry('a scheme before the scheme', `url:https://${host}/v1/x`),
  ]);
  return [...plain, ...wrapped];
}

/** Texts that hold the name that was given, and lead to another host. */
function elsewhere(): readonly CorpusEntry[] {
  const evil = ['evil.test', '127.0.0.1', '169.254.169.254', 'localhost', '[::1]'];
  const between = [
    '@',
    '%40@',
    ':443@',
    '\\@',
    '#@',
    '?@',
    '/@',
    '%23@',
    '%2f@',
    '%5c@',
    ';@',
    '&@',
    ' @',
    '\t@',
    '%00@',
    '\\',
    '%5c',
    '%00',
    '%0d%0a',
    '#',
    ' ',
    '.',
    '-',
    '_',
  ];
  const joined = evil.flatMap((host) =>
    between.flatMap((sign) => [`https://${GIVEN}${sign}${host}/v1/x`, `https://${host}${sign}${GIVEN}:443:80/v1/x`]),
  );
  const names = [
    ...[
      'xapi.example.test',
      'api.example.test.evil.test',
      'api-example.test',
      'apiexample.test',
      'example.test',
      'test',
      'a.api.example.test',
    ],
    ...[
      'api.example.test..',
      'api..example.test',
      '.api.example.test',
      '*.example.test',
      'api.example.test%2eevil.test',
      'api.example.test:444',
    ],
    ...[
      'api.example.test:8443',
      'api.example.test:0',
      'api.example.test:65536',
      'api.example.test:443:1',
      'аpi.example.test',
      'api.exаmple.test',
    ],
    ...[
      'api\u3002example\u3002test',
      'ａｐｉ.example.test',
      'ap\u00adi.example.test',
      'api\u200b.example.test',
      'API.EXAMPLE.TEST%00',
      'ⓐpi.example.test',
    ],
  ].flatMap((host) => ['https', 'http', 'HTTPS'].map((scheme) => `${scheme}://${host}/v1/x`));
  const schemes = [
    'http',
    'ftp',
    'file',
    'gopher',
    'ws',
    'wss',
    'data',
    'blob',
    'javascript',
    'dict',
    'ldap',
    'unix',
    'view-source:https',
    'https+unix',
    'jar:https',
  ];
  const other = schemes.map((scheme) => `${scheme}://${GIVEN}/v1/x`);
  return [...joined, ...names, ...other].map((url) => ({
    kind: 'elsewhere',
    why: 'another host that looks like it',
    url,
  }));
}

const UP = [
  ...[
    '..',
    '%2e%2e',
    '.%2e',
    '%2e.',
    '%2E%2E',
    '%252e%252e',
    '%25252e%25252e',
    '%25%32%65%25%32%65',
    '%c0%ae%c0%ae',
    '%e0%80%ae%e0%80%ae',
  ],
  ...[
    '%u002e%u002e',
    '．．',
    '%ef%bc%8e%ef%bc%8e',
    '‥',
    '..;',
    '..;a=b',
    '%2e%2e%3b',
    '..%00',
    '..%0d%0a',
    '..%09',
    '..%20',
    '...',
    '.%00.',
  ],
];
const SLASH = [
  ...[
    '/',
    '%2f',
    '%2F',
    '\\',
    '%5c',
    '%5C',
    '%252f',
    '%255c',
    '%25%32%66',
    '／',
    '%ef%bc%8f',
    '＼',
    '%c0%af',
    '%e0%80%af',
    '%u2215',
    '/./',
    '//',
  ],
];

/** Ways up from the path that was given, in every spelling of dots and slashes. */
function paths(): readonly CorpusEntry[] {
  const starts = ['/v1/', '/v1/a/', '/v1/x;y/'];
  const ends = ['admin', '', 'v2/secret?q=1'];
  return starts.flatMap((start) =>
    UP.flatMap((up) =>
      SLASH.flatMap((slash) =>
        [1, 3].flatMap((depth) =>
          ends.map(
            (end): CorpusEntry => ({
              kind: 'path',
              why: 'a way up',
              url: `https://${GIVEN}${start}${`${up}${slash}`.repeat(depth)}${end}`,
            }),
          ),
        ),
      ),
    ),
  );
}

function harmless(): readonly CorpusEntry[] {
  const hosts = [
    'api.example.test',
    'API.example.TEST',
    'api.example.test.',
    'api.example.test:443',
    'Api.Example.Test.:443',
  ];
  const tails = [
    '/v1/',
    '/v1/x',
    '/v1/a/b.c',
    '/v1/..a',
    '/v1/a..',
    '/v1/%41%20b',
    '/v1/%C3%A9',
    '/v1/é',
    '/v1/你好',
    '/v1/a;v=1',
    '/v1//x',
    '/v1/100%25',
    '/v1/what%3F',
    '/%761/x',
    '/v1/~a_b-c',
    "/v1/a+b,c:d@e!$&'()*=",
    '/v1/x?q=../..',
    '/v1/x?u=http://127.0.0.1/',
    '/v1/x?q=%2e%2e%2f',
    '/v1/x#/../admin',
    '/v1/x?#?',
    '/v1/x?a\\b',
  ];
  return hosts.flatMap((host) =>
    tails.map(
      (tail): CorpusEntry => ({ kind: 'harmless', why: 'within what was given', url: `https://${host}${tail}` }),
    ),
  );
}

/** Each URL once. */
export function netCorpus(): readonly CorpusEntry[] {
  const all = [...inside(), ...elsewhere(), ...paths(), ...harmless()];
  return [...new Map(all.map((entry) => [entry.url, entry])).values()];
}

export const corpusText = (): string =>
  netCorpus()
    .map((entry) => `${JSON.stringify(entry)}\n`)
    .join('');

if (import.meta.main) writeFileSync(FILE, corpusText());
