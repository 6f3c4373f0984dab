import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { LIMITS } from '#base/limits.ts';
import { readSecret } from '#cli/read-secret.ts';

const usage = expect.objectContaining({ code: 'USAGE' });
const silent = () => {};

/** A terminal: what is typed, key by key or at once, and whether it is in raw mode, in which it shows nothing by itself. */
function keyboard(...keys: readonly string[]) {
  const modes: boolean[] = [];
  const input = Object.assign(Readable.from(keys.map((key) => Buffer.from(key))), {
    isTTY: true,
    setRawMode: (isRaw: boolean) => modes.push(isRaw),
  });
  return { input, modes };
}

describe('a value on standard input', () => {
  test.each([
    ['a value', 'a value'],
    ['a value\n', 'a value'],
    ['a value\r\n', 'a value'],
    ['two\nlines\n', 'two\nlines'],
    ['ends with two\n\n', 'ends with two\n'],
    [' spaces stay ', ' spaces stay '],
  ])('of %j is %j: one line break at its end is cut', async (given, value) => {
    expect(await readSecret(Readable.from([Buffer.from(given)]), silent)).toBe(value);
  });

  test('may come in pieces, cut within a character', async () => {
    const bytes = Buffer.from('é€𝕏');
    expect(await readSecret(Readable.from([...bytes].map((byte) => Buffer.from([byte]))), silent)).toBe('é€𝕏');
  });

  test('is refused when it is too long, without end, or no UTF-8', async () => {
    const endless = Readable.from(
      (function* () {
        for (;;) yield Buffer.alloc(1024, 'x');
      })(),
    );
    await expect(readSecret(endless, silent)).rejects.toThrow(usage);
    await expect(readSecret(Readable.from([Buffer.from([0xff, 0xfe])]), silent)).rejects.toThrow(usage);
  });
});

describe('a value that is typed', () => {
  test('is a line, in raw mode only: the terminal shows none of it', async () => {
    const { input, modes } = keyboard('s', 'e', 'c', 'ret', '\r', 'not this');
    const shown: string[] = [];
    expect(await readSecret(input, () => void shown.push('prompt'))).toBe('secret');
    expect(modes).toEqual([true, false]);
    expect(shown).toEqual(['prompt']);
  });

  test('can be mended: the last character, a whole line', async () => {
    expect(await readSecret(keyboard('ax\u007fb', 'c\r').input, silent)).toBe('abc');
    expect(await readSecret(keyboard('wrong\u0015right\n').input, silent)).toBe('right');
    expect(await readSecret(keyboard('\u007f\u007fa€\u007fb\r').input, silent)).toBe('ab');
  });

  test('is given up by an interrupt, and the terminal is as it was', async () => {
    const { input, modes } = keyboard('sec', '\u0003');
    await expect(readSecret(input, silent)).rejects.toThrow(usage);
    expect(modes).toEqual([true, false]);
  });

  test('is refused when it is too long', async () => {
    await expect(readSecret(keyboard('x'.repeat(LIMITS.secretBytesMax + 1)).input, silent)).rejects.toThrow(usage);
  });
});
