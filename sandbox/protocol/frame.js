// @ts-check
// Frames between host and warden: bounded, length-prefixed, no skip-and-continue. Used on both sides of the fence.
// Layout: u32be bytes that follow · u16be bytes of the header · header (JSON, UTF-8) · body (UTF-8 text).
// Trust: the host feeds it a warden's bytes, which may be anything; after a violation the reader takes no more.

const PREFIX_BYTES = 4;
const HEADER_LENGTH_BYTES = 2;
const HEADER_BYTES_MAX = 4096;

/** @typedef {{ readonly [key: string]: unknown }} FrameHeader */

/**
 * One frame as bytes.
 *
 * @param {FrameHeader} header small, JSON
 * @param {string} body text
 * @returns {Buffer}
 */
export function encodeFrame(header, body = '') {
  const headerText = JSON.stringify(header);
  const headerBytes = Buffer.byteLength(headerText);
  const bodyBytes = Buffer.byteLength(body);
  const frame = Buffer.allocUnsafe(PREFIX_BYTES + HEADER_LENGTH_BYTES + headerBytes + bodyBytes);
  frame.writeUInt32BE(HEADER_LENGTH_BYTES + headerBytes + bodyBytes, 0);
  frame.writeUInt16BE(headerBytes, PREFIX_BYTES);
  frame.write(headerText, PREFIX_BYTES + HEADER_LENGTH_BYTES, 'utf8');
  frame.write(body, PREFIX_BYTES + HEADER_LENGTH_BYTES + headerBytes, 'utf8');
  return frame;
}

/** Pieces that one frame may come in. The largest come in about a hundred: more is somebody who keeps us busy. */
const FRAME_PIECES_MAX = 4096;

/**
 * A reader that is fed chunks and calls back for each whole frame. It holds at most one chunk and twice the bytes of one
 * frame that have come, however small the pieces were.
 *
 * @param {{
 *   readonly frameBytesMax: number,
 *   readonly onFrame: (header: FrameHeader, body: string) => void,
 *   readonly onViolation: (why: string) => void,
 * }} options
 * @returns {{ readonly push: (chunk: Buffer) => void }}
 */
export function createFrameReader({ frameBytesMax, onFrame, onViolation }) {
  /** What has come of a frame, from the start of it; the rest is room. */
  let held = Buffer.alloc(0);
  let heldBytes = 0;
  let pieceCount = 0;
  let isBroken = false;
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

  const forget = () => {
    held = Buffer.alloc(0);
    heldBytes = 0;
    pieceCount = 0;
  };

  /** @param {string} why */
  const violate = (why) => {
    isBroken = true;
    forget();
    onViolation(why);
  };

  /** @param {Buffer} piece */
  const hold = (piece) => {
    const neededBytes = heldBytes + piece.length;
    if (neededBytes > held.length) {
      const larger = Buffer.allocUnsafe(Math.max(neededBytes, held.length * 2));
      held.copy(larger, 0, 0, heldBytes);
      held = larger;
    }
    piece.copy(held, heldBytes);
    heldBytes = neededBytes;
  };

  /** @param {Buffer} frame without its prefix */
  const takeFrame = (frame) => {
    if (frame.length < HEADER_LENGTH_BYTES) return violate('frame without a header');
    const headerBytes = frame.readUInt16BE(0);
    if (headerBytes > HEADER_BYTES_MAX || HEADER_LENGTH_BYTES + headerBytes > frame.length) {
      return violate('header longer than its frame or its bound');
    }
    const bodyStart = HEADER_LENGTH_BYTES + headerBytes;
    let header;
    let body;
    try {
      header = JSON.parse(decoder.decode(frame.subarray(HEADER_LENGTH_BYTES, bodyStart)));
      body = decoder.decode(frame.subarray(bodyStart));
    } catch {
      return violate('frame is not UTF-8, or its header not JSON');
    }
    if (typeof header !== 'object' || header === null || Array.isArray(header)) {
      return violate('header is not an object');
    }
    onFrame(header, body);
  };

  return {
    push(chunk) {
      if (isBroken) return;
      let bytes = chunk;
      if (heldBytes > 0) {
        pieceCount += 1;
        if (pieceCount > FRAME_PIECES_MAX) return violate('frame in too many pieces');
        hold(chunk);
        bytes = held.subarray(0, heldBytes);
      }
      let at = 0;
      while (bytes.length - at >= PREFIX_BYTES) {
        const length = bytes.readUInt32BE(at);
        if (length > frameBytesMax) return violate('frame longer than its bound');
        const end = at + PREFIX_BYTES + length;
        if (bytes.length < end) break;
        takeFrame(bytes.subarray(at + PREFIX_BYTES, end));
        if (isBroken) return;
        at = end;
      }
      if (at === 0 && heldBytes > 0) return;
      const rest = bytes.subarray(at);
      forget();
      if (rest.length > 0) hold(rest);
    },
  };
}
