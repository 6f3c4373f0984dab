import { execFileSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sha256 } from '#base/digest.ts';
import { packageDigest } from '#registry/package-digest.ts';
import type { PluginFile, PluginFiles } from '#registry/plugin-files.ts';
import { readPluginFiles } from '#registry/plugin-tree.ts';
import { createWorkspace } from './workspace.ts';

/** The recipe of package-digest.ts, word for word, by programs that are not ours. */
const RECIPE = `
  { echo smcp-plugin/1
    find . \\( -name .git -o -name __pycache__ \\) -prune -o -type f -printf '%P\\n' | LC_ALL=C sort |
    while IFS= read -r path; do
      [ -x "$path" ] && mark=x || mark=-
      echo "$(sha256sum < "$path" | cut -d' ' -f1) $mark $path"
    done
  } | sha256sum`;

const file = (text: string, isExecutable = false): PluginFile => ({ bytes: Buffer.from(text), isExecutable });
const files = (entries: { readonly [path: string]: PluginFile }): PluginFiles => new Map(Object.entries(entries));

describe("the digest of a plugin's files", () => {
  test('can be computed again with find, sort and sha256sum', async () => {
    using workspace = createWorkspace();
    const root = workspace.write('p', {
      'plugin.json': '{}',
      'B.js': 'b',
      'a b/ü.js': 'ü\n',
      'a-b': '',
      a: 'x',
      '.git/HEAD': 'left out',
      'run.sh': '#!/bin/sh\n',
    });
    chmodSync(`${root}/run.sh`, 0o755);
    const theirs = execFileSync('sh', ['-c', RECIPE], { cwd: root, encoding: 'utf8' }).slice(0, 64);
    expect(packageDigest(await readPluginFiles(root, { isCopy: false }))).toBe(`sha256:${theirs}`);
  });

  test('has the value that its description gives', () => {
    const content = sha256('A').slice('sha256:'.length);
    expect(packageDigest(files({ 'a.js': file('A', true) }))).toBe(sha256(`smcp-plugin/1\n${content} x a.js\n`));
    expect(packageDigest(new Map())).toBe(sha256('smcp-plugin/1\n'));
  });

  test('differs for a file renamed, moved, changed, made executable, added or taken away', () => {
    const variants = [
      files({ a: file('x'), b: file('y') }),
      files({ a: file('x'), c: file('y') }),
      files({ 'a/b': file('x'), b: file('y') }),
      files({ a: file('y'), b: file('x') }),
      files({ a: file('xy'), b: file('') }),
      files({ a: file('x', true), b: file('y') }),
      files({ a: file('x') }),
      files({ a: file('x'), b: file('y'), c: file('') }),
      files({ 'a - b': file('x') }),
    ];
    expect(new Set(variants.map(packageDigest)).size).toBe(variants.length);
  });

  test('is the same for two trees only when they are the same tree', () => {
    const tree = fc.dictionary(
      fc.constantFrom('a', 'b', 'a/b', 'a b', '- a', 'x a'),
      fc.record({ text: fc.constantFrom('', 'a', 'b\n'), isExecutable: fc.boolean() }),
      { noNullPrototype: true },
    );
    const sorted = (entries: Record<string, { text: string; isExecutable: boolean }>) =>
      Object.entries(entries).sort(([a], [b]) => (a < b ? -1 : 1));
    fc.assert(
      fc.property(tree, tree, (one, other) => {
        const digest = (entries: typeof one) =>
          packageDigest(
            new Map(sorted(entries).map(([path, { text, isExecutable }]) => [path, file(text, isExecutable)])),
          );
        const isSame = JSON.stringify(sorted(one)) === JSON.stringify(sorted(other));
        expect(digest(one) === digest(other)).toBe(isSame);
      }),
    );
  });
});
