// Base64 as our formats write it: standard alphabet, padded, one spelling per value.

/** The bytes, or undefined when `text` is not the one spelling of them. **Trust:** `text` comes from evidence. */
export function parseBase64(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}

export function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}
