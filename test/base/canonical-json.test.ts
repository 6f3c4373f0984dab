import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalExactJson, canonicalJson, isKeptByCanonical } from '#base/canonical-json.ts';
import { type ExactJson, exactValue, parseExactJson } from '#base/exact-json.ts';
import type { Json } from '#base/json.ts';

/** The double of 16 hex digits, big end first. */
const doubleOf = (hex: string): number => Buffer.from(hex, 'hex').readDoubleBE();

describe('the examples of RFC 8785', () => {
  test('§3.2.2: numbers, strings and literals', () => {
    const input = String.raw`{
      "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
      "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
      "literals": [null, true, false]
    }`;
    expect(canonicalJson(JSON.parse(input) as Json)).toBe(
      String.raw`{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}`,
    );
  });

  test('§3.2.3: properties are sorted by their UTF-16 units', () => {
    const input = String.raw`{
      "\u20ac": "Euro Sign", "\r": "Carriage Return", "\ufb33": "Hebrew Letter Dalet With Dagesh", "1": "One",
      "\ud83d\ude00": "Emoji: Grinning Face", "\u0080": "Control", "\u00f6": "Latin Small Letter O With Diaeresis"
    }`;
    const values = Object.values(JSON.parse(canonicalJson(JSON.parse(input) as Json)) as object);
    // "1" is an array index, which JSON.parse puts first; the text itself has it second.
    expect(values.filter((value) => value !== 'One')).toEqual([
      'Carriage Return',
      'Control',
      'Latin Small Letter O With Diaeresis',
      'Euro Sign',
      'Emoji: Grinning Face',
      'Hebrew Letter Dalet With Dagesh',
    ]);
    expect(canonicalJson(JSON.parse(input) as Json).startsWith(String.raw`{"\r":"Carriage Return","1":"One",`)).toBe(
      true,
    );
  });

  test.each([
    ['0000000000000000', '0'],
    ['8000000000000000', '0'],
    ['0000000000000001', '5e-324'],
    ['8000000000000001', '-5e-324'],
    ['7fefffffffffffff', '1.7976931348623157e+308'],
    ['4340000000000000', '9007199254740992'],
    ['4430000000000000', '295147905179352830000'],
    ['44b52d02c7e14af5', '9.999999999999997e+22'],
    ['44b52d02c7e14af6', '1e+23'],
    ['44b52d02c7e14af7', '1.0000000000000001e+23'],
    ['444b1ae4d6e2ef4e', '999999999999999700000'],
    ['444b1ae4d6e2ef50', '1e+21'],
    ['3eb0c6f7a0b5ed8c', '9.999999999999997e-7'],
    ['3eb0c6f7a0b5ed8d', '0.000001'],
    ['41b3de4355555553', '333333333.3333332'],
    ['41b3de4355555554', '333333333.33333325'],
    ['becbf647612f3696', '-0.0000033333333333333333'],
    ['43143ff3c1cb0959', '1424953923781206.2'],
  ])('appendix B: the double %s is written %s', (hex, text) => {
    expect(canonicalJson(doubleOf(hex))).toBe(text);
  });
});

test('what is canonical stays as it is, and says the same value', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
      const text = canonicalJson(value as Json);
      expect(canonicalJson(JSON.parse(text) as Json)).toBe(text);
      expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

test('the order in which properties were set does not matter', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.integer()), (object) => {
      const turned = Object.fromEntries(Object.entries(object).reverse());
      expect(canonicalJson(turned)).toBe(canonicalJson(object));
    }),
  );
});

test.each([
  ['undefined', undefined],
  ['NaN', Number.NaN],
  ['infinity', Number.POSITIVE_INFINITY],
  ['a bigint', 1n],
  ['half of a surrogate pair', '\ud800'],
])('refuses %s, which is not JSON', (_, value) => {
  expect(() => canonicalJson(value as unknown as Json)).toThrow(expect.objectContaining({ code: 'INTERNAL' }));
});

describe('numbers beyond doubles', () => {
  const canonical = (text: string): string => canonicalExactJson(parseExactJson(text) ?? null);

  test('stand with all their digits, in one spelling', () => {
    expect(canonical('{"b":9007199254740993,"a":[0.50,1e2]}')).toBe('{"a":[0.5,100],"b":9007199254740993}');
    expect(canonical('{"a":[5e-1,100.0],"b":9007199254740993.0}')).toBe(
      canonical('{"b":9007199254740993,"a":[0.5,100]}'),
    );
    expect(canonical('[9007199254740993]')).not.toBe(canonical('[9007199254740992]'));
    expect(canonical('[9007199254740993]')).not.toBe(canonical('["9007199254740993"]'));
  });

  test('change nothing of what stands beside them', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const exact: ExactJson = [value as Json, parseExactJson('9007199254740993') ?? null];
        expect(canonicalExactJson(exact)).toBe(`[${canonicalJson(value as Json)},9007199254740993]`);
      }),
    );
  });

  test('are written as by JCS where they are none, whatever is around them', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
        expect(canonicalExactJson(value as Json)).toBe(canonicalJson(value as Json));
      }),
    );
    expect(canonicalExactJson({ b: undefined, a: 1 } as unknown as Json)).toBe('{"a":1}');
  });

  test.each<[string, unknown]>([
    ['half a surrogate pair', ['\ud800']],
    ['a key of half a pair', { '\udfff': 1 }],
    ['a number that is none', [Number.NaN]],
    ['an endless number', [Number.POSITIVE_INFINITY]],
    ['a function', [() => 1]],
    ['what is deeper than the stack', Array.from({ length: 100_000 }).reduce((inner) => [inner], 1)],
  ])('are refused together with %s, as INTERNAL', (_, value) => {
    expect(() => canonicalExactJson(value as Json)).toThrow(expect.objectContaining({ code: 'INTERNAL' }));
  });

  test('past the range of JSON are none', () => {
    expect(() => canonical('[1e999]')).toThrow('not JSON');
  });
});

/** Spellings of every kind, their powers of ten around each bound of what counts with them. */
const power = fc.oneof(
  fc.integer({ min: -12, max: 12 }).map(BigInt),
  fc.integer({ min: -10_010, max: -9_990 }).map(BigInt),
  fc.bigInt({ min: -(2n ** 53n) - 4n, max: -(2n ** 53n) + 4n }),
  fc.integer({ min: 20, max: 420 }).map((digits) => -(10n ** BigInt(digits))),
);
const spelling = fc
  .tuple(fc.boolean(), fc.bigInt({ min: 0n, max: 10n ** 25n }), fc.stringMatching(/^[0-9]{0,12}$/), power)
  .map(([isNegative, whole, fraction, by]) => `${isNegative ? '-' : ''}${whole}${fraction && `.${fraction}`}e${by}`);

/** The number without this product's ways to count: an integer, and a power of ten far below all of those. */
function scaled(text: string): bigint {
  const [mantissa = '', by = '0'] = text.replace(/^-/, '').toLowerCase().split(/e/);
  const [whole = '', fraction = ''] = mantissa.split('.');
  const size = BigInt(whole + fraction) * 10n ** (10_100n + BigInt(by) - BigInt(fraction.length));
  return text.startsWith('-') ? -size : size;
}

test('of a number whatever its spelling there is a text that is JSON and of this number only, or none', () => {
  const kinds = new Set<string>();
  fc.assert(
    fc.property(spelling, spelling, (one, other) => {
      const texts = [one, other].map((text) => {
        try {
          return canonicalExactJson(parseExactJson(`[${text}]`) ?? null);
        } catch {
          return undefined;
        }
      });
      const [first, second] = texts;
      kinds.add(first === undefined ? 'refused' : 'written');
      if (first === undefined) return;
      expect(Array.isArray(JSON.parse(first))).toBe(true);
      expect(canonicalExactJson(parseExactJson(first) ?? null)).toBe(first);
      expect(scaled(first.slice(1, -1)) === scaled(one)).toBe(true);
      if (second !== undefined) expect(first === second).toBe(scaled(one) === scaled(other));
    }),
    { numRuns: 1_000 },
  );
  expect([...kinds].toSorted()).toEqual(['refused', 'written']);
});

describe('whether JavaScript gets the same from the canonical text', () => {
  /** All that code can see of a parsed value: keys in their order, and the sign of zero. */
  const seen = (text: string): string =>
    JSON.stringify(JSON.parse(text), (_, value) => (Object.is(value, -0) ? 'minus zero' : value));
  const numbers = fc.constantFrom('0', '-0', '-0.0', '0e1', '1.50', '1e2', '12');
  const texts = fc.letrec<{ value: string }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      numbers,
      fc.string().map((text) => JSON.stringify(text)),
      fc.array(tie('value')).map((items) => `[${items.join()}]`),
      fc
        .array(fc.tuple(fc.constantFrom('b', 'a', '2', '10', 'ž'), tie('value')))
        .map((entries) => `{${entries.map(([key, value]) => `"${key}":${value}`).join()}}`),
    ),
  })).value;

  test('is never said where it does not', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const value = exactValue(text);
        const isKept = isKeptByCanonical(value);
        const isSame = seen(canonicalExactJson(value)) === seen(JSON.stringify(value));
        expect(isKept && !isSame).toBe(false);
      }),
    );
  });

  test.each(['{"a":1,"b":{"c":[1.50,"ž"]}}', '[]', '0'])('is said of what is in order: %s', (text) => {
    expect(isKeptByCanonical(exactValue(text))).toBe(true);
  });
});
