// Lines out of a stream of bytes, as both ends of the stdio door read them. **Trust:** the bytes are whoever's is at the
// other end: a line without an end takes no more memory than the longest line may have.

export type LineReader = {
  /** The next bytes, in any pieces. Calls the events before it returns. */
  readonly push: (chunk: Uint8Array) => void;
};

export type LineReaderOptions = {
  /** Of one line, without its line feed. */
  readonly bytesMax: number;
  /** A line without its end (`\n` or `\r\n`); empty ones are left out. The bytes are good until it returns. */
  readonly onLine: (line: Buffer) => void;
  /** Once for each line that is longer; what follows up to its end is dropped. */
  readonly onTooLong: () => void;
};

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const FIRST_BYTES = 4096;

/** What comes after the last line feed is kept for the next piece, and is no line if none comes. */
export function createLineReader({ bytesMax, onLine, onTooLong }: LineReaderOptions): LineReader {
  /** The beginning of a line whose end has not come: one block that doubles, since pieces may be single bytes. */
  let held: Buffer = Buffer.alloc(0);
  let length = 0;
  let isSkipping = false;

  const hold = (part: Buffer) => {
    if (isSkipping) return;
    if (length + part.length > bytesMax) {
      isSkipping = true;
      release();
      onTooLong();
      return;
    }
    if (length + part.length > held.length) {
      const larger = Buffer.allocUnsafe(Math.max(FIRST_BYTES, 2 * held.length, length + part.length));
      held.copy(larger, 0, 0, length);
      held = larger;
    }
    part.copy(held, length);
    length += part.length;
  };
  const release = () => {
    held = Buffer.alloc(0);
    length = 0;
  };
  const finish = (rest: Buffer) => {
    const isWhole = length === 0 && rest.length <= bytesMax;
    if (!isWhole) hold(rest);
    const line = isSkipping ? undefined : isWhole ? rest : held.subarray(0, length);
    isSkipping = false;
    release();
    if (line === undefined) return;
    const text = line.at(-1) === CARRIAGE_RETURN ? line.subarray(0, -1) : line;
    if (text.length > 0) onLine(text);
  };

  return {
    push: (chunk) => {
      const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
      let from = 0;
      for (let end = bytes.indexOf(LINE_FEED); end !== -1; end = bytes.indexOf(LINE_FEED, from)) {
        finish(bytes.subarray(from, end));
        from = end + 1;
      }
      if (from < bytes.length) hold(bytes.subarray(from));
    },
  };
}
