// The nearest valid name to one that is not valid, for remedies. Pure; its work is bounded by the lengths it looks at.

const LENGTH_MAX = 64;
/** A name is near when at most a third of it has to change. */
const CHANGES_PER_LENGTH = 1 / 3;

/**
 * The candidate that needs the fewest single-character changes to become `word`, upper and lower case being alike.
 * Undefined when none is near. Of equally near ones the first.
 *
 * **Trust:** `word` may come from anybody; only its first 64 characters are looked at.
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  const wanted = word.slice(0, LENGTH_MAX).toLowerCase();
  let best: { readonly name: string; readonly changes: number } | undefined;
  for (const name of candidates) {
    const changes = changesBetween(wanted, name.slice(0, LENGTH_MAX).toLowerCase());
    const changesMax = Math.max(1, Math.floor(Math.max(wanted.length, name.length) * CHANGES_PER_LENGTH));
    if (changes <= changesMax && (best === undefined || changes < best.changes)) best = { name, changes };
  }
  return best?.name;
}

/** Insertions, deletions, replacements and swaps of neighbours. **Source:** optimal string alignment distance. */
function changesBetween(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    for (let j = 1; j <= to.length; j++) {
      const isSame = from[i - 1] === to[j - 1];
      let changes = Math.min(at(last, j) + 1, at(row, j - 1) + 1, at(last, j - 1) + (isSame ? 0 : 1));
      if (i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1]) {
        changes = Math.min(changes, at(beforeLast, j - 2) + 1);
      }
      row.push(changes);
    }
    beforeLast = last;
    last = row;
  }
  return at(last, to.length);
}

const at = (row: readonly number[], index: number): number => row[index] ?? Number.POSITIVE_INFINITY;
