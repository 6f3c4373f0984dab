// The Merkle tree of RFC 6962 over SHA-256: hashes, and a tree that grows leaf by leaf and keeps only its right edge.
// Used by the record log and by the verifier.

import { hash } from 'node:crypto';

/** Leaves under one hash of the next tile level. **Source:** c2sp.org/tlog-tiles: tiles are 256 wide. */
export const TILE_WIDTH = 256;
const TILE_HEIGHT = 8;

/** SHA-256(0x00 ‖ entry). **Source:** RFC 6962 §2.1 */
export function leafHash(entry: Uint8Array): Buffer {
  return hash('sha256', Buffer.concat([Buffer.of(0x00), entry]), 'buffer');
}

/** SHA-256(0x01 ‖ left ‖ right). **Source:** RFC 6962 §2.1 */
export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  return hash('sha256', Buffer.concat([Buffer.of(0x01), left, right]), 'buffer');
}

/** The root of the tree without leaves: SHA-256 of nothing. */
export function emptyRoot(): Buffer {
  return hash('sha256', '', 'buffer');
}

/** True when both are the same bytes. Hashes here are public, so time may tell. */
export function isSameHash(left: Uint8Array, right: Uint8Array): boolean {
  return Buffer.compare(left, right) === 0;
}

/** A growing tree. Memory: one hash per set bit of its size. */
export class MerkleTree {
  #size = 0;
  /** Roots of the perfect subtrees from left to right, the largest first. */
  readonly #peaks: Uint8Array[] = [];

  get size(): number {
    return this.#size;
  }

  /**
   * Adds a leaf hash and returns the roots of the subtrees of 256, 256², … leaves that it completes, usually `[]`:
   * the hashes that tiles of level 1, 2, … take.
   */
  append(leaf: Uint8Array): readonly Uint8Array[] {
    const completed: Uint8Array[] = [];
    let node = leaf;
    let height = 0;
    for (let rest = this.#size; rest % 2 === 1; rest = Math.floor(rest / 2)) {
      const left = this.#peaks.pop();
      if (left === undefined) break;
      node = nodeHash(left, node);
      height += 1;
      if (height % TILE_HEIGHT === 0) completed.push(node);
    }
    this.#peaks.push(node);
    this.#size += 1;
    return completed;
  }

  /** The root over all leaves so far. */
  root(): Uint8Array {
    const last = this.#peaks.at(-1);
    if (last === undefined) return emptyRoot();
    return this.#peaks.slice(0, -1).reduceRight((right, left) => nodeHash(left, right), last);
  }

  /** An independent copy. */
  fork(): MerkleTree {
    const copy = new MerkleTree();
    copy.#size = this.#size;
    copy.#peaks.push(...this.#peaks);
    return copy;
  }
}

/** The hashes of tile levels 1 and up; level 0 is the leaf hashes, which the store keeps. 32 bytes per 256 records. */
export class UpperTiles {
  readonly #levels: Uint8Array[][] = [];

  /** Takes what `MerkleTree.append` returned. */
  add(completed: readonly Uint8Array[]): void {
    for (const [offset, node] of completed.entries()) {
      const level = this.#levels[offset];
      if (level === undefined) this.#levels.push([node]);
      else level.push(node);
    }
  }

  /** Hashes `[from, to)` of a level from 1 up; fewer, or `[]`, where the tree has not grown so far. */
  hashes(level: number, from: number, to: number): readonly Uint8Array[] {
    return this.#levels[level - 1]?.slice(from, to) ?? [];
  }
}
