import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LIMITS } from '#base/limits.ts';
import { createPieceReader } from '#sandbox/host/process/warm-frames.ts';

const frame = (what: string, body: Uint8Array, length = body.length): Buffer => {
  const head = Buffer.alloc(5);
  head.write(what, 0, 'latin1');
  head.writeUInt32BE(length, 1);
  return Buffer.concat([head, body]);
};

function read(chunks: readonly Buffer[]) {
  const pieces: string[] = [];
  let violations = 0;
  const push = createPieceReader({
    onPiece: (what, body) => pieces.push(`${what}${body.toString('latin1')}`),
    onViolation: () => (violations += 1),
  });
  for (const chunk of chunks) push(chunk);
  return { pieces, violations };
}

test('pieces are read however their bytes come', () => {
  const piece = fc.tuple(fc.constantFrom('r', 'o', 'e', 'x'), fc.uint8Array({ maxLength: 50 }));
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 10 }), fc.array(fc.integer({ min: 1, max: 30 })), (pieces, cuts) => {
      const bytes = Buffer.concat(pieces.map(([what, body]) => frame(what, body)));
      const chunks: Buffer[] = [];
      let at = 0;
      for (const cut of [...cuts, bytes.length]) {
        chunks.push(bytes.subarray(at, at + cut));
        at += cut;
      }
      const expected = pieces.map(([what, body]) => `${what}${Buffer.from(body).toString('latin1')}`);
      expect(read(chunks)).toEqual({ pieces: expected, violations: 0 });
    }),
  );
});

describe('nothing is read after', () => {
  test.each([
    ['a kind that there is none of', frame('z', Buffer.from('x'))],
    ['a length beyond the bound', frame('o', Buffer.alloc(0), LIMITS.warmFrameBytesMax + 1)],
    ['the greatest length', frame('o', Buffer.alloc(0), 0xffff_ffff)],
  ])('%s', (_, bytes) => {
    expect(read([bytes, frame('o', Buffer.from('later'))])).toEqual({ pieces: [], violations: 1 });
  });

  test('the largest piece is good', () => {
    expect(read([frame('o', Buffer.alloc(LIMITS.warmFrameBytesMax))])).toMatchObject({ violations: 0 });
  });
});
