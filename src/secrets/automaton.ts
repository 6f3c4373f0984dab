// Finds every occurrence of many byte patterns in one pass (Aho-Corasick). Pure. Used by mask.ts.
// **Trust:** the bytes that are searched are anybody's; the patterns are secrets, and nothing here shows them.

/** Bytes that are taken for the same: letters of both cases, and the two letters in which the alphabets of base64 differ. */
const FOLDED: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte >= 0x41 && byte <= 0x5a) return byte + 0x20;
  if (byte === 0x2b) return 0x2d;
  return byte === 0x2f ? 0x5f : byte;
});

export type Automaton = {
  /** The state after one more byte; 0 is the first state. */
  readonly step: (state: number, byte: number) => number;
  /** How many of the last bytes are the beginning of some pattern. */
  readonly depth: (state: number) => number;
  /** Goes through all of it, and tells of the longest pattern that ends at each place where one does. */
  readonly search: (bytes: Uint8Array, onFound: (at: number, length: number, isOpen: boolean) => void) => void;
};

/**
 * Takes time and memory linear in the patterns' lengths together, about 20 bytes for each of theirs; a search takes time linear in
 * what is searched, whatever it is.
 *
 * @param open those of the patterns that don't end where what they stand for ends: it goes on into the bytes beside them
 */
export function createAutomaton(patterns: readonly Uint8Array[], open: readonly Uint8Array[] = []): Automaton {
  const room = patterns.reduce((sum, { length }) => sum + length, 1);
  const symbol = new Uint8Array(room);
  const firstChild = new Int32Array(room);
  const sibling = new Int32Array(room);
  const fail = new Int32Array(room);
  const longest = new Int32Array(room);
  const isOpen = new Uint8Array(room);
  const depth = new Int32Array(room);
  /** Of the first state, which has many. */
  const first = new Int32Array(256);
  let nodes = 1;

  const childOf = (node: number, byte: number): number => {
    if (node === 0) return first[byte] ?? 0;
    let child = firstChild[node] ?? 0;
    while (child !== 0 && symbol[child] !== byte) child = sibling[child] ?? 0;
    return child;
  };
  const addChild = (node: number, byte: number): number => {
    const child = nodes;
    nodes += 1;
    symbol[child] = byte;
    depth[child] = (depth[node] ?? 0) + 1;
    if (node === 0) first[byte] = child;
    sibling[child] = firstChild[node] ?? 0;
    firstChild[node] = child;
    return child;
  };
  const step = (state: number, byte: number): number => {
    const folded = FOLDED[byte] ?? 0;
    for (let node = state; ; node = fail[node] ?? 0) {
      const child = childOf(node, folded);
      if (child !== 0 || node === 0) return child;
    }
  };

  const add = (pattern: Uint8Array): number => {
    let node = 0;
    for (const byte of pattern) {
      const folded = FOLDED[byte] ?? 0;
      node = childOf(node, folded) || addChild(node, folded);
    }
    return node;
  };
  for (const pattern of patterns) longest[add(pattern)] = pattern.length;
  for (const pattern of open) isOpen[add(pattern)] = 1;
  // In the order of their depth, so that what a state falls back to is known before it.
  const queue = new Int32Array(nodes);
  let queued = 1;
  for (let at = 0; at < queued; at += 1) {
    const node = queue[at] ?? 0;
    for (let child = firstChild[node] ?? 0; child !== 0; child = sibling[child] ?? 0) {
      fail[child] = node === 0 ? 0 : step(fail[node] ?? 0, symbol[child] ?? 0);
      if (longest[child] === 0) {
        longest[child] = longest[fail[child] ?? 0] ?? 0;
        isOpen[child] = isOpen[fail[child] ?? 0] ?? 0;
      }
      queue[queued] = child;
      queued += 1;
    }
  }
  const search: Automaton['search'] = (bytes, onFound) => {
    let state = 0;
    for (let at = 0; at < bytes.length; at += 1) {
      const byte = bytes[at] ?? 0;
      // Most bytes begin nothing.
      state = state === 0 ? (first[FOLDED[byte] ?? 0] ?? 0) : step(state, byte);
      const length = longest[state] ?? 0;
      if (length > 0) onFound(at, length, isOpen[state] === 1);
    }
  };
  return { step, search, depth: (state) => depth[state] ?? 0 };
}
