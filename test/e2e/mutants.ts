// The product with one line of one file changed as it is loaded: what a bug, or somebody who may set NODE_OPTIONS, would make of it. Used by
// tests that must find the change.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

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

/** Writes it into a folder of its own. @returns the environment that makes a process of Node load it */
export function mutating(folder: string, name: string, mutants: readonly Mutant[]): { readonly NODE_OPTIONS: string } {
  const own = join(folder, name);
  mkdirSync(own, { recursive: true });
  const file = join(own, 'preload.mjs');
  writeFileSync(file, preloadText(mutants));
  return { NODE_OPTIONS: `--import ${pathToFileURL(file).href}` };
}
