// A client on one kept connection, one call at a time, with as little between the socket and the figures as can be.

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type CallResult, type Question, requestText } from '#bench/tool-call.ts';
import { type Answer, createAnswerReader } from './answer-reader.ts';

/** One caller. Whatever its protocol, `call` resolves with the tool's result. */
export type LoadClient = {
  readonly call: (question: Question, id: number) => Promise<CallResult>;
  readonly close: () => Promise<void>;
};

type Waiting = { readonly resolve: (answer: Answer) => void; readonly reject: (error: Error) => void };

/** @throws when nobody listens there. */
export async function connectLean(url: string, token: string): Promise<LoadClient> {
  const { host, hostname, port } = new URL(url);
  const socket: Socket = connect({ host: hostname, port: Number(port), noDelay: true });
  const reader = createAnswerReader();
  let waiting: Waiting | undefined;
  const settle = (take: (one: Waiting) => void) => {
    const one = waiting;
    waiting = undefined;
    if (one !== undefined) take(one);
  };
  await once(socket, 'connect');
  socket.on('data', (bytes: Buffer) => {
    try {
      const answer = reader.push(bytes);
      if (answer !== undefined) settle(({ resolve }) => resolve(answer));
    } catch (error) {
      settle(({ reject }) => reject(error as Error));
    }
  });
  socket.on('error', (error) => settle(({ reject }) => reject(error)));
  socket.on('close', () => settle(({ reject }) => reject(new Error('the server closed the connection'))));

  const exchange = (text: string): Promise<Answer> => {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    waiting = { resolve, reject };
    socket.write(text);
    return promise;
  };
  return {
    call: async (question, id) => resultOf(await exchange(requestText(question, { id, host, token })), id),
    close: async () => {
      socket.destroy();
    },
  };
}

/** @throws for an answer that holds no result of this call, with the start of what came. */
function resultOf({ status, body }: Answer, id: number): CallResult {
  const message = status === 200 ? (JSON.parse(body) as { id?: unknown; result?: CallResult }) : {};
  if (message.id === id && message.result !== undefined) return message.result;
  throw new Error(`HTTP ${status} and no result: ${body.slice(0, 500)}`);
}
