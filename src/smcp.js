#!/usr/bin/env node
// The command `smcp`. Plain JavaScript, so that an old Node gets a sentence instead of a syntax error; everything else
// is TypeScript whose types Node strips as it loads. Under node_modules Node refuses to: there #base/strip-types.js does,
// so that the package holds what the repository holds (docs/decisions/0001-strip-types-when-installed.md).

import { keepCompiledCode } from '#base/compile-cache.js';
import { stripOwnTypesWhenInstalled } from '#base/strip-types.js';

/** `engines` in package.json; a test keeps the two the same. */
const oldestNode = [24, 15];

/** Exit code: a server or resource is unavailable. */
const exitUnavailable = 3;

function isNodeUsable() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = oldestNode;
  return major > oldestMajor || (major === oldestMajor && minor >= oldestMinor);
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
  keepCompiledCode();
  stripOwnTypesWhenInstalled();
  const { main } = await import('./main.ts');
  process.exitCode = await main(process.argv.slice(2));
} else {
  process.exitCode = refuseNode();
}
