// Patterns of tool names. Pure. Trust: the pattern is a person's, the name is an agent's.

import { LIMITS } from '#base/limits.ts';
import { ADMIN_TOOL_PREFIX } from '#domain/tool.ts';
import { compileToolMatch } from '#domain/tool-pattern.ts';

export type ToolPattern = {
  readonly source: string;
  readonly matches: (toolName: string) => boolean;
};

/** A pattern with what it matches, as `compileToolMatch` says. */
export function compileToolPattern(source: string): ToolPattern {
  return { source, matches: compileToolMatch(source) };
}

/** Whether every name that `inner` matches is matched by `outer` too. False where that isn't certain. */
export function coversPattern(outer: ToolPattern, inner: ToolPattern): boolean {
  if (outer.source === inner.source) return true;
  if (isReserved(outer) !== isReserved(inner)) return false;
  // A star of `inner` is matched only by a star of `outer`: to the text of a pattern it is a character like any other.
  return inner.source.length <= LIMITS.toolNameLengthMax && outer.matches(inner.source);
}

/** Whether a name may be matched by both. True where that isn't certain. */
export function mayOverlap(one: ToolPattern, other: ToolPattern): boolean {
  if (isReserved(one) !== isReserved(other)) return false;
  if (!one.source.includes('*')) return other.matches(one.source);
  if (!other.source.includes('*')) return one.matches(other.source);
  // Between what stands before the first star and behind the last one, both match any text that holds all the parts.
  const [a, b] = [endsOf(one), endsOf(other)];
  const isBegun = a.first.startsWith(b.first) || b.first.startsWith(a.first);
  return isBegun && (a.last.endsWith(b.last) || b.last.endsWith(a.last));
}

const isReserved = (pattern: ToolPattern): boolean => pattern.source.startsWith(ADMIN_TOOL_PREFIX);

const endsOf = ({ source }: ToolPattern) => ({
  first: source.slice(0, source.indexOf('*')),
  last: source.slice(source.lastIndexOf('*') + 1),
});
