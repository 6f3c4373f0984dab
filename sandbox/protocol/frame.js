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

/**
 * A reader that is fed chunks and calls back for each whole frame. It never holds more than one frame and one chunk.
 *
 * @param {{
 *   readonly frameBytesMax: number,
 *   readonly onFrame: (header: FrameHeader, body: string) => void,
 *   readonly onViolation: (why: string) => void,
 * }} options
 * @returns {{ readonly push: (chunk: Buffer) => void }}
 */
export function createFrameReader({ frameBytesMax, onFrame, onViolation }) {
  /** @type {Buffer[]} */
  let chunks = [];
  let pendingBytes = 0;
  /** Bytes of the frame under way, prefix included; undefined until its prefix is here. @type {number | undefined} */
  let wantedBytes;
  let isBroken = false;
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

  /** @param {string} why */
  const violate = (why) => {
    isBroken = true;
    chunks = [];
    pendingBytes = 0;
    onViolation(why);
  };

  const joined = () => {
    const [first] = chunks;
    const all = chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks, pendingBytes);
    chunks = [all];
    return all;
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
      chunks.push(chunk);
      pendingBytes += chunk.length;
      while (!isBroken) {
        if (wantedBytes === undefined) {
          if (pendingBytes < PREFIX_BYTES) return;
          const length = joined().readUInt32BE(0);
          if (length > frameBytesMax) return violate('frame longer than its bound');
          wantedBytes = PREFIX_BYTES + length;
        }
        if (pendingBytes < wantedBytes) return;
        const all = joined();
        const frame = all.subarray(PREFIX_BYTES, wantedBytes);
        const rest = all.subarray(wantedBytes);
        chunks = rest.length === 0 ? [] : [rest];
        pendingBytes = rest.length;
        wantedBytes = undefined;
        takeFrame(frame);
      }
    },
  };
}
