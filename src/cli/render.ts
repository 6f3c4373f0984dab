// Pieces of text for a person. **Trust:** tool and plugin texts in them are other people's: control characters are made
// visible, so that nothing can rewrite the terminal.

import { isJsonObject, type JsonObject } from '#base/json.ts';
import { visible } from '#base/visible.ts';

/** A value in a line: text as it is, anything else as JSON; nothing is ''. */
export const str = (value: unknown): string =>
  visible(typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));

/** The objects of a list; `[]` when it is none. */
export const list = (value: unknown): readonly JsonObject[] => (Array.isArray(value) ? value.filter(isJsonObject) : []);

/** An object; `{}` when it is none. */
export const object = (value: unknown): JsonObject => (isJsonObject(value) ? (value as JsonObject) : {});

/** Rows with their columns aligned; `empty` when there are none. */
export function table(rows: readonly (readonly string[])[], empty: string): string {
  if (rows.length === 0) return `${empty}\n`;
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}

/** A problem of a plugin: code, place, what; then the remedy. */
export function problemText(problem: JsonObject): string {
  const place = `${str(problem['file'])}${str(problem['pointer'])}`;
  const where = place === '' ? '' : `${place}: `;
  return `${str(problem['code'])}: ${where}${str(problem['message'])}\n  ${str(problem['remedy'])}\n`;
}

/** `1 tool`, `2 tools`. */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
