import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { createFrameReader, encodeFrame } from '#sandbox/protocol/frame.js';

function read(pieces: readonly Buffer[], frameBytesMax = 1024 * 1024) {
  const frames: unknown[] = [];
  const violations: string[] = [];
  const reader = createFrameReader({
    frameBytesMax,
    onFrame: (header, body) => frames.push([header, body]),
    onViolation: (why) => violations.push(why),
  });
  for (const piece of pieces) reader.push(piece);
  return { frames, violations };
}

const cut = (bytes: Buffer, size: number) =>
  Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
    bytes.subarray(index * size, (index + 1) * size),
  );

test.each([1, 2, 3, 5, 7, 64, 100_000])('frames are the same in pieces of %i bytes', (size) => {
  const given = [
    ['a', ''],
    ['b', 'x'.repeat(300)],
    ['c', 'é'],
  ] as const;
  const bytes = Buffer.concat(given.map(([t, body]) => encodeFrame({ t }, body)));
  expect(read(cut(bytes, size))).toEqual({ frames: given.map(([t, body]) => [{ t }, body]), violations: [] });
});

test('a frame of many small pieces is refused, one of a hundred is read', () => {
  const bytes = encodeFrame({ t: 'a' }, 'x'.repeat(500_000));
  expect(read(cut(bytes, 1))).toEqual({ frames: [], violations: ['frame in too many pieces'] });
  expect(read(cut(bytes, 5_000)).frames).toHaveLength(1);
});

/** Collects garbage at once: what is held is then not a matter of when V8 would. */
function collector(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}

test('a frame that drips is held in about its own size', async () => {
  const piece = 512;
  const pieces = cut(encodeFrame({ t: 'a' }, 'x'.repeat(1_500_000)), piece).slice(0, -1);
  const before = process.memoryUsage().arrayBuffers;
  const reader = createFrameReader({ frameBytesMax: 2e6, onFrame: () => {}, onViolation: () => {} });
  // Each piece in a buffer of its own, as a socket may give it: kept, they would take 512 times as much.
  for (const each of pieces) {
    const own = Buffer.from(new ArrayBuffer(piece * 512), 0, each.length);
    each.copy(own);
    reader.push(own);
  }
  const collect = collector();
  const held = () => {
    collect();
    return process.memoryUsage().arrayBuffers - before;
  };
  await expect.poll(held).toBeLessThan(10e6);
});
