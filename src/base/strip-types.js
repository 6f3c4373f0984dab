// Strips types where Node refuses to: under node_modules (docs/decisions/0001-strip-types-when-installed.md). Plain
// JavaScript, since it runs before the first TypeScript file: called by src/smcp.js, and by the first file of each thread,
// which inherits no hooks. Trusts the package's own files only.

import { readFileSync } from 'node:fs';
import * as nodeModule from 'node:module';
import { fileURLToPath } from 'node:url';

/**
 * Makes Node strip the types of this package's own files, and of nothing else under node_modules, in the thread that calls
 * it. Does nothing in a clone, where Node strips by itself.
 */
export function stripOwnTypesWhenInstalled() {
  if (!import.meta.url.includes('/node_modules/')) return;
  const packageFolder = import.meta.url.slice(0, -'src/base/strip-types.js'.length);
  hideStripWarning();
  nodeModule.registerHooks({
    load(url, context, nextLoad) {
      if (!url.startsWith(packageFolder) || !url.endsWith('.ts')) return nextLoad(url, context);
      const source = nodeModule.stripTypeScriptTypes(readFileSync(fileURLToPath(url), 'utf8'));
      return { format: 'module', shortCircuit: true, source };
    },
  });
}

/** Node says once that stripping is an experimental feature; every other warning goes its usual way. */
function hideStripWarning() {
  const listeners = process.listeners('warning');
  process.removeAllListeners('warning');
  process.on('warning', (warning) => {
    if (warning.name === 'ExperimentalWarning' && warning.message.startsWith('stripTypeScriptTypes')) return;
    for (const listener of listeners) listener.call(process, warning);
  });
}
