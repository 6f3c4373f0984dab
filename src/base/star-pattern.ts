// Patterns in which `*` stands for any run of characters, an empty one too, and is the only sign. Pure.

/**
 * Whether a text is one of the pattern's. The time is linear in the text for each part of the pattern.
 *
 * **Trust:** the text is anybody's; its length was bounded by the caller.
 */
export function compileStarPattern(source: string): (text: string) => boolean {
  const parts = source.split('*');
  const first = parts[0] ?? '';
  const last = parts.at(-1) ?? '';
  const middle = parts.slice(1, -1).filter((part) => part !== '');
  const lengthMin = parts.reduce((sum, part) => sum + part.length, 0);
  return (text) => {
    if (parts.length === 1) return text === source;
    if (text.length < lengthMin || !text.startsWith(first) || !text.endsWith(last)) return false;
    // The leftmost place for each part leaves the most room for the next: no other choice can do better.
    let from = first.length;
    const end = text.length - last.length;
    for (const part of middle) {
      const found = text.indexOf(part, from);
      if (found === -1 || found + part.length > end) return false;
      from = found + part.length;
    }
    return true;
  };
}

/**
 * Whether every text of `inner` is one of `outer`. A star of `inner` is matched only by a star of `outer`: to the text of a
 * pattern it is a character like any other.
 */
export function coversStarPattern(outer: string, inner: string): boolean {
  return outer === inner || compileStarPattern(outer)(inner);
}
