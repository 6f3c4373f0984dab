// How long a text is in UTF-8. Pure: `domain` has no Buffer.

/** In bytes; half of a surrogate pair counts as the three of what replaces it. */
export function utf8Length(text: string): number {
  return new TextEncoder().encode(text).length;
}
