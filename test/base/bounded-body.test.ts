import { describe, expect, test } from 'vitest';
import { readBody } from '#base/bounded-body.ts';

/** A body that goes on for ever, three bytes at a time; counts what was taken of it. */
function endless() {
  const taken = { chunks: 0, isCancelled: false };
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      pull: (controller) => {
        taken.chunks += 1;
        controller.enqueue(new Uint8Array(3));
      },
      cancel: () => {
        taken.isCancelled = true;
      },
    },
    { highWaterMark: 0 },
  );
  return { taken, response: new Response(body) };
}

describe('a body', () => {
  test('is read whole up to its bound, and is empty where there is none', async () => {
    expect((await readBody(new Response('héllo'), 6))?.toString('utf8')).toBe('héllo');
    expect((await readBody(new Response(null), 0))?.length).toBe(0);
  });

  test('of one byte more is not given', async () => {
    expect(await readBody(new Response('héllo'), 5)).toBeUndefined();
  });

  test('without an end is left at the bound', async () => {
    const { taken, response } = endless();
    expect(await readBody(response, 7)).toBeUndefined();
    expect(taken).toEqual({ chunks: 3, isCancelled: true });
  });

  test('that breaks off fails with why', async () => {
    const body = new ReadableStream({ pull: (controller) => controller.error(new Error('gone')) });
    await expect(readBody(new Response(body), 7)).rejects.toThrow('gone');
  });
});
