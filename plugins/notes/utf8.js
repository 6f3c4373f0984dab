// How long a text is as UTF-8, since an isolate has no TextEncoder. Pure. Source: RFC 3629 §3.

/**
 * In bytes. Half a surrogate pair takes three, as U+FFFD does.
 *
 * @param {string} text
 */
export function utf8Length(text) {
  let length = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    length += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return length;
}
