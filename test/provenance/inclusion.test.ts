// Inclusion proofs against RFC 6962 as written down in rfc6962.ts: every leaf of small trees, chosen ones of larger trees,
// and everything that must not pass.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { inclusionProof, rootByInclusion, type SubtreeHashes } from '#provenance/inclusion.ts';
import { isSameHash, MerkleTree, UpperTiles } from '#provenance/merkle.ts';
import { naiveFollow, naiveLeaf, naivePath, naiveRoot } from './rfc6962.ts';

/** A log of `size` leaves as the record log keeps it, counting how many hashes it is asked for. */
function storedTree(size: number) {
  const leaves = Array.from({ length: size }, (_none, index) => naiveLeaf(Buffer.from(`${index}`)));
  const tree = new MerkleTree();
  const upper = new UpperTiles();
  for (const leaf of leaves) upper.add(tree.append(leaf));
  const read = { hashes: 0, mostAtOnce: 0 };
  const hashes: SubtreeHashes = (level, from, to) => {
    read.hashes += to - from;
    read.mostAtOnce = Math.max(read.mostAtOnce, to - from);
    return level === 0 ? leaves.slice(from, to) : upper.hashes(level, from, to);
  };
  const leafAt = (index: number) => leaves[index] ?? Buffer.alloc(0);
  return { leaves, leafAt, root: tree.root(), hashes, read };
}

describe('a proof', () => {
  test('of every leaf of every tree up to 70 leaves is the path of RFC 6962, and leads to the root', () => {
    for (let size = 1; size <= 70; size += 1) {
      const { leaves, leafAt, root, hashes } = storedTree(size);
      for (let index = 0; index < size; index += 1) {
        const proof = inclusionProof({ index, size }, hashes) ?? [];
        const expected = naivePath(index, leaves);
        if (Buffer.compare(Buffer.concat(proof), Buffer.concat(expected)) !== 0) throw new Error(`${index}/${size}`);
        const found = rootByInclusion({ index, size }, leafAt(index), proof);
        if (found === undefined || !isSameHash(found, root)) throw new Error(`${index}/${size} does not lead up`);
      }
    }
    expect(inclusionProof({ index: 0, size: 1 }, storedTree(1).hashes)).toEqual([]);
  });

  test.each([255, 256, 257, 513, 1000, 65_536, 66_000])('in a tree of %i leaves', (size) => {
    const { leaves, leafAt, root, hashes } = storedTree(size);
    expect(isSameHash(naiveRoot(leaves), root)).toBe(true);
    const edges = [0, 255, 256, 65_535, 65_536, size - 2, size - 1];
    for (const index of new Set(edges.filter((edge) => edge < size))) {
      const proof = inclusionProof({ index, size }, hashes) ?? [];
      expect(proof).toEqual(naivePath(index, leaves));
      expect(naiveFollow(index, size, leafAt(index), proof)).toEqual(root);
      expect(rootByInclusion({ index, size }, leafAt(index), proof)).toEqual(root);
    }
  });

  test('reads a number of hashes that does not grow with the log', () => {
    const { hashes, read } = storedTree(70_000);
    for (const index of [0, 4_711, 65_535, 65_536, 69_999]) {
      read.hashes = 0;
      expect(inclusionProof({ index, size: 70_000 }, hashes)?.length).toBeLessThanOrEqual(17);
      expect(read.hashes).toBeLessThanOrEqual(3 * 512);
    }
    expect(read.mostAtOnce).toBeLessThanOrEqual(128);
  });

  test('is not made where a stored hash is missing', () => {
    const { hashes } = storedTree(300);
    const lacking: SubtreeHashes = (level, from, to) => hashes(level, from, to).slice(level === 0 ? 1 : 0);
    expect(inclusionProof({ index: 3, size: 300 }, lacking)).toBeUndefined();
  });
});

describe('a proof leads elsewhere', () => {
  test('whatever is changed of place, leaf or hashes', () => {
    const size = fc.integer({ min: 2, max: 300 });
    const place = size.chain((count) =>
      fc.record({ size: fc.constant(count), index: fc.nat(count - 1), other: fc.nat(count - 1), at: fc.nat() }),
    );
    fc.assert(
      fc.property(place, ({ size: count, index, other, at }) => {
        const { leafAt, root, hashes } = storedTree(count);
        const proof = inclusionProof({ index, size: count }, hashes) ?? [];
        const leads = (where: { index: number; size: number }, leaf: Uint8Array, path: readonly Uint8Array[]) => {
          const found = rootByInclusion(where, leaf, path);
          return found !== undefined && isSameHash(found, root);
        };
        const own = { index, size: count };
        const leaf = leafAt(index);
        expect(leads(own, leaf, proof)).toBe(true);
        const flipped = proof.map((hash, position) => {
          const copy = Buffer.from(hash);
          if (position === at % proof.length) copy[at % 32] = (copy[at % 32] ?? 0) ^ 1;
          return copy;
        });
        const wrong = [
          leads(own, leaf, flipped),
          leads(own, leaf, proof.slice(0, -1)),
          leads(own, leaf, proof.slice(1)),
          leads(own, leaf, [...proof, ...proof.slice(0, 1)]),
          leads(own, leaf, [root, ...proof]),
          other !== index && leads({ index: other, size: count }, leaf, proof),
          other !== index && leads(own, leafAt(other), proof),
        ];
        expect(wrong).toEqual(wrong.map(() => false));
      }),
      { numRuns: 200 },
    );
  });

  test.each([
    ['below zero', -1, 4],
    ['at the size', 4, 4],
    ['in no log', 0, 0],
    ['of a fraction', 0.5, 4],
    ['of no number', Number.NaN, 4],
    ['past what is safe', 0, 2 ** 53],
    ['without end', 0, Number.POSITIVE_INFINITY],
  ])('an index %s has no root', (_title, index, size) => {
    const hash = Buffer.alloc(32);
    expect(rootByInclusion({ index, size }, hash, [hash, hash])).toBeUndefined();
  });

  test('as far as numbers go, with exactly as many hashes as the way has', () => {
    const hash = Buffer.alloc(32);
    const size = Number.MAX_SAFE_INTEGER;
    const lengths = Array.from({ length: 60 }, (_none, length) => length);
    const taken = (index: number) =>
      lengths.filter((length) => rootByInclusion({ index, size }, hash, Array(length).fill(hash)) !== undefined);
    expect([taken(0), taken(size - 1)]).toEqual([[53], [52]]);
  });
});
