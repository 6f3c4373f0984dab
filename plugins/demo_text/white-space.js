// White space as Unicode's White_Space and the four ASCII separators have it. JavaScript's own `\s` leaves out U+0085 and
// U+001C to U+001F, and counts U+FEFF, which shows nothing and separates nothing. Pure.

const ASCII_SEPARATORS = String.raw`\u001c-\u001f`;
const WORD = new RegExp(String.raw`[^\p{White_Space}${ASCII_SEPARATORS}]+`, 'gu');

/**
 * The runs of characters between white space; `[]` for a text without any.
 * @param {string} text
 * @returns {readonly string[]}
 */
export function wordsOf(text) {
  return text.match(WORD) ?? [];
}

/**
 * The text from its first word to its last.
 * @param {string} text
 */
export function trimWhiteSpace(text) {
  const words = [...text.matchAll(WORD)];
  const first = words.at(0);
  const last = words.at(-1);
  return first === undefined || last === undefined ? '' : text.slice(first.index, last.index + last[0].length);
}
