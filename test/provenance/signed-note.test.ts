import { generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { formatCheckpoint, parseCheckpoint, verifyCheckpoint } from '#provenance/checkpoint.ts';
import { asPublicKey, publicKeyOfRaw } from '#provenance/public-key.ts';
import { formatNote, formatVkey, parseVkey, verifyNote } from '#provenance/signed-note.ts';

// The example of golang.org/x/mod/sumdb/note, whose text and signature c2sp.org/signed-note describes.
const VKEY = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
const NOTE =
  'If you think cryptography is the answer to your problem,\n' +
  "then you don't know what your problem is.\n\n" +
  '— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n';

const known = parseVkey(VKEY);
if (known === undefined) throw new Error('the known key does not parse');

describe('a verifier key', () => {
  test('comes back as it was written', () => {
    expect(formatVkey(known)).toBe(VKEY);
  });

  test.each([
    ['another key id', VKEY.replace('c74f', 'c74e')],
    ['another name', VKEY.replace('Peter', 'Petra')],
    ['another algorithm', VKEY.replace('+ARp', '+Ahp')],
    ['a key that is too short', 'PeterNeumann+c74f20a3+ARpc'],
    ['a newline', `${VKEY}\n`],
    ['nothing', ''],
  ])('with %s is none', (_title, text) => {
    expect(parseVkey(text)).toBeUndefined();
  });
});

describe('a signed note', () => {
  test('of another implementation verifies', () => {
    expect(verifyNote(NOTE, known)).toContain('your problem is.\n');
  });

  test.each([
    ['its text', NOTE.replace('answer', 'Answer')],
    ['its signature', NOTE.replace('x08go', 'x08gp')],
    ['its signer', NOTE.replace('— Peter', '— Petra')],
    ['a second signature', `${NOTE}— other AAAA\n`],
    ['its last newline', NOTE.slice(0, -1)],
    ['its blank line', NOTE.replace('\n\n', '\n')],
  ])('is refused when %s is changed', (_title, note) => {
    expect(note).not.toBe(NOTE);
    expect(verifyNote(note, known)).toBeUndefined();
  });
});

describe('a checkpoint', () => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const key = asPublicKey(publicKey);
  if (key === undefined) throw new Error('no key');
  const noteKey = { name: 'a/1/1', key };
  const root = Buffer.alloc(32, 5);
  const noteOf = (text: string) => formatNote(text, noteKey, sign(null, Buffer.from(text), privateKey));

  test('has three lines and verifies with the key of its origin', () => {
    const text = formatCheckpoint({ origin: 'a/1/1', size: 7, root });
    expect(text).toBe(`a/1/1\n7\n${root.toString('base64')}\n`);
    expect(verifyCheckpoint(noteOf(text), noteKey)).toEqual({ origin: 'a/1/1', size: 7, root });
  });

  test('of another origin is refused, though the key signed it', () => {
    expect(verifyCheckpoint(noteOf(formatCheckpoint({ origin: 'b/1/1', size: 7, root })), noteKey)).toBeUndefined();
  });

  test.each([
    'a\n07\nX\n',
    'a\n-1\nX\n',
    'a\n1e3\nX\n',
    'a\n99999999999999999\nX\n',
    'a\n7\nAAAA\n',
    '\n7\nX\n',
    'a\n7\nX\nmore\n',
    'a\n7\nX',
  ])('%j is none', (text) => {
    const valid = root.toString('base64');
    expect(parseCheckpoint(text.replace('X', valid))).toBeUndefined();
    expect(parseCheckpoint(`a\n7\n${valid}\n`)).toBeDefined();
  });

  test('needs a key of 32 bytes', () => {
    expect(publicKeyOfRaw(new Uint8Array(31))).toBeUndefined();
  });
});
