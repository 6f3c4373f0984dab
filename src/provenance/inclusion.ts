// Inclusion proofs of the tree of RFC 6962: made from stored hashes, and followed up to the root. Pure but for hashing;
// used by the record log and by the verifier.

import { nodeHash, TILE_WIDTH } from './merkle.ts';

/** A leaf's place: `index` below `size`, both whole and safe. */
export type LeafPlace = { readonly index: number; readonly size: number };

/**
 * Roots of stored perfect subtrees: hashes `[from, to)` of a tile level, each over 256^level leaves. Level 0 is the leaf
 * hashes. Fewer than asked for, where they are not there.
 */
export type SubtreeHashes = (level: number, from: number, to: number) => readonly Uint8Array[];

/**
 * The siblings of the way from a leaf to the root, from the leaf up; undefined when a stored hash is missing. Asks for at
 * most 128 hashes at once, and for at most 512 of each tile level in all.
 *
 * **Source:** RFC 6962 §2.1.1
 */
export function inclusionProof({ index, size }: LeafPlace, hashes: SubtreeHashes): readonly Uint8Array[] | undefined {
  const siblings: Uint8Array[] = [];
  let from = 0;
  let to = size;
  while (to - from > 1) {
    const middle = from + powerBelow(to - from);
    const isLeft = index < middle;
    const sibling = isLeft ? rootOf(middle, to, hashes) : rootOf(from, middle, hashes);
    if (sibling === undefined) return undefined;
    siblings.push(sibling);
    if (isLeft) to = middle;
    else from = middle;
  }
  return siblings.reverse();
}

/**
 * The root that a proof leads to; undefined when it has more or fewer hashes than the way has. Which root it ought to be
 * is the caller's to know.
 *
 * **Trust:** place, leaf and proof are evidence. **Source:** RFC 9162 §2.1.3.2
 */
export function rootByInclusion(
  { index, size }: LeafPlace,
  leaf: Uint8Array,
  proof: readonly Uint8Array[],
): Uint8Array | undefined {
  if (!Number.isSafeInteger(size) || !Number.isSafeInteger(index) || index < 0 || index >= size) return undefined;
  let node = index;
  let last = size - 1;
  let root = leaf;
  for (const sibling of proof) {
    if (last === 0) return undefined;
    if (node % 2 === 1 || node === last) {
      root = nodeHash(sibling, root);
      // A right edge without a partner goes up as it is.
      while (node % 2 === 0 && node !== 0) [node, last] = [half(node), half(last)];
    } else {
      root = nodeHash(root, sibling);
    }
    [node, last] = [half(node), half(last)];
  }
  return last === 0 ? root : undefined;
}

/** The root over leaves `[from, to)`, `from` as the tree of RFC 6962 splits: perfect subtrees, the largest first. */
function rootOf(from: number, to: number, hashes: SubtreeHashes): Uint8Array | undefined {
  const peaks: Uint8Array[] = [];
  let at = from;
  while (at < to) {
    const width = powerBelow(to - at + 1);
    const peak = perfectRoot(at, width, hashes);
    if (peak === undefined) return undefined;
    peaks.push(peak);
    at += width;
  }
  return peaks.reduceRight((right, left) => nodeHash(left, right));
}

/** The root of a perfect subtree of `width` leaves, from the highest tile level whose hashes are no wider than it is. */
function perfectRoot(from: number, width: number, hashes: SubtreeHashes): Uint8Array | undefined {
  let level = 0;
  let unit = 1;
  while (unit * TILE_WIDTH <= width) {
    unit *= TILE_WIDTH;
    level += 1;
  }
  let row = hashes(level, from / unit, (from + width) / unit);
  if (row.length !== width / unit) return undefined;
  while (row.length > 1) row = pairs(row);
  return row[0];
}

function pairs(row: readonly Uint8Array[]): readonly Uint8Array[] {
  return row.flatMap((left, index) => {
    const right = row[index + 1];
    return index % 2 === 0 && right !== undefined ? [nodeHash(left, right)] : [];
  });
}

/** The largest power of two below `count`, which is 2 or more. */
function powerBelow(count: number): number {
  let power = 1;
  while (power * 2 < count) power *= 2;
  return power;
}

const half = (value: number): number => Math.floor(value / 2);
