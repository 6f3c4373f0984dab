import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { emptyRoot, isSameHash, leafHash, MerkleTree, UpperTiles } from '#provenance/merkle.ts';
import { consistencyProof, inclusionProof, rootOf, verifyConsistency, verifyInclusion } from '#provenance/proof.ts';

/** MTH as RFC 6962 §2.1 writes it down, over entries. */
function naiveRoot(entries: readonly Uint8Array[]): Buffer {
  const sha256 = (...parts: Uint8Array[]) => createHash('sha256').update(Buffer.concat(parts)).digest();
  const [first] = entries;
  if (first === undefined) return sha256();
  if (entries.length === 1) return sha256(Buffer.of(0), first);
  const split = 2 ** Math.ceil(Math.log2(entries.length) - 1);
  return sha256(Buffer.of(1), naiveRoot(entries.slice(0, split)), naiveRoot(entries.slice(split)));
}

const entriesOf = (size: number, seed = 0) =>
  Array.from({ length: size }, (_none, index) => Buffer.from(`${seed} ${index}`));
const leavesOf = (size: number, seed = 0) => entriesOf(size, seed).map((entry) => leafHash(entry));

/** The proof with one byte changed, one step added, removed or moved. */
function mutations(proof: readonly Uint8Array[], at: number): Uint8Array[][] {
  const step = at % Math.max(1, proof.length);
  const changed = proof.map((hash, index) => {
    const copy = Buffer.from(hash);
    if (index === step) copy[at % 32] = (copy[at % 32] ?? 0) ^ 1;
    return copy;
  });
  const longer = [...proof, leafHash(Buffer.from('more'))];
  return proof.length === 0 ? [longer] : [changed, longer, proof.slice(0, -1), proof.slice(1)];
}

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
      expect(isSameHash(rootOf(entries.slice(0, index + 1).map((one) => leafHash(one))), expected)).toBe(true);
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
    const leaves = leavesOf(600);
    const tree = new MerkleTree();
    const upper = new UpperTiles();
    for (const leaf of leaves) upper.add(tree.append(leaf));
    expect(upper.hashes(1, 0, 9)).toEqual([rootOf(leaves.slice(0, 256)), rootOf(leaves.slice(256, 512))]);
    expect([upper.hashes(1, 2, 3), upper.hashes(2, 0, 1)]).toEqual([[], []]);
  });
});

describe('an inclusion proof', () => {
  const cases = fc
    .integer({ min: 1, max: 70 })
    .chain((size) => fc.tuple(fc.constant(size), fc.nat(size - 1), fc.nat(31)));

  test('holds for every leaf of every small tree, and for no other place', () => {
    for (let size = 1; size <= 20; size += 1) {
      const leaves = leavesOf(size);
      const root = rootOf(leaves);
      for (const [index, leaf] of leaves.entries()) {
        const proof = inclusionProof(leaves, index);
        expect(verifyInclusion({ index, size, leaf, proof, root })).toBe(true);
        for (let other = 0; other <= size; other += 1) {
          if (other !== index) expect(verifyInclusion({ index: other, size, leaf, proof, root })).toBe(false);
        }
      }
    }
  });

  test('fails when anything in it is changed', () => {
    fc.assert(
      fc.property(cases, ([size, index, at]) => {
        const leaves = leavesOf(size);
        const claim = { index, size, leaf: leaves[index] ?? emptyRoot(), root: rootOf(leaves) };
        const proof = inclusionProof(leaves, index);
        expect(verifyInclusion({ ...claim, proof })).toBe(true);
        for (const mutated of mutations(proof, at)) expect(verifyInclusion({ ...claim, proof: mutated })).toBe(false);
        expect(verifyInclusion({ ...claim, proof, leaf: leafHash(Buffer.from('other')) })).toBe(false);
        expect(verifyInclusion({ ...claim, proof, root: rootOf(leavesOf(size, 1)) })).toBe(false);
      }),
    );
  });

  test.each([-1, 0.5, Number.NaN, 2 ** 53])('is refused for the index %s', (index) => {
    const [leaf = emptyRoot()] = leavesOf(1);
    expect(verifyInclusion({ index, size: 1, leaf, proof: [], root: leaf })).toBe(false);
  });
});

describe('a consistency proof', () => {
  const cases = fc
    .integer({ min: 1, max: 70 })
    .chain((size) => fc.tuple(fc.constant(size), fc.integer({ min: 1, max: size }), fc.nat(31)));

  test('holds between all sizes of a small tree', () => {
    const leaves = leavesOf(20);
    for (let size = 1; size <= 20; size += 1) {
      const root = rootOf(leaves.slice(0, size));
      for (let oldSize = 1; oldSize <= size; oldSize += 1) {
        const proof = consistencyProof(leaves.slice(0, size), oldSize);
        const oldRoot = rootOf(leaves.slice(0, oldSize));
        expect(verifyConsistency({ oldSize, size, oldRoot, root, proof })).toBe(true);
      }
    }
  });

  test('fails when anything in it is changed, and for a tree of another history', () => {
    fc.assert(
      fc.property(cases, ([size, oldSize, at]) => {
        const leaves = leavesOf(size);
        const claim = { oldSize, size, oldRoot: rootOf(leaves.slice(0, oldSize)), root: rootOf(leaves) };
        const proof = consistencyProof(leaves, oldSize);
        expect(verifyConsistency({ ...claim, proof })).toBe(true);
        for (const mutated of mutations(proof, at)) expect(verifyConsistency({ ...claim, proof: mutated })).toBe(false);
        expect(verifyConsistency({ ...claim, proof, oldRoot: rootOf(leavesOf(oldSize, 1)) })).toBe(false);
        expect(verifyConsistency({ ...claim, proof, root: rootOf(leavesOf(size, 1)) })).toBe(false);
      }),
    );
  });

  test('is never given for an empty or larger older tree', () => {
    const root = rootOf(leavesOf(2));
    for (const oldSize of [0, 3, -1]) {
      expect(verifyConsistency({ oldSize, size: 2, oldRoot: root, root, proof: [] })).toBe(false);
    }
  });
});
