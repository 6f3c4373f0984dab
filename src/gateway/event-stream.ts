// A server-sent event stream over one HTTP answer, bounded (sending.ts): a reader that is too slow loses it, not we memory.
// Used for sessions (sse.ts, mcp-sessions.ts), subscriptions (listen.ts) and answers that come in parts.

import type { FastifyReply } from 'fastify';
import { LIMITS } from '#base/limits.ts';

export type EventStream = {
  /** One event. `data` has no line breaks, as JSON has none. Dropped once the stream is closed. */
  readonly event: (name: string, data: string) => void;
  /** Ends the answer after what is still waiting for the reader, who has `streamEndMsMax` to take it. */
  readonly end: () => void;
  /** Cuts the connection at once. */
  readonly destroy: () => void;
};

export type EventStreamOptions = {
  /** Asked before each write and each ping; false cuts the connection. Whether the reader may still read. */
  readonly mayRead: () => boolean;
  /** Called once, when the stream is over for whatever reason: the reader went away or was too slow, or we ended it. */
  readonly onClose: () => void;
};

/** Takes the answer out of Fastify's hands and starts a stream on it, with a comment each `streamPingMs`. */
export function openEventStream(reply: FastifyReply, { mayRead, onClose }: EventStreamOptions): EventStream {
  reply.hijack();
  const { raw, sending } = reply;
  const { socket } = raw.req;
  const write = (text: string) => {
    if (raw.destroyed || raw.writableEnded) return;
    if (!mayRead()) {
      raw.destroy();
      return;
    }
    const bytes = Buffer.from(text);
    const sent = sending.hold(socket, bytes.length);
    if (sent === undefined) raw.destroy();
    else raw.write(bytes, sent);
  };
  const pings = setInterval(() => write(': ping\n\n'), LIMITS.streamPingMs);
  let cut: NodeJS.Timeout | undefined;
  raw.on('close', () => {
    clearInterval(pings);
    clearTimeout(cut);
    onClose();
  });
  const end = () => {
    if (raw.destroyed || raw.writableEnded) return;
    if (!mayRead()) {
      raw.destroy();
      return;
    }
    clearInterval(pings);
    cut = setTimeout(() => raw.destroy(), LIMITS.streamEndMsMax);
    raw.end();
  };
  // A reset connection is a close; without a listener it would be an uncaught error.
  raw.on('error', () => raw.destroy());
  for (const [name, value] of Object.entries(reply.getHeaders())) {
    if (value !== undefined) raw.setHeader(name, value);
  }
  raw.writeHead(200, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
    connection: 'keep-alive',
  });
  raw.flushHeaders();
  return {
    event: (name, data) => write(`event: ${name}\ndata: ${data}\n\n`),
    end,
    destroy: () => void raw.destroy(),
  };
}
