// UTF-8, since an isolate has no TextEncoder. Pure. Source: RFC 3629 §3.

/**
 * The bytes of a text. Half a surrogate pair becomes U+FFFD, as in a TextEncoder.
 * @param {string} text
 */
export function utf8Bytes(text) {
  /** @type {number[]} */
  const bytes = [];
  for (const character of text.toWellFormed()) {
    const code = character.codePointAt(0) ?? 0;
    if (code < 0x80) bytes.push(code);
    else if (code < 0x800) bytes.push(0xc0 | (code >> 6), tail(code));
    else if (code < 0x10000) bytes.push(0xe0 | (code >> 12), tail(code >> 6), tail(code));
    else bytes.push(0xf0 | (code >> 18), tail(code >> 12), tail(code >> 6), tail(code));
  }
  return Uint8Array.from(bytes);
}

/** @param {number} bits */
const tail = (bits) => 0x80 | (bits & 0x3f);
