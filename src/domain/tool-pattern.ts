// What a pattern of tool names matches: in a policy, and in a token's scopes. Pure. **Trust:** the pattern is a person's or an agent's
// that narrows its own token, the name an agent's.

import { LIMITS } from '#base/limits.ts';
import { compileStarPattern } from '#base/star-pattern.ts';
import { ADMIN_TOOL_PREFIX } from './tool.ts';

/**
 * `*` stands for any run of characters, an empty one too, and is the only sign. Names that begin with `smcp__`, the
 * server's own tools, are matched only by a pattern that begins so itself. A name longer than a tool's can be is matched by
 * nothing.
 */
export function compileToolMatch(source: string): (toolName: string) => boolean {
  const isForReserved = source.startsWith(ADMIN_TOOL_PREFIX);
  const matchesText = compileStarPattern(source);
  return (name) =>
    name.length <= LIMITS.toolNameLengthMax &&
    (isForReserved || !name.startsWith(ADMIN_TOOL_PREFIX)) &&
    matchesText(name);
}
