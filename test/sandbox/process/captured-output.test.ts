import { describe, expect, test } from 'vitest';
import { LIMITS } from '#base/limits.ts';
import { captureOutput, keepEnd, keepStart } from '#sandbox/host/process/captured-output.ts';

const feed = (captured: ReturnType<typeof keepStart>, pieces: readonly string[]) => {
  for (const piece of pieces) captured.push(Buffer.from(piece));
  return { text: captured.bytes().toString(), isCut: captured.isCut() };
};

describe('the start of a stream', () => {
  test.each<[readonly string[], string, boolean]>([
    [[], '', false],
    [['abc'], 'abc', false],
    [['abcde', 'fgh', 'ij'], 'abcdefghij', false],
    [['abcdefghij', 'k'], 'abcdefghij', true],
    [['abcdefghijkl'], 'abcdefghij', true],
    [['abcdefgh', 'ijkl', 'm'], 'abcdefghij', true],
  ])('of %j is kept up to ten bytes', (pieces, text, isCut) => {
    expect(feed(keepStart(10), pieces)).toEqual({ text, isCut });
  });

  test('that comes byte by byte takes no more than twice its bytes', () => {
    const captured = keepStart(1024 * 1024);
    for (let count = 0; count < 100_000; count += 1) captured.push(Buffer.from('x'));
    expect(captured.bytes().length).toBe(100_000);
    expect(captured.bytes().buffer.byteLength).toBeLessThan(300_000);
  });
});

describe('the end of a stream', () => {
  test.each<[readonly string[], string, boolean]>([
    [[], '', false],
    [['abc'], 'abc', false],
    [['abcdefghij'], 'abcdefghij', false],
    [['abcdefghijk'], 'bcdefghijk', true],
    [['abcdefg', 'hijklmn'], 'efghijklmn', true],
    [['abcdefghijklmnopqrstuvwxyz', '1'], 'rstuvwxyz1', true],
    [['a', 'bcdefghijklmnopqrstuvwxyz', '123'], 'tuvwxyz123', true],
  ])('of %j is kept, ten bytes of it', (pieces, text, isCut) => {
    expect(feed(keepEnd(10), pieces)).toEqual({ text, isCut });
  });
});

test('more than any program may print is told once', () => {
  let floods = 0;
  const output = captureOutput({ stdoutBytesMax: 10, onFlood: () => (floods += 1) });
  const piece = Buffer.alloc(LIMITS.programPrintedBytesMax / 4);
  for (let count = 0; count < 3; count += 1) {
    output.stdout.push(piece);
    output.stderr.push(piece);
  }
  expect({ floods, isFlood: output.isFlood() }).toEqual({ floods: 1, isFlood: true });
});
