import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createLineReader } from '#base/line-reader.ts';

/** What a reader makes of these pieces. */
function read(pieces: readonly (string | Uint8Array)[], bytesMax = 100): readonly string[] {
  const said: string[] = [];
  const reader = createLineReader({
    bytesMax,
    onLine: (line) => said.push(line.toString('latin1')),
    onTooLong: () => said.push('<too long>'),
  });
  for (const piece of pieces) reader.push(typeof piece === 'string' ? Buffer.from(piece, 'latin1') : piece);
  return said;
}

describe('a line reader', () => {
  test.each([
    ['lines with either end', ['a\nb\r\nc\n'], ['a', 'b', 'c']],
    ['no line that has not ended', ['a\nb'], ['a']],
    ['no empty lines', ['\n\r\n\na\n'], ['a']],
    ['a line in many pieces', ['a', 'b', '', 'c\r', '\nd', '\n'], ['abc', 'd']],
    ['a carriage return within a line', ['a\rb\n'], ['a\rb']],
    ['bytes that are no text', [Uint8Array.of(0xff, 0x00, 0x0a)], ['\xff\0']],
  ])('gives %s', (_what, pieces, lines) => {
    expect(read(pieces)).toEqual(lines);
  });

  test('takes a line of exactly the bound, and says once that a longer one is too long', () => {
    expect(read(['12345\n1234', '5\n'], 5)).toEqual(['12345', '12345']);
    expect(read(['123456\nok\n'], 5)).toEqual(['<too long>', 'ok']);
    expect(read(['1234', '56', '78', '9\nok\n'], 5)).toEqual(['<too long>', 'ok']);
  });

  test('says that a line is too long before it has ended', () => {
    expect(read(['1234567'], 5)).toEqual(['<too long>']);
  });

  test('gives the same lines however they are cut', () => {
    const bytes = fc.array(fc.constantFrom(0x61, 0x0a, 0x0d, 0xc3), { maxLength: 60 });
    fc.assert(
      fc.property(bytes, fc.array(fc.nat(60), { maxLength: 10 }), (values, cuts) => {
        const whole = Buffer.from(values);
        const at = [0, ...cuts.map((cut) => Math.min(cut, whole.length)).toSorted((a, b) => a - b), whole.length];
        const pieces = at.slice(1).map((end, index) => whole.subarray(at[index], end));
        expect(read(pieces, 8)).toEqual(read([whole], 8));
      }),
    );
    expect.hasAssertions();
  });

  test('keeps what it is handed in one piece of its own: the next piece may reuse the memory', () => {
    const said: string[] = [];
    const reader = createLineReader({ bytesMax: 10, onLine: (line) => said.push(String(line)), onTooLong: () => {} });
    const shared = Buffer.from('ab');
    reader.push(shared);
    shared.fill('x');
    reader.push(Buffer.from('\n'));
    expect(said).toEqual(['ab']);
  });
});
