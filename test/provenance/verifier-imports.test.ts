// The verifier can be audited alone: nothing that it reaches can sign, or imports what can.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = resolve(import.meta.dirname, '..', '..');
const IMPORTS = /(?:import|export)\s+(?:type\s+)?([^'"]*?)\s*from\s*'([^']+)'|import\s*\(?\s*'([^']+)'/g;
/** What of node:crypto can make a signature or a private key. */
const SIGNING =
  /\b(sign|createSign|Sign|createPrivateKey|generateKeyPair|generateKeyPairSync|createSecretKey|subtle|webcrypto)\b/;

type Import = { readonly names: string; readonly from: string };

function importsOf(file: string): Import[] {
  const text = readFileSync(file, 'utf8');
  return [...text.matchAll(IMPORTS)].map(([, names = '', from, bare]) => ({ names, from: from ?? bare ?? '' }));
}

function fileOf(from: string, importer: string): string | undefined {
  if (from.startsWith('./')) return join(dirname(importer), from);
  const [, layer = '', rest = ''] = /^#(\w+)\/(.+)$/.exec(from) ?? [];
  if (layer === '' || rest.endsWith('.json')) return undefined;
  return join(ROOT, layer === 'sandbox' ? '' : 'src', layer, rest);
}

/** Every file that these reach, with what each imports. */
function reach(files: readonly string[]): Map<string, Import[]> {
  const reached = new Map<string, Import[]>();
  const waiting = [...files];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (reached.has(file)) continue;
    const imports = importsOf(file);
    reached.set(file, imports);
    for (const { from } of imports) {
      const next = fileOf(from, file);
      if (next !== undefined) waiting.push(next);
    }
  }
  return reached;
}

/** Files that can sign, or that use node:crypto in a way that can't be read off its imports. */
function signersIn(reached: Map<string, Import[]>): string[] {
  return [...reached]
    .filter(([, imports]) =>
      imports.some(
        ({ names, from }) => /^(node:)?crypto$/.test(from) && (SIGNING.test(names) || !names.startsWith('{')),
      ),
    )
    .map(([file]) => file);
}

test('the verifier reaches no code that signs', () => {
  const folder = join(ROOT, 'src', 'provenance', 'verify');
  const reached = reach(readdirSync(folder).map((name) => join(folder, name)));
  expect([...reached.keys()].every((file) => existsSync(file))).toBe(true);
  expect(reached.size).toBeGreaterThan(15);
  expect(signersIn(reached)).toEqual([]);
});

test('the record log does, so the test above can fail', () => {
  const reached = reach([join(ROOT, 'src', 'provenance', 'signer.ts')]);
  expect(signersIn(reached)).toEqual([join(ROOT, 'src', 'provenance', 'signer.ts')]);
});
