// SECURITY.md names the tests that show what it says: each is there, and each part of the sandbox has both what it protects
// against and what not.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const PAGE = readFileSync(join(ROOT, 'SECURITY.md'), 'utf8');
const SANDBOX = PAGE.split('### The sandbox, boundary by boundary')[1]?.split('\n## ')[0] ?? '';

/** A path with a `*` stands for at least one file. */
function isThere(path: string): boolean {
  if (!path.includes('*')) return existsSync(join(ROOT, path));
  const [head = '', tail = ''] = basename(path).split('*');
  return readdirSync(join(ROOT, dirname(path))).some((name) => name.startsWith(head) && name.endsWith(tail));
}

test('every test that it names is there', () => {
  const named = [...PAGE.matchAll(/`(test\/[^`]+)`/g)].map(([, path = '']) => path);
  expect(named.length).toBeGreaterThan(30);
  expect(named.filter((path) => !isThere(path))).toEqual([]);
  expect(isThere('test/isolation/none.test.ts')).toBe(false);
});

test('every sentence on what a part of the sandbox protects against names a test', () => {
  const sentences = SANDBOX.split('\n- ')
    .slice(1)
    .map((text) => text.split('\n\n')[0] ?? '')
    .filter((text) => !text.startsWith('Not'));
  expect(sentences.length).toBeGreaterThan(15);
  expect(sentences.filter((text) => !text.includes('`test/'))).toEqual([]);
});

test('every part of the sandbox says what it does not protect against', () => {
  const parts = SANDBOX.split('\n**').slice(1);
  expect(parts.length).toBe(4);
  expect(parts.filter((text) => !/\n- Not[:,]/.test(text)).map((text) => text.split('\n')[0])).toEqual([]);
});

test.each(['swap', 'side channels', 'a client or agent with a shell', 'holes in the kernel'])(
  'it says that %s is not covered',
  (what) => {
    const left = PAGE.split('## What it does not protect against')[1]?.split('\n## ')[0] ?? '';
    expect(left.toLowerCase()).toContain(what);
  },
);
