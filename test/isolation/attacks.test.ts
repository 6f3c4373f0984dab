// The table of what must be tried is whole, and points at tests that are there.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ITEMS, type Tried } from './attacks.ts';

const TESTS = join(import.meta.dirname, '..');

/** A reason has more than a word. */
const REASON_LENGTH_MIN = 30;

/** What is wrong with a reference; undefined when the test is there. */
function brokenReference([file, title]: Tried): string | undefined {
  const path = join(TESTS, file);
  if (!existsSync(path)) return `${file} is not there`;
  const text = readFileSync(path, 'utf8').replaceAll("\\'", "'");
  return text.includes(title) ? undefined : `${file} has no test "${title}"`;
}

describe.each(ITEMS)('$tier: $item', ({ tried, control }) => {
  test('is tried by tests that are there, and has a control or says why not', () => {
    expect(tried.length).toBeGreaterThan(0);
    expect(tried.map(brokenReference).filter((wrong) => wrong !== undefined)).toEqual([]);
    if (typeof control === 'string') expect(control.length).toBeGreaterThan(REASON_LENGTH_MIN);
    else {
      expect(control.length).toBeGreaterThan(0);
      expect(control.map(brokenReference).filter((wrong) => wrong !== undefined)).toEqual([]);
    }
  });
});

test('no item stands twice', () => {
  const names = ITEMS.map(({ tier, item }) => `${tier} ${item}`);
  expect(new Set(names).size).toBe(names.length);
});

test('every suite of attacks serves an item', () => {
  const suites = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.test.ts'));
  const named = new Set(
    ITEMS.flatMap(({ tried, control }) =>
      [...tried, ...(typeof control === 'string' ? [] : control)].map(([file]) => file),
    ),
  );
  // Printed floods and how programs reach around are more of what the acts try.
  const more = [
    'attacks.test.ts',
    'process-flood.test.ts',
    'process-reach.test.ts',
    'audit-page.test.ts',
    'security-page.test.ts',
  ];
  expect(suites.filter((name) => !named.has(`isolation/${name}`) && !more.includes(name))).toEqual([]);
});

test('a reference to a test that is not there is found', () => {
  expect(brokenReference(['isolation/none.test.ts', 'x'])).toBe('isolation/none.test.ts is not there');
  expect(brokenReference(['isolation/attacks.test.ts', ['no such', 'title'].join(' ')])).toMatch(/has no test/);
});
