// Whether a call that a plugin's tool makes may run in the place of its root. Asked at admission, once the agent may call the
// tool: what is refused names nothing that the agent doesn't see. Pure.

import { SmcpError, type WireError } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import type { Lineage } from '#domain/invocation.ts';
import type { Tool } from '#domain/tool.ts';

/**
 * Why it may not; undefined when it may, and for a call that came in by a door. A tool that is under way above itself is
 * refused: what it would wait for would wait for it.
 */
export function laneConflict(tool: Tool, lineage: Lineage | undefined): WireError | undefined {
  if (lineage === undefined) return undefined;
  const { chain } = lineage;
  if (tool.kind === 'admin') {
    return conflict(`${tool.name} has a lane of its own: no tool can call it`, chain, 'have the agent call it itself');
  }
  if (chain.includes(tool.name)) {
    return conflict(`${tool.name} is under way above this call`, chain, 'call no tool that leads back to itself');
  }
  if (chain.length < LIMITS.callDepthMax) return undefined;
  return conflict(`calls go at most ${LIMITS.callDepthMax} deep`, chain, 'have the agent call the tool itself');
}

function conflict(message: string, chain: readonly string[], remedy: string): WireError {
  return new SmcpError('LANE_CONFLICT', message, { details: { chain: [...chain], remedy } }).toWire();
}
