import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { unifiedDiff } from '#base/text-diff.ts';

const NAMES = { from: 'old', to: 'new' };
const diff = (from: string, to: string) => unifiedDiff(from, to, NAMES);
/** A text as a diff tells its lines. */
const told = (text: string) => (text === '' || text.endsWith('\n') ? text : `${text}\n\\ No newline at end of file\n`);
const lines = (text: string): readonly string[] => text.match(/[^\n]*\n(\\ No newline at end of file\n)?/g) ?? [];

/** Applies a diff to the text that it was made from, and fails where the two don't fit. The answer is as `told` tells it. */
function patched(text: string, patch: string): string {
  const from = lines(told(text));
  const out: string[] = [];
  let at = 0;
  const parts = patch.split(/^@@ -(\d+),(\d+) \+(\d+),(\d+) @@\n/m);
  expect(parts[0]).toBe(patch === '' ? '' : '--- old\n+++ new\n');
  for (let part = 1; part < parts.length; part += 5) {
    const [start = 0, count = 0, toStart = 0, toCount = 0] = parts.slice(part, part + 4).map(Number);
    const first = count === 0 ? start : start - 1;
    out.push(...from.slice(at, first));
    expect(out).toHaveLength(toCount === 0 ? toStart : toStart - 1);
    at = first;
    const outBefore = out.length;
    for (const line of lines(parts[part + 4] ?? '')) {
      if (line[0] !== '+') expect(from[at++]).toBe(line.slice(1));
      if (line[0] !== '-') out.push(line.slice(1));
    }
    expect([at - first, out.length - outBefore]).toEqual([count, toCount]);
  }
  return [...out, ...from.slice(at)].join('');
}

describe('a unified diff', () => {
  test('shows what was taken out and put in, with three lines around it', () => {
    const from = 'a\nb\nc\nd\ne\nf\ng\nh\n';
    expect(diff(from, 'a\nb\nc\nd\nE\nf\ng\nh\n')).toBe(
      '--- old\n+++ new\n@@ -2,7 +2,7 @@\n b\n c\n d\n-e\n+E\n f\n g\n h\n',
    );
  });

  test('has a part for each place, and one for places that are near', () => {
    const many = Array.from({ length: 30 }, (_, n) => `${n}\n`);
    const changed = (...at: number[]) => many.map((line, n) => (at.includes(n) ? `x${line}` : line)).join('');
    const parts = (patch: string) => patch.match(/^@@/gm)?.length;
    expect(parts(diff(many.join(''), changed(3, 9)))).toBe(1);
    expect(parts(diff(many.join(''), changed(3, 11)))).toBe(2);
  });

  test('says where the last line has no end', () => {
    expect(diff('a', 'a\n')).toBe('--- old\n+++ new\n@@ -1,1 +1,1 @@\n-a\n\\ No newline at end of file\n+a\n');
    expect(diff('', 'a')).toBe('--- old\n+++ new\n@@ -0,0 +1,1 @@\n+a\n\\ No newline at end of file\n');
  });

  test('is empty for equal texts', () => {
    expect([diff('', ''), diff('a\n', 'a\n')]).toEqual(['', '']);
  });

  test('of any two texts makes the second of the first', () => {
    const line = fc.constantFrom('a\n', 'b\n', 'c\n', '\n', ' -d\n', '+e\r\n');
    const text = fc
      .tuple(fc.array(line, { maxLength: 20 }), fc.constantFrom('', 'a', 'end'))
      .map(([all, end]) => all.join('') + end);
    fc.assert(
      fc.property(text, text, (from, to) => {
        expect(patched(from, diff(from, to))).toBe(told(to));
      }),
      { numRuns: 2_000 },
    );
  });

  test('of texts whose difference takes too long to find is one block, and still right', () => {
    const noise = (seed: number) => {
      let state = seed;
      return Array.from({ length: 20_000 }, () => {
        state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
        return `${state % 3}\n`;
      }).join('');
    };
    const [from, to] = [`same\n${noise(1)}same\n`, `same\n${noise(2)}same\n`];
    const patch = diff(from, to);
    expect(patch.match(/^@@/gm)).toHaveLength(1);
    expect(patched(from, patch)).toBe(to);
  });
});
