// Spellings of hosts that lead inside, for the corpus of requests that must not get through. Deterministic.

export type Host = { readonly why: string; readonly host: string };

type Octets = readonly [number, number, number, number];

/** This machine, a private network, the metadata of clouds. */
const INSIDE: readonly Octets[] = [
  [127, 0, 0, 1],
  [10, 0, 0, 1],
  [192, 168, 1, 1],
  [169, 254, 169, 254],
  [100, 100, 100, 200],
  [0, 0, 0, 0],
];

type Digits = (value: number) => string;
const DIGITS: readonly Digits[] = [
  (value) => String(value),
  (value) => `0x${value.toString(16)}`,
  (value) => `0X${value.toString(16).toUpperCase().padStart(2, '0')}`,
  (value) => `0${value.toString(8)}`,
  (value) => `000${value.toString(8)}`,
];

const whole = ([a, b, c, d]: Octets): number => ((a * 256 + b) * 256 + c) * 256 + d;

function* inParts(octets: Octets): Generator<string> {
  const [a, b, c, d] = octets;
  for (const one of DIGITS) {
    yield one(whole(octets));
    yield one(whole(octets) + 2 ** 32);
    for (const two of DIGITS) {
      yield `${one(a)}.${two((b * 256 + c) * 256 + d)}`;
      for (const three of DIGITS) {
        yield `${one(a)}.${two(b)}.${three(c * 256 + d)}`;
        for (const four of DIGITS) yield [one(a), two(b), three(c), four(d)].join('.');
      }
    }
  }
  yield [a + 256, b + 256, c + 256, d + 256].join('.');
  yield octets.map((part) => String(part).padStart(3, '0')).join('.');
}

const shifted = (text: string, from: number): string =>
  text.replace(/\d/g, (digit) => String.fromCodePoint(from + Number(digit)));
const encoded = (text: string): string => [...text].map((sign) => `%${sign.charCodeAt(0).toString(16)}`).join('');

/** What a mapping of Unicode, a decoding or a dropped sign makes of the same address. */
function disguised(text: string): readonly string[] {
  return [
    ...[0xff10, 0x1d7ce, 0x1d7d8, 0x1d7e2, 0x1d7ec, 0x1d7f6, 0x2080].map((from) => shifted(text, from)),
    ...['\u3002', '\uff0e', '\uff61', '%2e', '%2E', '%252e', '..', '. '].map((dot) => text.replaceAll('.', dot)),
    ...['\u00ad', '\u200b', '\u200d', '\u2060', '\ufeff', '\t', '\n', '\r', '%00', '%09', '%0d%0a'].map((sign) =>
      text.replace('.', `${sign}.`),
    ),
    ...[encoded(text), encoded(encoded(text)), `${text}.`, `${text}..`, `.${text}`, `${text}%00`, `${text}%20`],
  ];
}

const hex = (octets: Octets): readonly [string, string] => {
  const [a, b, c, d] = octets;
  return [(a * 256 + b).toString(16), (c * 256 + d).toString(16)];
};

function withinIpv6(octets: Octets): readonly string[] {
  const [high, low] = hex(octets);
  const dotted = octets.join('.');
  const tails = [dotted, `${high}:${low}`, `${high.padStart(4, '0')}:${low.padStart(4, '0').toUpperCase()}`];
  const prefixes = [
    '::ffff:',
    '::FFFF:',
    '0:0:0:0:0:ffff:',
    '0000:0000:0000:0000:0000:ffff:',
    '::',
    '::ffff:0:',
    '64:ff9b::',
  ];
  const written = prefixes.flatMap((prefix) => tails.map((tail) => `${prefix}${tail}`));
  const more = [
    `64:ff9b:1::${high}:${low}`,
    `2002:${high}:${low}::`,
    `2001:0:${high}:${low}::`,
    `2a00::5efe:${high}:${low}`,
  ];
  return [...written, ...more].flatMap((one) => [`[${one}]`, `[${one}%25eth0]`, `[${one}%lo]`, `[${one}]:443`, one]);
}

const IPV6 = [
  ...[
    '::1',
    '0:0:0:0:0:0:0:1',
    '0000:0000:0000:0000:0000:0000:0000:0001',
    '::',
    '::0001',
    '0::1',
    'fe80::1',
    'fec0::1',
  ],
  ...[
    'fd00:ec2::254',
    'fc00::1',
    'ff02::1',
    'fd20:ce::254',
    '100::1',
    '2001:db8::1',
    '::1%lo',
    '::1%25lo',
    '::1%2525lo',
  ],
];

const NAMES = [
  ...['localhost', 'LOCALHOST', 'LocalHost', 'localhost.', 'localhost.localdomain', 'ip6-localhost', 'a.localhost'],
  ...['127.0.0.1.nip.io', 'localtest.me', '10.0.0.1.sslip.io', 'metadata', 'metadata.google.internal', 'instance-data'],
  ...['kubernetes.default.svc', 'host.docker.internal', 'gateway.docker.internal', 'router.lan', 'intranet'],
  ...[
    'ⓛⓞⓒⓐⓛⓗⓞⓢⓣ',
    'ｌｏｃａｌｈｏｓｔ',
    'loc\u00adalhost',
    'localh\u200bost',
    'ℓocalhost',
    'localhoſt',
    'xn--localhost-',
  ],
];

/** Each once, in a fixed order. */
export function insideHosts(): readonly Host[] {
  const all = new Map<string, string>();
  const put = (why: string, hosts: Iterable<string>) => {
    for (const host of hosts) if (!all.has(host)) all.set(host, why);
  };
  for (const octets of INSIDE) {
    const dotted = octets.join('.');
    put('an address', [dotted]);
    put('an address in other digits', inParts(octets));
    put('an address in disguise', disguised(dotted));
    put('an address of IPv4 in one of IPv6', withinIpv6(octets));
  }
  put(
    'an address of IPv6',
    IPV6.flatMap((one) => [`[${one}]`, one]),
  );
  put('a name that leads inside', NAMES);
  return [...all].map(([host, why]) => ({ why, host }));
}
