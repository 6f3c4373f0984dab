// Counts the comments that switch a check off. Each must be in a list with its reason, and each row must be in use.

import type { SourceFile, Violation } from './source-tree.ts';

export type Escape = {
  readonly path: string;
  /** As it stands after the comment's opening: `biome-ignore lint/style/noDefaultExport`, `@ts-expect-error`. */
  readonly directive: string;
  readonly count: number;
  readonly why: string;
};

/** Built in pieces, or this file would find itself. */
const DIRECTIVE = new RegExp(
  `(?://|/\\*\\*?|\\*)\\s*((?:${['biome', 'eslint'].map((tool) => `${tool}-`).join('|')})(?:ignore|disable)[\\w-]*(?: [\\w/]+)?|@ts-(?:ignore|expect-error|nocheck)|[cv]8 ignore)`,
);

const keyOf = (path: string, directive: string): string => `${path} ${directive}`;

/** Escapes that no row allows, and rows that allow more than there is. */
export function checkEscapes(files: readonly SourceFile[], allowed: readonly Escape[]): readonly Violation[] {
  const left = new Map(allowed.map((row) => [keyOf(row.path, row.directive), row.count]));
  const found: Violation[] = [];
  for (const file of files) {
    for (const [index, text] of file.text.split('\n').entries()) {
      const directive = DIRECTIVE.exec(text)?.[1];
      if (directive === undefined) continue;
      const key = keyOf(file.path, directive);
      const count = left.get(key) ?? 0;
      left.set(key, count - 1);
      const what = `${directive} is not in the list of allowed escapes`;
      if (count <= 0) found.push({ path: file.path, line: index + 1, rule: 'escape', what });
    }
  }
  for (const row of allowed) {
    const count = left.get(keyOf(row.path, row.directive)) ?? 0;
    const what = `${row.directive}: the list of allowed escapes has ${count} more than there are`;
    if (count > 0) found.push({ path: row.path, line: 1, rule: 'escape', what });
  }
  return found;
}
