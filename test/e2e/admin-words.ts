// The command line of an operation with its input, and what has no command of its own.

import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { Operation } from '#operations/operation.ts';
import type { Input } from './admin-scenes.ts';

/** Operations without a command that asks the server for just that. */
export const LEFT_OUT: readonly { readonly operation: string; readonly isLocal: boolean; readonly why: string }[] = [
  { operation: 'plugin_review', isLocal: false, why: 'plugin approve shows it before it asks' },
  { operation: 'log_keys', isLocal: false, why: 'log export writes them' },
  { operation: 'policy_check', isLocal: true, why: 'policy check needs no server' },
];

/** Commands that are written by hand, over the same requests. */
const BY_HAND: { readonly [operation: string]: (input: Input) => readonly string[] } = {
  plugin_approve: ({ name, digest }) => ['plugin', 'approve', String(name), '--digest', String(digest)],
  approvals_approve: ({ id, digest }) => ['approvals', 'approve', String(id), '--digest', String(digest)],
  log_prove: ({ id }) => ['log', 'prove', String(id)],
};

export function argvOf(operation: Operation, input: Input): readonly string[] {
  const { name, command = [], positional, fileProperty, secretProperty } = operation;
  const byHand = BY_HAND[name];
  if (byHand !== undefined) return byHand(input);
  const places = positional.filter((one) => input[one] !== undefined);
  const words = places.map((one) => (one === fileProperty ? fileWith(String(input[one])) : String(input[one])));
  const options = Object.entries(input)
    .filter(([key]) => !places.includes(key) && key !== secretProperty)
    .flatMap(([key, value]) => (Array.isArray(value) ? value : [value]).flatMap((one) => [`--${key}`, wordOf(one)]));
  return [...command, ...words, ...options];
}

/** What is piped into it. */
export function stdinOf({ secretProperty }: Operation, input: Input): Readable {
  return Readable.from([Buffer.from(secretProperty === undefined ? '' : `${String(input[secretProperty])}\n`)]);
}

function fileWith(text: string): string {
  const file = join(mkdtempSync(join(tmpdir(), 'smcp-words-')), 'given.yaml');
  writeFileSync(file, text);
  return file;
}

function wordOf(value: unknown): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
