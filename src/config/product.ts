// What this product is and where its own files lie.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The version in package.json. */
export function productVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/** The plugins that come with the product; the release approves them. */
export function productPluginsDirectory(): string {
  return fileURLToPath(new URL('../../plugins', import.meta.url));
}
