import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { emptyRoot, isSameHash, leafHash, MerkleTree, UpperTiles } from '#provenance/merkle.ts';

/** MTH as RFC 6962 §2.1 writes it down, over entries. */
function naiveRoot(entries: readonly Uint8Array[]): Buffer {
  const sha256 = (...parts: Uint8Array[]) => createHash('sha256').update(Buffer.concat(parts)).digest();
  const [first] = entries;
  if (first === undefined) return sha256();
  if (entries.length === 1) return sha256(Buffer.of(0), first);
  const split = 2 ** Math.ceil(Math.log2(entries.length) - 1);
  return sha256(Buffer.of(1), naiveRoot(entries.slice(0, split)), naiveRoot(entries.slice(split)));
}

const entriesOf = (size: number) => Array.from({ length: size }, (_none, index) => Buffer.from(`${index}`));

describe('the tree', () => {
  test('has the roots of RFC 6962 while it grows, and its copies go their own way', () => {
    const tree = new MerkleTree();
    expect(isSameHash(tree.root(), naiveRoot([]))).toBe(true);
    const entries = entriesOf(200);
    for (const [index, entry] of entries.entries()) {
      const fork = tree.fork();
      tree.append(leafHash(entry));
      const expected = naiveRoot(entries.slice(0, index + 1));
      expect(Buffer.from(tree.root()).equals(expected)).toBe(true);
      expect(fork.size).toBe(index);
    }
  });

  test('has the known root of nothing and of one empty leaf', () => {
    // Vectors of the Certificate Transparency code base.
    expect(Buffer.from(emptyRoot()).toString('hex')).toBe(
      'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    );
    expect(leafHash(Buffer.alloc(0)).toString('hex')).toBe(
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
    );
  });

  test('tells the hashes that tiles of higher levels take', () => {
    const entries = entriesOf(600);
    const tree = new MerkleTree();
    const upper = new UpperTiles();
    for (const entry of entries) upper.add(tree.append(leafHash(entry)));
    expect(upper.hashes(1, 0, 9)).toEqual([naiveRoot(entries.slice(0, 256)), naiveRoot(entries.slice(256, 512))]);
    expect([upper.hashes(1, 2, 3), upper.hashes(2, 0, 1)]).toEqual([[], []]);
  });
});
