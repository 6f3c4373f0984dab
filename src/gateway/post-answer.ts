// The answer to one POST of a session: one JSON document where nothing has to be said before it and it comes soon, else a
// stream of messages that ends with the last answer. Used by mcp-sessions.ts.

import type { JSONRPCMessage } from '@modelcontextprotocol/server';
import type { FastifyReply } from 'fastify';
import type { SmcpError } from '#base/errors.ts';
import { type EventStream, openEventStream } from './event-stream.ts';
import type { SlowAnswer, SlowAnswers } from './slow-answers.ts';
import { httpRefusal } from './wire-errors.ts';

export type PostAnswer = {
  /** `isLast`: nothing follows. Dropped once the answer is over. */
  readonly send: (message: JSONRPCMessage, isLast: boolean) => void;
  /** Ends it without a last message: every request of it was cancelled. */
  readonly end: () => void;
  /** Ends it for this reason, told where nothing was sent before. */
  readonly refuse: (error: SmcpError) => void;
};

export type PostAnswerOptions = {
  /** A stream in any case. */
  readonly isStream: boolean;
  readonly slow: SlowAnswers;
  /** As of an event stream. */
  readonly mayRead: () => boolean;
  /** The client went away, or was too slow, before the answer was over. */
  readonly onGone: () => void;
};

export function createPostAnswer(reply: FastifyReply, options: PostAnswerOptions): PostAnswer {
  const { isStream, slow, mayRead, onGone } = options;
  let stream: EventStream | undefined;
  let isOver = false;
  const opened = (): EventStream => {
    stream ??= openEventStream(reply, { mayRead, onClose: () => {} });
    return stream;
  };
  const waiting: SlowAnswer = { openStream: opened };
  /** False when it was over already. */
  const finish = (): boolean => {
    const isFirst = !isOver;
    isOver = true;
    slow.delete(waiting);
    return isFirst;
  };
  slow.add(waiting);
  reply.raw.on('close', () => {
    if (!finish()) return;
    if (stream === undefined) reply.hijack();
    onGone();
  });
  return {
    send: (message, isLast) => {
      if (isOver) return;
      if (isLast) finish();
      const text = JSON.stringify(message);
      if (isLast && stream === undefined && !isStream) {
        reply.type('application/json').send(text);
        return;
      }
      opened().event('message', text);
      if (isLast) opened().end();
    },
    end: () => {
      if (finish()) opened().end();
    },
    refuse: (error) => {
      if (!finish()) return;
      if (stream !== undefined) {
        stream.end();
        return;
      }
      const { status, headers, body } = httpRefusal(error);
      reply.code(status).headers(headers).send(body);
    },
  };
}
