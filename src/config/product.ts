// What this product is and where its own files lie.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The version in package.json. */
export function productVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/** The folder that the product's own files lie in. */
export function productDirectory(): string {
  return dirname(fileURLToPath(new URL('../../package.json', import.meta.url)));
}

/** The plugins that come with the product; the release approves them. */
export function productPluginsDirectory(): string {
  return fileURLToPath(new URL('../../plugins', import.meta.url));
}

/** The version of isolated-vm that is installed, read without loading it. */
export function isolatedVmVersion(): string {
  const file = createRequire(import.meta.url).resolve('isolated-vm/package.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
