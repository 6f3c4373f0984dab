// Inclusion and consistency proofs of RFC 6962: made from leaf hashes, verified without them. Pure.

import { invariant } from '#base/invariant.ts';
import { emptyRoot, isSameHash, nodeHash } from './merkle.ts';

/** The largest power of two below `size`; `size` > 1. */
function splitOf(size: number): number {
  let split = 1;
  while (split * 2 < size) split *= 2;
  return split;
}

/** The root over leaf hashes. **Source:** RFC 6962 §2.1 */
export function rootOf(leaves: readonly Uint8Array[]): Uint8Array {
  const [first] = leaves;
  if (first === undefined) return emptyRoot();
  if (leaves.length === 1) return first;
  const split = splitOf(leaves.length);
  return nodeHash(rootOf(leaves.slice(0, split)), rootOf(leaves.slice(split)));
}

/** The audit path of leaf `index`, lowest first. **Source:** RFC 6962 §2.1.1 */
export function inclusionProof(leaves: readonly Uint8Array[], index: number): Uint8Array[] {
  invariant(index >= 0 && index < leaves.length, 'the proven leaf is in the tree');
  if (leaves.length === 1) return [];
  const split = splitOf(leaves.length);
  return index < split
    ? [...inclusionProof(leaves.slice(0, split), index), rootOf(leaves.slice(split))]
    : [...inclusionProof(leaves.slice(split), index - split), rootOf(leaves.slice(0, split))];
}

/** Proof that the first `oldSize` leaves begin this tree; 1 ≤ oldSize ≤ size. **Source:** RFC 6962 §2.1.2 */
export function consistencyProof(leaves: readonly Uint8Array[], oldSize: number): Uint8Array[] {
  invariant(oldSize >= 1 && oldSize <= leaves.length, 'the older tree is a part of this one');
  return subproof(leaves, oldSize, true);
}

function subproof(leaves: readonly Uint8Array[], oldSize: number, isWhole: boolean): Uint8Array[] {
  if (oldSize === leaves.length) return isWhole ? [] : [rootOf(leaves)];
  const split = splitOf(leaves.length);
  return oldSize <= split
    ? [...subproof(leaves.slice(0, split), oldSize, isWhole), rootOf(leaves.slice(split))]
    : [...subproof(leaves.slice(split), oldSize - split, false), rootOf(leaves.slice(0, split))];
}

/** A claim that `leaf` stands at `index` of the tree of `size` leaves with `root`. **Trust:** all of it is the prover's but the root. */
export type InclusionClaim = {
  readonly index: number;
  readonly size: number;
  readonly leaf: Uint8Array;
  readonly proof: readonly Uint8Array[];
  readonly root: Uint8Array;
};

/** True when the proof holds. **Source:** RFC 9162 §2.1.3.2 */
export function verifyInclusion({ index, size, leaf, proof, root }: InclusionClaim): boolean {
  if (!isCount(index) || !isCount(size) || index >= size) return false;
  let position = index;
  let last = size - 1;
  let node = leaf;
  for (const step of proof) {
    if (last === 0) return false;
    if (position % 2 === 1 || position === last) {
      node = nodeHash(step, node);
      while (position % 2 === 0 && position !== 0) {
        position /= 2;
        last = Math.floor(last / 2);
      }
    } else {
      node = nodeHash(node, step);
    }
    position = Math.floor(position / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 && isSameHash(node, root);
}

/** A claim that the tree of `oldSize` leaves begins the tree of `size`. **Trust:** the proof is the prover's, the roots are known. */
export type ConsistencyClaim = {
  readonly oldSize: number;
  readonly size: number;
  readonly oldRoot: Uint8Array;
  readonly root: Uint8Array;
  readonly proof: readonly Uint8Array[];
};

/** True when the proof holds. An empty old tree proves nothing: false. **Source:** RFC 9162 §2.1.4.2 */
export function verifyConsistency({ oldSize, size, oldRoot, root, proof }: ConsistencyClaim): boolean {
  if (!isCount(oldSize) || !isCount(size) || oldSize < 1 || oldSize > size) return false;
  if (oldSize === size) return proof.length === 0 && isSameHash(oldRoot, root);
  let position = oldSize - 1;
  let last = size - 1;
  while (position % 2 === 1) {
    position = Math.floor(position / 2);
    last = Math.floor(last / 2);
  }
  // A power of two: the old root itself is the first step, and is not sent.
  const steps = position === 0 ? [oldRoot, ...proof] : [...proof];
  const first = steps.shift();
  if (first === undefined) return false;
  let oldNode = first;
  let node = first;
  for (const step of steps) {
    if (last === 0) return false;
    if (position % 2 === 1 || position === last) {
      oldNode = nodeHash(step, oldNode);
      node = nodeHash(step, node);
      while (position % 2 === 0 && position !== 0) {
        position /= 2;
        last = Math.floor(last / 2);
      }
    } else {
      node = nodeHash(node, step);
    }
    position = Math.floor(position / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 && isSameHash(oldNode, oldRoot) && isSameHash(node, root);
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}
