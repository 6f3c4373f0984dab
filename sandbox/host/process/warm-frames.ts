// Reads what a fork server sends: pieces of what a call printed, and how it ended. Bounded, in linear time, however the bytes
// come. **Trust:** any bytes; after a violation nothing more is read.

import { LIMITS } from '#base/limits.ts';

/** `r` the number of the process that waits for the next call · `o` of stdout · `e` of stderr · `x` how the call ended. */
export type PieceKind = 'r' | 'o' | 'e' | 'x';

const HEAD_BYTES = 5;

const isKind = (text: string): text is PieceKind => text === 'r' || text === 'o' || text === 'e' || text === 'x';

/** A reader that is fed chunks. A piece's bytes are good until the call returns. */
export function createPieceReader(events: {
  readonly onPiece: (what: PieceKind, body: Buffer) => void;
  readonly onViolation: () => void;
}): (chunk: Buffer) => void {
  const held = Buffer.alloc(HEAD_BYTES + LIMITS.warmFrameBytesMax);
  let length = 0;
  let isOver = false;
  /** Undefined while the head has not come whole. */
  const bytesWanted = () => (length < HEAD_BYTES ? undefined : HEAD_BYTES + held.readUInt32BE(1));

  const take = (wanted: number) => {
    const what = held.toString('latin1', 0, 1);
    length = 0;
    if (!isKind(what)) return violate();
    events.onPiece(what, held.subarray(HEAD_BYTES, wanted));
  };
  const violate = () => {
    isOver = true;
    events.onViolation();
  };

  return (chunk) => {
    let at = 0;
    while (!isOver && at < chunk.length) {
      const wanted = bytesWanted() ?? HEAD_BYTES;
      const taken = Math.min(wanted - length, chunk.length - at);
      chunk.copy(held, length, at, at + taken);
      length += taken;
      at += taken;
      const whole = bytesWanted();
      if (whole !== undefined && whole > held.length) return violate();
      if (whole === length) take(whole);
    }
  };
}
