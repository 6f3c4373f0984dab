// The product with one line of one file changed, as it is loaded or in a copy: what a bug, or somebody who may set NODE_OPTIONS, would make of it. Used by
// tests that must find the change.

import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** `from` stands once in `file`, a path from the root; `to` takes its place. */
export type Mutant = { readonly file: string; readonly from: string; readonly to: string };

/** The text of a module to be loaded first. A mutant that does not fit the file any more ends the process. */
function preloadText(mutants: readonly Mutant[]): string {
  return `import { registerHooks } from 'node:module';
const mutants = ${JSON.stringify(mutants)};
registerHooks({
  load(url, context, next) {
    const loaded = next(url, context);
    for (const { file, from, to } of mutants) {
      if (!url.endsWith('/' + file)) continue;
      const parts = String(loaded.source).split(from);
      if (parts.length !== 2) {
        process.stderr.write('the mutant does not fit ' + file + ': ' + from + '\\n');
        process.exit(99);
      }
      loaded.source = parts.join(to);
    }
    return loaded;
  },
});
`;
}

/**
 * Writes what changes the files as they are loaded into a folder of its own. Threads that take over no hooks load them unchanged.
 *
 * @returns the environment that makes a process of Node load it
 */
export function mutating(folder: string, name: string, mutants: readonly Mutant[]): { readonly NODE_OPTIONS: string } {
  const own = join(folder, name);
  mkdirSync(own, { recursive: true });
  const file = join(own, 'preload.mjs');
  writeFileSync(file, preloadText(mutants));
  return { NODE_OPTIONS: `--import ${pathToFileURL(file).href}` };
}

/** What a process needs that is started in a copy. */
const COPIED = ['package.json', 'src', 'sandbox', 'schemas', 'plugins', 'test/e2e', 'test/policy', 'test/smoke'];
const ROOT = new URL('../../', import.meta.url);

/**
 * A copy of the product and of these tests with each mutant in it, also for what threads of their own load. The packages are the same.
 *
 * @returns its root
 * @throws Error for a mutant that does not fit its file any more
 */
export function mutatedCopy(folder: string, name: string, mutants: readonly Mutant[]): string {
  const root = join(folder, name);
  for (const path of COPIED) cpSync(fileURLToPath(new URL(path, ROOT)), join(root, path), { recursive: true });
  symlinkSync(fileURLToPath(new URL('node_modules', ROOT)), join(root, 'node_modules'));
  for (const { file, from, to } of mutants) {
    const parts = readFileSync(join(root, file), 'utf8').split(from);
    if (parts.length !== 2) throw new Error(`the mutant does not fit ${file}: ${from}`);
    writeFileSync(join(root, file), parts.join(to));
  }
  return root;
}
