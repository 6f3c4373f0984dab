// The body of an answer, taken as it comes into one piece of memory. Called by the exchange only. **Trust:** the body is a foreign
// server's, which also chooses in how many pieces it comes.

import type { IncomingMessage } from 'node:http';
import { LIMITS } from '#base/limits.ts';
import { answerTooLarge, bodyTooLarge } from './failures.ts';

const FIRST_BYTES = 16 * 1024;

/**
 * The whole body. Each piece is copied at once and not kept: as one of its own a piece of one byte takes some 400 bytes of memory.
 *
 * @throws `ANSWER_TOO_LARGE` for more than `bytesMax`, or for more than `netAnswerWireBytesMax` to say it · what broke it off
 */
export function takeBody(response: IncomingMessage, bytesMax: number): Promise<Uint8Array> {
  const { netAnswerWireBytesMax: wireBytesMax } = LIMITS;
  const { socket } = response;
  let held = Buffer.allocUnsafe(FIRST_BYTES);
  let length = 0;
  const take = (piece: Buffer) => {
    if (length + piece.length > held.length) {
      const larger = Buffer.allocUnsafe(Math.min(bytesMax, Math.max(held.length * 2, length + piece.length)));
      held.copy(larger, 0, 0, length);
      held = larger;
    }
    length += piece.copy(held, length);
  };
  return new Promise((resolve, reject) => {
    response.on('error', reject);
    response.on('close', () => reject(new Error('the answer was broken off')));
    response.on('end', () => {
      if (response.complete) resolve(held.subarray(0, length));
      else reject(new Error('the answer was broken off'));
    });
    response.on('data', (piece: Buffer) => {
      if (length + piece.length > bytesMax) reject(bodyTooLarge());
      else if (socket.bytesRead > wireBytesMax) reject(answerTooLarge('the answer as it is sent', { wireBytesMax }));
      else return take(piece);
      response.destroy();
    });
  });
}
