// What a program prints, kept in bounded memory and linear time however it comes: the start of its stdout, the end of its
// stderr. **Trust:** anything; it is bytes until somebody reads them.

import { LIMITS } from '#base/limits.ts';

export type Captured = {
  readonly push: (bytes: Uint8Array) => void;
  readonly bytes: () => Buffer;
  /** There was more than is kept. */
  readonly isCut: () => boolean;
};

const BYTES_FIRST = 4 * 1024;

/** Keeps the first `bytesMax` bytes. */
export function keepStart(bytesMax: number): Captured {
  let kept = Buffer.alloc(Math.min(BYTES_FIRST, bytesMax));
  let length = 0;
  let isCut = false;
  return {
    push: (bytes) => {
      const taken = Math.min(bytes.length, bytesMax - length);
      isCut ||= taken < bytes.length;
      if (length + taken > kept.length) {
        const larger = Buffer.alloc(Math.min(bytesMax, Math.max(2 * kept.length, length + taken)));
        kept.copy(larger, 0, 0, length);
        kept = larger;
      }
      kept.set(bytes.subarray(0, taken), length);
      length += taken;
    },
    bytes: () => kept.subarray(0, length),
    isCut: () => isCut,
  };
}

/** Keeps the last `bytesMax` bytes. */
export function keepEnd(bytesMax: number): Captured {
  /** Filled in a circle; made when something comes. */
  let ring: Buffer | undefined;
  let written = 0;
  return {
    push: (bytes) => {
      ring ??= Buffer.alloc(bytesMax);
      const last = bytes.subarray(-bytesMax);
      written += bytes.length - last.length;
      const at = written % bytesMax;
      const first = last.subarray(0, bytesMax - at);
      ring.set(first, at);
      ring.set(last.subarray(first.length), 0);
      written += last.length;
    },
    bytes: () => {
      if (ring === undefined) return Buffer.alloc(0);
      const at = written % bytesMax;
      return written <= bytesMax ? ring.subarray(0, written) : Buffer.concat([ring.subarray(at), ring.subarray(0, at)]);
    },
    isCut: () => written > bytesMax,
  };
}

export type ProgramOutput = {
  readonly stdout: Captured;
  readonly stderr: Captured;
  /** More was printed than a program may in all. */
  readonly isFlood: () => boolean;
};

/** Both streams of one program. `onFlood` is called once, when it has printed more than any program may. */
export function captureOutput(options: {
  readonly stdoutBytesMax: number;
  readonly onFlood: () => void;
}): ProgramOutput {
  let printed = 0;
  let isFlood = false;
  const counted = (captured: Captured): Captured => ({
    ...captured,
    push: (bytes) => {
      captured.push(bytes);
      printed += bytes.length;
      if (printed <= LIMITS.programPrintedBytesMax || isFlood) return;
      isFlood = true;
      options.onFlood();
    },
  });
  return {
    stdout: counted(keepStart(options.stdoutBytesMax)),
    stderr: counted(keepEnd(LIMITS.programTailBytesMax)),
    isFlood: () => isFlood,
  };
}
