#!/usr/bin/env node
// The command `smcp`. Plain JavaScript, so that an old Node gets a sentence instead of a syntax error; everything else
// is TypeScript whose types Node strips as it loads. Under node_modules Node refuses to: there this file strips them,
// so that the package holds what the repository holds (docs/decisions/0001-strip-types-when-installed.md).

import { readFileSync } from 'node:fs';
import * as nodeModule from 'node:module';
import { fileURLToPath } from 'node:url';

/** `engines` in package.json; a test keeps the two the same. */
const oldestNode = [24, 15];

/** Exit code: a server or resource is unavailable. */
const exitUnavailable = 3;

function isNodeUsable() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = oldestNode;
  return major > oldestMajor || (major === oldestMajor && minor >= oldestMinor);
}

/** Makes Node strip the types of this package's own files, and of nothing else under node_modules. */
function stripOwnTypes() {
  const packageFolder = new URL('../', import.meta.url).href;
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

/** As every error of the command line is written; the table of codes is TypeScript, which this Node may not read. */
function refuseNode() {
  const message = `smcp needs Node ${oldestNode.join('.')} or later, and this is ${process.version}`;
  const remedy = 'run it with npx or from an npm script (the package brings its Node), or install a later Node';
  const error = { code: 'NODE_UNSUPPORTED', message, details: { remedy } };
  const isJson = process.argv.includes('--json');
  process.stderr.write(isJson ? `${JSON.stringify({ error })}\n` : `${error.code}: ${message}\n${remedy}\n`);
  return exitUnavailable;
}

if (isNodeUsable()) {
  if (import.meta.url.includes('/node_modules/')) stripOwnTypes();
  const { main } = await import('./main.ts');
  process.exitCode = await main(process.argv.slice(2));
} else {
  process.exitCode = refuseNode();
}
