import { expect, test } from 'vitest';
import { digestHex, sha256 } from '#base/digest.ts';

// FIPS 180-4, examples of SHA-256.
test.each([
  ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
  ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
])('the digest of %j is the one of the standard', (text, hex) => {
  expect(sha256(text)).toBe(`sha256:${hex}`);
  expect(sha256(Buffer.from(text))).toBe(`sha256:${hex}`);
  expect(digestHex(sha256(text))).toBe(hex);
});

test('a string is hashed as UTF-8', () => {
  expect(sha256('€')).toBe(sha256(Uint8Array.of(0xe2, 0x82, 0xac)));
});
