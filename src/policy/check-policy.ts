// `smcp policy check`: everything that is wrong with a policy, and what is probably not meant. Does no I/O.

import { systemClock } from '#base/clock.ts';
import type { PolicyFinding } from '#domain/policy-ports.ts';
import { type AdvisedTool, advise } from './advice.ts';
import { createPolicyParser } from './document.ts';

export type PolicyChecker = (text: string, tools: readonly AdvisedTool[], nowMs?: number) => readonly PolicyFinding[];

/**
 * Compiles the schema of policies once for any number of texts. What it makes gives findings in the order of the text; `[]` when
 * all is well. With an error the policy would not be applied, and then there are no warnings yet. `tools`: what is served
 * today. `nowMs`: since the epoch, for what has expired; now when it is left out.
 */
export function createPolicyChecker(): PolicyChecker {
  const parse = createPolicyParser();
  return (text, tools, nowMs = systemClock.nowMs()) => {
    const { compiled, findings, place } = parse(text);
    return compiled === undefined ? findings : place(advise(compiled, tools, nowMs));
  };
}
