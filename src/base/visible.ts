// Foreign text made safe to show: in a log, on a terminal, in an error. Pure.

import { doubtfulIn } from './doubtful-letters.ts';
import type { Json } from './json.ts';

/**
 * Control, format, private-use and unassigned characters, halves of surrogate pairs, odd line breaks; letters and marks that are
 * drawn as nothing (fillers, joiners, variation selectors); every space but the plain one, and a braille pattern without dots.
 * **Source:** Unicode, `Default_Ignorable_Code_Point`.
 */
const INVISIBLE =
  /[\p{C}\p{Default_Ignorable_Code_Point}\p{Zl}\p{Zp}\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000\u2800]/gu;

/**
 * The text with every invisible character, line breaks included, and every letter that may be taken for another one
 * (doubtful-letters.ts) written as `\u{hex}`. So no text can move a cursor, fake a line of a log, turn the reading direction or
 * pass for a name in another script. Text of one script is left as it is.
 *
 * **Trust:** `text` may come from anybody.
 */
export function visible(text: string): string {
  return escapedBy(text, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}

function escapedBy(text: string, write: (character: string) => string): string {
  const parts: string[] = [];
  let done = 0;
  for (const at of doubtfulIn(text)) {
    const character = String.fromCodePoint(text.codePointAt(at) ?? 0);
    if (at > done) parts.push(text.slice(done, at).replace(INVISIBLE, write));
    parts.push(write(character));
    done = at + character.length;
  }
  return parts.join('') + text.slice(done).replace(INVISIBLE, write);
}

/** As `visible`, of the first `lengthMax` UTF-16 units; how many were cut is said at the end. */
export function visibleText(text: string, lengthMax: number): string {
  if (text.length <= lengthMax) return visible(text);
  return `${visible(text.slice(0, lengthMax))}… (${text.length - lengthMax} more)`;
}

/** Escape sequences of terminals: colours and cursor movements, and titles and links. **Source:** ECMA-48 §5.4 and §5.6. */
const escapes = (): RegExp => {
  const start = '\u001b';
  return new RegExp(`${start}\\[[0-?]*[ -/]*[@-~]|${start}\\][^\u0007${start}]*(?:\u0007|${start}\\\\)`, 'g');
};

/** The text without the escape sequences that colour it. What else is invisible stays, for `visible`. */
export function withoutEscapes(text: string): string {
  return text.replace(escapes(), '');
}

/** The text line by line, each made visible and ended with a line feed. */
export function visibleLines(text: string): string {
  return text
    .split('\n')
    .map((line) => `${visible(line)}\n`)
    .join('');
}

/**
 * A value as JSON text that a terminal can be shown: what `visible` writes by its number is escaped, and means the same.
 *
 * @param indent spaces of each level, with a line for each value; 0: all on one line
 */
export function visibleJson(value: Json, indent = 0): string {
  // In JSON text a raw line feed is only ever between values.
  const lines = JSON.stringify(value, null, indent).split('\n');
  return lines.map((line) => escapedBy(line, escaped)).join('\n');
}

function escaped(character: string): string {
  let text = '';
  for (let at = 0; at < character.length; at += 1)
    text += `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`;
  return text;
}
