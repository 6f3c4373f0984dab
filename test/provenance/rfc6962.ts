// Inclusion of RFC 6962 written down once more, as plainly as its §2.1 says it and apart from the product.

import { createHash } from 'node:crypto';

const sha256 = (...parts: readonly Uint8Array[]) => createHash('sha256').update(Buffer.concat(parts)).digest();

export const naiveLeaf = (entry: Uint8Array): Buffer => sha256(Buffer.of(0), entry);

/** MTH of leaf hashes. */
export function naiveRoot(leaves: readonly Uint8Array[]): Uint8Array {
  const [first] = leaves;
  if (first === undefined) return sha256();
  if (leaves.length === 1) return first;
  const split = splitOf(leaves.length);
  return sha256(Buffer.of(1), naiveRoot(leaves.slice(0, split)), naiveRoot(leaves.slice(split)));
}

/** PATH(m, D[n]) of §2.1.1. */
export function naivePath(index: number, leaves: readonly Uint8Array[]): readonly Uint8Array[] {
  if (leaves.length === 1) return [];
  const split = splitOf(leaves.length);
  return index < split
    ? [...naivePath(index, leaves.slice(0, split)), naiveRoot(leaves.slice(split))]
    : [...naivePath(index - split, leaves.slice(split)), naiveRoot(leaves.slice(0, split))];
}

/** The root that a path leads to, by the same split; undefined when the path has another length than it must. */
export function naiveFollow(
  index: number,
  size: number,
  leaf: Uint8Array,
  path: readonly Uint8Array[],
): Uint8Array | undefined {
  if (size === 1) return path.length === 0 ? leaf : undefined;
  const sibling = path.at(-1);
  if (sibling === undefined) return undefined;
  const split = splitOf(size);
  const isLeft = index < split;
  const inner = isLeft
    ? naiveFollow(index, split, leaf, path.slice(0, -1))
    : naiveFollow(index - split, size - split, leaf, path.slice(0, -1));
  if (inner === undefined) return undefined;
  return isLeft ? sha256(Buffer.of(1), inner, sibling) : sha256(Buffer.of(1), sibling, inner);
}

const splitOf = (size: number): number => 2 ** Math.ceil(Math.log2(size) - 1);
