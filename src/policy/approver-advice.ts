// Agents that approve calls of others, where there are several: none of them approves another's. A hint for `policy check`. Pure.

import { pointerSegment } from '#base/exact-json.ts';
import { LIMITS } from '#base/limits.ts';
import { APPROVE_TOOL } from '#domain/tool.ts';
import { mightCall } from './might-call.ts';
import type { Policy } from './rules.ts';

export type ApproverAdvice = { readonly pointer: string; readonly message: string; readonly remedy: string };

/** Of two or more agents that might approve calls; `[]`: there are no two. */
export function adviseApprovers(policy: Policy, nowMs: number): readonly ApproverAdvice[] {
  const found = [...policy.agents.keys()].filter((agent) => mightCall(policy, agent, APPROVE_TOOL, nowMs));
  const last = found.at(-1);
  if (last === undefined || found.length < 2) return [];
  const named = found.slice(0, LIMITS.policyApproversNamedMax).join(', ');
  const more = found.length > LIMITS.policyApproversNamedMax ? ', …' : '';
  return [
    {
      pointer: `/agents/${pointerSegment(last)}`,
      message: `${found.length} agents may approve calls (${named}${more}): none of them can approve those of another, only people can`,
      remedy: `grant ${APPROVE_TOOL} to one agent that a person drives, or to none`,
    },
  ];
}
