// One session of /mcp as the SDK's Transport: requests come in by POST and are answered there; what belongs to no request
// goes out on the stream that GET opened. Used by mcp-sessions.ts. **Trust:** every message received is the agent's.

import type { JSONRPCMessage, JSONRPCNotification, JSONRPCResponse, Transport } from '@modelcontextprotocol/server';
import { SmcpError } from '#base/errors.ts';
import type { EventStream } from './event-stream.ts';
import type { PostAnswer } from './post-answer.ts';
import { cancelledId, cancelledNotice, createUnderWay, type RequestId, requestId } from './under-way.ts';
import { codedMessage } from './wire-errors.ts';

export type SessionTransport = {
  readonly transport: Transport;
  /** Whether a request is under way or the client listens. */
  readonly isBusy: () => boolean;
  /** The version that was agreed on; undefined before that. */
  readonly version: () => string | undefined;
  /**
   * The messages of one POST: all are taken or none. `open` is called once where requests are among them, with what to do
   * when the client goes away; false when there are none.
   *
   * @throws `QUEUE_FULL` · `REQUEST_INVALID`
   */
  readonly receive: (messages: readonly JSONRPCMessage[], open: (onGone: () => void) => PostAnswer) => boolean;
  /** Takes a stream for what belongs to no request, in place of the one before, which ends. */
  readonly listen: (open: (onClose: () => void) => EventStream) => void;
  /** Ends the stream for what belongs to no request. */
  readonly endStream: () => void;
};

/** Requests that came together and are answered together, where the answers go, and how many are to come. */
type Post = { answer?: PostAnswer; waiting: number };

/** `onChange` is called whenever it may have become busy, or no longer be. */
export function createSessionTransport(onChange: () => void): SessionTransport {
  const underWay = createUnderWay<Post>();
  let stream: EventStream | undefined;
  let version: string | undefined;
  /** The last message that no stream was there for. Of the kinds that we send, one says as much as many. */
  let untold: JSONRPCNotification | undefined;

  const tell = (message: JSONRPCNotification) => {
    if (stream === undefined) untold = message;
    else stream.event('message', JSON.stringify(message));
  };
  const answer = (message: JSONRPCResponse) => {
    const post = message.id === undefined ? undefined : underWay.settle(message.id);
    if (post === undefined) return;
    post.waiting -= 1;
    post.answer?.send(message, post.waiting === 0);
    onChange();
  };
  /** A cancelled request gets no answer. */
  const takeBack = (id: RequestId) => {
    const post = underWay.settle(id);
    if (post === undefined) return;
    post.waiting -= 1;
    if (post.waiting === 0) post.answer?.end();
    onChange();
  };

  const transport: Transport = {
    start: async () => {},
    setProtocolVersion: (agreed) => {
      version = agreed;
    },
    close: async () => {
      for (const post of underWay.settleAll()) post.answer?.refuse(sessionUnknown());
      stream?.end();
      transport.onclose?.();
    },
    send: async (sent, options) => {
      const message = codedMessage(sent);
      if (!('method' in message)) answer(message);
      else if (options?.relatedRequestId === undefined) {
        // A request of ours belongs to one of the client's.
        if (!('id' in message)) tell(message);
      } else underWay.find(options.relatedRequestId)?.answer?.send(message, false);
    },
  };

  /** The client went away: what it asked is cancelled. */
  const abandon = (ids: readonly RequestId[], post: Post) => {
    for (const id of ids) {
      if (underWay.find(id) !== post) continue;
      underWay.settle(id);
      transport.onmessage?.(cancelledNotice(id));
    }
    onChange();
  };

  return {
    transport,
    isBusy: () => underWay.size() > 0 || stream !== undefined,
    version: () => version,
    receive: (messages, open) => {
      const ids = messages.map(requestId).filter((id) => id !== undefined);
      const post: Post = { waiting: ids.length };
      underWay.admit(ids, post);
      if (ids.length > 0) post.answer = open(() => abandon(ids, post));
      onChange();
      for (const message of messages) {
        const cancelled = cancelledId(message);
        if (cancelled !== undefined) takeBack(cancelled);
        transport.onmessage?.(message);
      }
      return ids.length > 0;
    },
    listen: (open) => {
      stream?.end();
      const own = open(() => {
        if (stream !== own) return;
        stream = undefined;
        onChange();
      });
      stream = own;
      onChange();
      if (untold !== undefined) tell(untold);
      untold = undefined;
    },
    endStream: () => stream?.end(),
  };
}

/** The same for a session that is not there, one of another token, and one that has ended: ids tell nothing. */
export function sessionUnknown(): SmcpError {
  return new SmcpError('SESSION_UNKNOWN', 'no such session', { details: { remedy: 'open a new session' } });
}
