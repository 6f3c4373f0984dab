// The difference between two texts as a person reads it: a unified diff. Pure. Its work is bounded, whatever the texts are.

import { LIMITS } from './limits.ts';

/** Lines around a change that are shown with it. */
const CONTEXT_LINES = 3;

/**
 * The unified diff from one text to another; '' when they are equal. The smallest one, unless finding it took more than
 * `LIMITS.diffStepsMax` steps: then everything between the first and the last difference is one block. A text without a line
 * feed at its end is told as `\ No newline at end of file`.
 *
 * **Trust:** the texts may be anybody's; they are repeated as they are.
 */
export function unifiedDiff(
  before: string,
  after: string,
  names: { readonly from: string; readonly to: string },
): string {
  if (before === after) return '';
  const from = linesOf(before);
  const to = linesOf(after);
  const edits = editsOf(from, to);
  const hunks = hunksOf(edits).map((hunk) => textOf(hunk, from, to));
  return `--- ${names.from}\n+++ ${names.to}\n${hunks.join('')}`;
}

/** Each with its line feed, where it has one. */
const linesOf = (text: string): readonly string[] => text.match(/[^\n]*\n|[^\n]+$/g) ?? [];

/** Lines `[fromStart, fromEnd)` become lines `[toStart, toEnd)`. */
type Edit = {
  readonly fromStart: number;
  readonly fromEnd: number;
  readonly toStart: number;
  readonly toEnd: number;
};

/** In order, at least one line apart from each other. */
function editsOf(from: readonly string[], to: readonly string[]): readonly Edit[] {
  const shorter = Math.min(from.length, to.length);
  let start = 0;
  while (start < shorter && from[start] === to[start]) start += 1;
  let same = 0;
  while (same < shorter - start && from.at(-1 - same) === to.at(-1 - same)) same += 1;
  const numbers = new Map<string, number>();
  const numbered = (lines: readonly string[]) =>
    Int32Array.from(lines.slice(start, lines.length - same), (line) => {
      const number = numbers.get(line) ?? numbers.size;
      numbers.set(line, number);
      return number;
    });
  const a = numbered(from);
  const b = numbered(to);
  const path = shortestPath(a, b);
  const inner = path === undefined ? [whole(a, b)] : path;
  return inner.map(({ fromStart, fromEnd, toStart, toEnd }) => ({
    fromStart: fromStart + start,
    fromEnd: fromEnd + start,
    toStart: toStart + start,
    toEnd: toEnd + start,
  }));
}

const whole = (a: Int32Array, b: Int32Array): Edit => ({
  fromStart: 0,
  fromEnd: a.length,
  toStart: 0,
  toEnd: b.length,
});

/**
 * The fewest lines taken out and put in; undefined when that takes too many steps.
 * **Source:** E. W. Myers, An O(ND) Difference Algorithm and Its Variations (1986), the greedy one.
 */
function shortestPath(a: Int32Array, b: Int32Array): readonly Edit[] | undefined {
  /** For each number of changes: how far into `a` each diagonal gets, from -changes to changes. */
  const reached: Int32Array[] = [];
  let stepsLeft: number = LIMITS.diffStepsMax;
  for (let changes = 0; changes <= a.length + b.length; changes++) {
    const row = new Int32Array(2 * changes + 1);
    const last = reached.at(-1);
    reached.push(row);
    stepsLeft -= row.length;
    for (let diagonal = -changes; diagonal <= changes; diagonal += 2) {
      let x = last === undefined ? 0 : furthest(last, changes, diagonal);
      const begun = x;
      while (x < a.length && x - diagonal < b.length && a[x] === b[x - diagonal]) x += 1;
      stepsLeft -= x - begun;
      row[diagonal + changes] = x;
      if (x >= a.length && x - diagonal >= b.length) return traceBack(reached, a.length, b.length);
    }
    if (stepsLeft < 0) return undefined;
  }
  return undefined;
}

/** Where a diagonal begins with one change more: below a line of `b` put in, or behind a line of `a` taken out. */
function furthest(last: Int32Array, changes: number, diagonal: number): number {
  const at = (of: number): number => last[of + changes - 1] ?? -1;
  return isPutIn(last, changes, diagonal) ? at(diagonal + 1) : at(diagonal - 1) + 1;
}

function isPutIn(last: Int32Array, changes: number, diagonal: number): boolean {
  if (diagonal === -changes || diagonal === changes) return diagonal === -changes;
  return (last[diagonal + changes - 2] ?? -1) < (last[diagonal + changes] ?? -1);
}

function traceBack(reached: readonly Int32Array[], fromLength: number, toLength: number): readonly Edit[] {
  const edits: Edit[] = [];
  let diagonal = fromLength - toLength;
  for (let changes = reached.length - 1; changes > 0; changes--) {
    const last = reached[changes - 1] ?? new Int32Array();
    const fromEnd = furthest(last, changes, diagonal);
    const toEnd = fromEnd - diagonal;
    const isIn = isPutIn(last, changes, diagonal);
    const edit = { fromStart: isIn ? fromEnd : fromEnd - 1, fromEnd, toStart: isIn ? toEnd - 1 : toEnd, toEnd };
    const next = edits.at(-1);
    if (next?.fromStart === fromEnd && next.toStart === toEnd) {
      edits[edits.length - 1] = { ...edit, fromEnd: next.fromEnd, toEnd: next.toEnd };
    } else {
      edits.push(edit);
    }
    diagonal += isIn ? 1 : -1;
  }
  return edits.reverse();
}

/** Edits whose context touches stand in one hunk. */
function hunksOf(edits: readonly Edit[]): readonly (readonly Edit[])[] {
  const hunks: Edit[][] = [];
  for (const edit of edits) {
    const hunk = hunks.at(-1);
    const before = hunk?.at(-1);
    if (hunk !== undefined && before !== undefined && edit.fromStart - before.fromEnd <= 2 * CONTEXT_LINES) {
      hunk.push(edit);
    } else {
      hunks.push([edit]);
    }
  }
  return hunks;
}

function textOf(hunk: readonly Edit[], from: readonly string[], to: readonly string[]): string {
  const first = hunk[0];
  const last = hunk.at(-1);
  if (first === undefined || last === undefined) return '';
  const above = Math.min(CONTEXT_LINES, first.fromStart);
  const below = Math.min(CONTEXT_LINES, from.length - last.fromEnd);
  let lines = '';
  let at = first.fromStart - above;
  for (const { fromStart, fromEnd, toStart, toEnd } of hunk) {
    lines += shown(' ', from, at, fromStart) + shown('-', from, fromStart, fromEnd) + shown('+', to, toStart, toEnd);
    at = fromEnd;
  }
  lines += shown(' ', from, at, at + below);
  const fromRange = rangeOf(first.fromStart - above, last.fromEnd + below);
  const toRange = rangeOf(first.toStart - above, last.toEnd + below);
  return `@@ -${fromRange} +${toRange} @@\n${lines}`;
}

/** Lines are counted from 1; what holds none is told by the line before it. */
const rangeOf = (start: number, end: number): string => `${end === start ? start : start + 1},${end - start}`;

const shown = (sign: string, lines: readonly string[], start: number, end: number): string =>
  lines
    .slice(start, end)
    .map((line) => `${sign}${line}${line.endsWith('\n') ? '' : '\n\\ No newline at end of file\n'}`)
    .join('');
