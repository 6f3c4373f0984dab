// An example of each operation, as a real server answered it; what differs each time has one value. Written by
// `npm run docs:admin-api`.

import { readFileSync } from 'node:fs';
import type { Json, JsonObject } from '#base/json.ts';

export type Example = { readonly input: JsonObject; readonly answer: Json };

/** By the operation's name. */
export function loadExamples(): { readonly [operation: string]: Example } {
  const text = readFileSync(new URL('./examples.json', import.meta.url), 'utf8');
  return JSON.parse(text) as { readonly [operation: string]: Example };
}
