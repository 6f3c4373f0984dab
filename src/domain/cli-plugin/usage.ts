// The words of a usage, with what is in brackets in one piece. Pure; linear.

const OPENING = '[({<';
const CLOSING = '])}>';

/**
 * What stands between spaces outside of brackets: `--to TO [TO ...]` → `--to`, `TO`, `[TO ...]`. A bracket that isn't
 * closed reaches to the end.
 */
export function usageItems(text: string): readonly string[] {
  return splitOutside(text, ' ').filter((item) => item !== '');
}

/** The alternatives inside of a bracketed item: `[--a A | --b]` → `--a A`, `--b`. */
export function alternatives(item: string): readonly string[] {
  return splitOutside(inside(item), '|')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

/** `[x]` → `x`. */
export function inside(item: string): string {
  return item.slice(1, -1);
}

/** Whether the whole item is in one pair of these brackets: `[a]`, and not `[a][b]`. */
export function isEnclosed(item: string, opening: '[' | '(' | '{' | '<'): boolean {
  const closing = CLOSING[OPENING.indexOf(opening)];
  if (item.length < 2 || !item.startsWith(opening) || item.at(-1) !== closing) return false;
  let depth = 0;
  for (let at = 0; at < item.length; at += 1) {
    if (item[at] === opening) depth += 1;
    else if (item[at] === closing) depth -= 1;
    if (depth === 0) return at === item.length - 1;
  }
  return false;
}

/** The words of `{a,b}`; undefined when it is no list of choices. */
export function choicesOf(item: string): readonly string[] | undefined {
  if (!isEnclosed(item, '{')) return undefined;
  return inside(item)
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}

function splitOutside(text: string, separator: ' ' | '|'): readonly string[] {
  const parts: string[] = [];
  let start = 0;
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at] ?? '';
    if (OPENING.includes(character)) depth += 1;
    else if (CLOSING.includes(character)) depth = Math.max(0, depth - 1);
    else if (depth === 0 && character === separator) {
      parts.push(text.slice(start, at));
      start = at + 1;
    }
  }
  parts.push(text.slice(start));
  return parts;
}
