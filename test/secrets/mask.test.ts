import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { exactNumber, exactValue } from '#base/exact-json.ts';
import { createSecretMask, SECRET_MARK } from '#secrets/mask.ts';
import { base64Of, FORMS, hexOf } from './forms.ts';

const VALUE = 'pk_live-51H8x/Zq+Y7 "é"&<';
const ASCII = 'ghp_0aZ9bY8cX7dW6eV5';

/** What a mask that only looks for the value finds: the control of every form. */
const naive = (value: string, text: string): string => text.replaceAll(value, SECRET_MARK);

describe('a secret in a text', () => {
  test.each(FORMS)('%s is replaced by a mark', (_, form) => {
    for (const value of [VALUE, ASCII]) {
      const text = `before ${form(value)} after`;
      const masked = createSecretMask([value]).text(text);
      expect(masked).toContain(SECRET_MARK);
      expect(masked).toMatch(/^before .* after$/s);
      // No half of it is left: what a reader could undo to the value.
      for (const part of [value.slice(0, 12), value.slice(-12)]) {
        expect(masked).not.toContain(part);
        expect(masked).not.toContain(hexOf(part).slice(2, -2));
      }
    }
  });

  test('stays where the mask looks for nothing but the value itself: the forms are what finds it', () => {
    const unfound = FORMS.filter(([, form]) => naive(ASCII, form(ASCII)) === form(ASCII)).map(([name]) => name);
    expect(unfound.length).toBeGreaterThan(FORMS.length / 2);
  });

  test.each(FORMS)('that is another one stays as it is: %s', (_, form) => {
    const text = `before ${form('another-key-of-nobody')} after`;
    expect(createSecretMask([VALUE, ASCII]).text(text)).toBe(text);
  });

  test('leaves a mark of one length, whatever the length of the value', () => {
    const marked = [8, 40, 4_000].map((length) => {
      const value = 'k9'.repeat(length / 2);
      return createSecretMask([value]).text(`<${value}>`);
    });
    expect(marked).toEqual(['<[secret]>', '<[secret]>', '<[secret]>']);
  });

  test('is found at every place, beside itself and beside others', () => {
    const mask = createSecretMask(['first-key-1', 'second-key-2']);
    expect(mask.text('first-key-1,second-key-2;first-key-1')).toBe('[secret],[secret];[secret]');
    // One that begins within another.
    expect(createSecretMask(['abcdefgh', 'efghijkl']).text('xabcdefghijklx')).toBe('x[secret]x');
  });

  test('whose value is base64 or hexadecimal is found in what that means', () => {
    const basic = base64Of('robot:correct horse');
    expect(createSecretMask([basic]).text('user robot:correct horse')).toBe('user [secret]');
    const hex = hexOf('raw key of 20 bytes!');
    expect(createSecretMask([hex]).text('raw key of 20 bytes!')).toBe(SECRET_MARK);
  });

  test.each([
    ['what follows the scheme', 'Bearer sk-live-4f9a8b7c', ['sk-live-4f9a8b7c']],
    ['the password', `Basic ${base64Of('robot:correct:horse')}`, ['correct:horse']],
    ['the password, of a value without its scheme', base64Of('robot:correct:horse'), ['correct:horse']],
    ['the value of each cookie', 'sid=9f8e7d6c5b4a; csrf="0a1b2c3d4e"', ['9f8e7d6c5b4a', '0a1b2c3d4e']],
  ])('that a service reads is found in its parts: %s', (_, value, parts) => {
    const mask = createSecretMask([value]);
    for (const part of parts) {
      expect(mask.json({ token: part, hex: hexOf(part) })).toEqual({ token: SECRET_MARK, hex: SECRET_MARK });
    }
  });

  test('is not taken apart otherwise: words of it alone would be guessed one by one', () => {
    const mask = createSecretMask(['correcting horsebattery', 'first-key:second-key', 'a text, not=a cookie']);
    const words = ['correcting', 'horsebattery', 'first-key', 'second-key', 'a cookie'];
    expect(mask.json(words)).toBe(words);
  });

  test('in base64 leaves no letter that bits of its ends are in, and no filling that tells its length by three', () => {
    for (const value of [ASCII, `${ASCII}a`, `${ASCII}ab`]) {
      const mask = createSecretMask([value]);
      // Its first and last letter differ with what is beside it: the same texts with another value there look the same.
      for (const [before, after] of [
        ['', ''],
        ['a', ''],
        ['ab', ''],
        ['', '"}'],
        ['a', '"}'],
        ['ab', '"}'],
      ]) {
        const shown = mask.text(`<${base64Of(`${before}${value}${after}`)}>`);
        const other = createSecretMask([value.replace('g', 'Q').replace(/.$/, '~')]);
        expect(shown).toMatch(/^<.{0,3}\[secret\].{0,6}>$/);
        expect(other.text(`<${base64Of(`${before}${value.replace('g', 'Q').replace(/.$/, '~')}${after}`)}>`)).toBe(
          shown,
        );
      }
      expect(mask.text(`<${base64Of(value)}>`)).toBe('<[secret]>');
    }
  });

  test('of many lines is found with other line breaks, and without', () => {
    const pem = '-----BEGIN KEY-----\nMIIBVQIBADANBgkq\nhkiG9w0BAQEFAASC\n-----END KEY-----';
    const mask = createSecretMask([pem]);
    for (const text of [pem, pem.replaceAll('\n', '\r\n'), pem.replaceAll('\n', ''), JSON.stringify({ pem })]) {
      expect(mask.text(text)).not.toContain('hkiG9w0');
    }
  });
});

describe('bytes', () => {
  test('are masked as they are, and given back themselves where there is nothing to mask', () => {
    const mask = createSecretMask([ASCII]);
    const clean = Buffer.from([0, 255, 128, 1, 2, 3, 4, 5, 6, 7]);
    expect(mask.bytes(clean)).toBe(clean);
    for (const encoding of ['utf8', 'utf16le', 'latin1'] as const) {
      const found = mask.bytes(Buffer.concat([Buffer.from([255]), Buffer.from(ASCII, encoding), Buffer.from([254])]));
      expect([...found]).toEqual([255, ...Buffer.from(SECRET_MARK), 254]);
    }
    const swapped = Buffer.from(ASCII, 'utf16le').swap16();
    expect(mask.bytes(swapped)).toEqual(Buffer.from(SECRET_MARK));
  });

  test('that were cut are masked where a value stands in part, on the side of the cut only', () => {
    const mask = createSecretMask([ASCII]);
    const [head, tail] = [Buffer.from(`x ${ASCII.slice(0, 15)}`), Buffer.from(`${ASCII.slice(5)} x`)];
    expect(Buffer.from(mask.cutBytes(head, { end: true })).toString()).toBe('x [secret]');
    expect(Buffer.from(mask.cutBytes(tail, { start: true })).toString()).toBe('[secret] x');
    // The control: of a text that was not cut, part of a value is no value.
    expect(mask.cutBytes(head, { start: true })).toBe(head);
    expect(mask.cutBytes(tail, { end: true })).toBe(tail);
    expect(mask.bytes(head)).toBe(head);
  });
});

describe('JSON', () => {
  const mask = createSecretMask([ASCII, '1234567890123']);

  test('is masked in texts, keys and numbers, however deep, and is the same object where there is nothing to mask', () => {
    expect(mask.json({ a: [{ [`k ${ASCII}`]: ASCII }], n: 1_234_567_890_123, m: 5 })).toEqual({
      a: [{ 'k [secret]': SECRET_MARK }],
      n: SECRET_MARK,
      m: 5,
    });
    const clean = { a: [1, null, true, 'text'], b: { c: '' } };
    expect(mask.json(clean)).toBe(clean);
  });

  test('has numbers with more digits than a double has: they keep them, or are masked', () => {
    expect(mask.exactJson(exactValue('[1.50,91234567890123000]'))).toEqual([exactNumber('1.50'), SECRET_MARK]);
  });

  test('keeps bytes in base64 what they are: base64, of bytes without the value', () => {
    const body = Buffer.concat([Buffer.from([0, 200]), Buffer.from(`key=${ASCII}&`), Buffer.from([255])]);
    const { base64 } = mask.json({ base64: body.toString('base64') }) as { readonly base64: string };
    expect(Buffer.from(base64, 'base64').toString('latin1')).toBe('\u0000Èkey=[secret]&ÿ');
    expect(Buffer.from(base64, 'base64').toString('base64')).toBe(base64);
  });

  test.each([
    ['of which base64 means too few bytes to look for', 'abcd1234', 'abcd1234'],
    ['that begins between two groups of letters', 'AKIAIOSFODNN7EXAMPLE', 'xAKIAIOSFODNN7EXAMPLExxx'],
  ])('has no text under that key that only looks like base64: a value %s', (_, value, text) => {
    expect(Buffer.from(text, 'base64').toString('base64')).toBe(text);
    expect(JSON.stringify(createSecretMask([value]).json({ base64: text }))).not.toContain(value);
    // The control: under another key it was never taken for bytes.
    expect(JSON.stringify(createSecretMask([value]).json({ other: text }))).not.toContain(value);
  });

  test('does not become a prototype by a key that means one', () => {
    const hostile = JSON.parse(`{"__proto__":{"x":"${ASCII}"}}`) as { readonly [key: string]: string };
    const masked = mask.json(hostile) as object;
    expect(Object.getPrototypeOf(masked)).toBe(Object.prototype);
    expect(JSON.stringify(masked)).toBe('{"__proto__":{"x":"[secret]"}}');
  });
});

describe('for any value and any text around it', () => {
  const value = fc
    .string({ minLength: 8, maxLength: 60, unit: 'grapheme' })
    .filter((text) => text.isWellFormed() && !/[\r\n]/.test(text));
  const around = fc.string({
    maxLength: 40,
    unit: fc.constantFrom('%', '\\', '&', ';', 'u', '0', 'a', ' ', '\n', 'é'),
  });

  test('nothing of the value is left, and what stands around it is', () => {
    fc.assert(
      fc.property(value, around, around, fc.constantFrom(...FORMS), (secret, before, after, [, form]) => {
        const shown = form(secret);
        const masked = createSecretMask([secret]).text(`${before} ${shown} ${after}`);
        // A form that happens to be no longer than a mark may be part of what stands there anyway.
        expect(masked).toContain(SECRET_MARK);
        expect(masked.split(SECRET_MARK).every((part) => !part.includes(secret))).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  test('a text without it is given back the same', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200, unit: 'binary' }), (text) => {
        expect(createSecretMask(['\u0001never\u0002there\u0003']).text(text)).toBe(text);
      }),
    );
  });

  test('to mask what is masked changes nothing more', () => {
    fc.assert(
      fc.property(value, around, (secret, text) => {
        const mask = createSecretMask([secret]);
        const once = mask.text(`${text}${secret}${text}`);
        expect(mask.text(once)).toBe(once);
      }),
    );
  });
});

describe('a text that is made to take long', () => {
  test('is masked in one pass: a value of one letter repeated, in a text of it', () => {
    const mask = createSecretMask([`${'a'.repeat(8_000)}b`]);
    let steps = 0;
    const bytes = Buffer.from('a'.repeat(1_000_000));
    const counted = new Proxy(bytes, {
      get: (target, key) => {
        if (typeof key === 'string' && /^\d+$/.test(key)) steps += 1;
        const found: unknown = Reflect.get(target, key, target);
        return typeof found === 'function' ? found.bind(target) : found;
      },
    });
    expect(mask.bytes(counted).length).toBe(bytes.length);
    expect(steps).toBeLessThan(3 * bytes.length);
  });
});
