// The effect of the capability `random`. Called by the broker, which has decided; decides nothing itself.

import { invariant } from '#base/invariant.ts';
import { LIMITS } from '#base/limits.ts';

/** A number of bytes that was checked: an integer from 1 to `LIMITS.randomBytesMax`. Made by `parseByteCount` only. */
export type ByteCount = number & { readonly __brand: 'ByteCount' };

/** `undefined` when `value` is no number of bytes that one call may ask for. **Trust:** the value is a guest's. */
export function parseByteCount(value: unknown): ByteCount | undefined {
  const isCount = typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= LIMITS.randomBytesMax;
  return isCount ? (value as ByteCount) : undefined;
}

/** Bytes that nobody can guess: `randomBytes` of node:crypto, and in tests what they know. */
export type RandomSource = (byteCount: number) => Uint8Array;

export type RandomEffect = {
  readonly bytes: (count: ByteCount) => Uint8Array;
};

export function createRandomEffect(ports: { readonly randomBytes: RandomSource }): RandomEffect {
  return {
    bytes: (count) => {
      const bytes = ports.randomBytes(count);
      invariant(bytes.length === count, 'a source of random bytes gives as many as it was asked for');
      return bytes;
    },
  };
}
