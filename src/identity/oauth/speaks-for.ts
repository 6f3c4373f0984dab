// Which agents an issuer may speak for. Pure. **Trust:** the patterns are a person's, the name an issuer's.

import { compileStarPattern } from '#base/star-pattern.ts';
import type { AgentName } from '#domain/agent.ts';

export type SpeaksFor = (agent: AgentName) => boolean;

/**
 * Agents that a pattern matches. One that may use the server's own tools is matched by its very name only: whoever signs tokens would
 * otherwise administer this server because a pattern was wide.
 *
 * @param patterns absent: every agent that does not administer
 */
export function createSpeaksFor(
  patterns: readonly string[] | undefined,
  isAdministering: (agent: AgentName) => boolean,
): SpeaksFor {
  const named = new Set<string>(patterns);
  const matches = (patterns ?? ['*']).map(compileStarPattern);
  return (agent) => named.has(agent) || (matches.some((match) => match(agent)) && !isAdministering(agent));
}
