// An event stream whose reader takes nothing: what is kept for it, and for how long.

import { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { systemClock } from '#base/clock.ts';
import { LIMITS } from '#base/limits.ts';
import { openEventStream } from '#gateway/event-stream.ts';
import { createSending } from '#gateway/sending.ts';
import { eventually } from './http.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
});
afterEach(() => {
  vi.useRealTimers();
});

type Reply = Parameters<typeof openEventStream>[0];

/** `takes`: whether the reader takes what is written. */
function openTo({ takes, mayRead = () => true }: { takes: boolean; mayRead?: () => boolean }) {
  const socket = new Duplex({ read: () => {}, write: (_chunk, _encoding, done) => void (takes && done()) }) as Socket;
  const raw = new ServerResponse(new IncomingMessage(socket));
  raw.assignSocket(socket);
  const sending = createSending({ clock: systemClock });
  raw.on('close', sending.close);
  const reply = { raw, sending, hijack: () => reply, getHeaders: () => ({}) } as unknown as Reply;
  const onClose = vi.fn();
  return { raw, onClose, stream: openEventStream(reply, { mayRead, onClose }) };
}

describe('a reader that takes nothing', () => {
  test('is cut once more waits than streamBufferBytesMax', async () => {
    const { raw, onClose, stream } = openTo({ takes: false });
    const mebibyte = 'x'.repeat(2 ** 20);
    let events = 0;
    for (; !raw.destroyed; events++) stream.event('message', mebibyte);
    expect(events).toBeLessThanOrEqual(LIMITS.streamBufferBytesMax / 2 ** 20);
    vi.useRealTimers();
    await eventually(() => onClose.mock.calls.length === 1);
  });

  test('has streamEndMsMax to take the rest of a stream that has ended', () => {
    const { raw, stream } = openTo({ takes: false });
    stream.event('message', 'unread');
    stream.end();
    vi.advanceTimersByTime(LIMITS.streamEndMsMax - 1);
    expect(raw.destroyed).toBe(false);
    vi.advanceTimersByTime(1);
    expect(raw.destroyed).toBe(true);
  });

  test('without that bound is kept for good (negative control)', () => {
    const { raw, stream } = openTo({ takes: false });
    stream.event('message', 'unread');
    raw.end();
    vi.advanceTimersByTime(100 * LIMITS.streamEndMsMax);
    expect(raw.destroyed).toBe(false);
    raw.destroy();
  });
});

test('a reader that takes everything gets the whole stream, and no timer is left', async () => {
  const { raw, onClose, stream } = openTo({ takes: true });
  stream.event('message', 'read');
  stream.end();
  await new Promise((resolve) => raw.once('finish', resolve));
  expect([raw.writableFinished, raw.writableLength]).toEqual([true, 0]);
  raw.destroy();
  await new Promise((resolve) => setImmediate(resolve));
  expect([onClose.mock.calls.length, vi.getTimerCount()]).toEqual([1, 0]);
});

test('one that may no longer read is cut at the next event, ping or end, and gets none of it', () => {
  for (const act of ['event', 'ping', 'end'] as const) {
    let mayRead = true;
    const { raw, stream } = openTo({ takes: true, mayRead: () => mayRead });
    mayRead = false;
    if (act === 'event') stream.event('message', 'secret');
    else if (act === 'end') stream.end();
    else vi.advanceTimersByTime(LIMITS.streamPingMs);
    expect([act, raw.destroyed]).toEqual([act, true]);
  }
});
