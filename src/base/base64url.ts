// base64url as WebAuthn writes bytes: without padding, and in one spelling only. Pure.

/** The bytes; undefined unless `text` is exactly how `Buffer` writes them, so that no bytes have two texts. */
export function parseBase64url(text: unknown, bytesMax: number): Buffer | undefined {
  if (typeof text !== 'string' || text.length > Math.ceil((bytesMax * 4) / 3)) return undefined;
  const bytes = Buffer.from(text, 'base64url');
  return bytes.toString('base64url') === text ? bytes : undefined;
}
