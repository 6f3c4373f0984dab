// Has a policy decide one recorded call once more. Pure. Called in the thread of policies. Trust: agents, tools, arguments and sessions
// are as they were recorded: an agent's words.

import type { ConditionInput } from '#base/condition.ts';
import { sha256 } from '#base/digest.ts';
import type { AgentName } from '#domain/agent.ts';
import { type Decision, type DecisionQuery, NO_POLICY, type ShadowDecision } from '#domain/decision.ts';
import { supposedSeen } from '#domain/labels.ts';
import type { Usage } from '#domain/usage.ts';
import { decide } from '#policy/decide.ts';
import type { Policy } from '#policy/rules.ts';
import { shadowsOf } from '#policy/shadow.ts';
import type { KnownTools } from './known-tools.ts';
import type { RecordedDecision } from './recorded.ts';

/** What today's tools say of their arguments, labels, sinks and cost, by name. */
export type ToolSchemas = KnownTools['schemas'];

/** What a policy says of a recorded call, or why that can't be said. */
export type Replayed =
  | {
      readonly kind: 'decided';
      readonly decision: Decision;
      readonly shadow: readonly ShadowDecision[];
      /** Limits counted it without its arguments, which are not kept. */
      readonly isCountedWithoutArguments: boolean;
    }
  | { readonly kind: 'withoutArguments' | 'withoutTool' };

/** `usage` absent: limits are not asked. `seen` absent: the labels that are recorded. */
export type ReplayOptions = Pick<DecisionQuery, 'stage' | 'holds'> & {
  readonly usage?: Usage;
  readonly seen?: readonly string[];
};

/** Decides it at its time, with the schema of today. */
export function replay(
  policy: Policy,
  recorded: RecordedDecision,
  schemas: ToolSchemas,
  { usage, seen = recorded.seen, ...asked }: ReplayOptions = {},
): Replayed {
  const args = recorded.args();
  const known = schemas.get(recorded.tool);
  const query: DecisionQuery = { ...queryOf(recorded, known, seen), ...asked, args: args ?? {} };
  let looksAtArgs = false;
  const watch = (input: ConditionInput): ConditionInput => ({
    ...input,
    celArgs: () => {
      looksAtArgs = true;
      return input.celArgs();
    },
  });
  // A tool that is gone had a schema when it was decided about.
  const isGone = known === undefined && recorded.schema !== undefined;
  // No two calls are known to be the same where their arguments are not.
  const unknown = args === undefined ? { argsDigest: () => sha256(`the arguments of ${recorded.index}`) } : {};
  const decision = decide(policy, NO_POLICY, { ...query, ...unknown }, { watch, usage });
  if (looksAtArgs && args === undefined) return { kind: 'withoutArguments' };
  if (looksAtArgs && isGone) return { kind: 'withoutTool' };
  const isByLimit = decision.kind === 'deny' && decision.exceeded !== undefined;
  const hasShadows = policy.agents.get(recorded.agent)?.written !== undefined;
  const byRules = isByLimit && hasShadows ? decide(policy, NO_POLICY, query, { watch }) : decision;
  const shadow = hasShadows ? shadowsOf(policy, query, byRules, watch) : [];
  const isKnown = !looksAtArgs || (args !== undefined && !isGone);
  return {
    ...{ kind: 'decided', decision, shadow: isKnown ? shadow : [] },
    isCountedWithoutArguments: args === undefined && isMeasured(decision),
  };
}

function queryOf(
  { tool: name, session, atMs, phase, effect, run, agent: recordedAgent }: RecordedDecision,
  known: ReturnType<ToolSchemas['get']>,
  names: readonly string[],
): Omit<DecisionQuery, 'args'> {
  const agent = recordedAgent as AgentName;
  const seen = supposedSeen(agent, names);
  // A tool that declares less today took what it cost then.
  const costMicros = Math.max(known?.costMicros ?? 0, run?.costMicros ?? 0);
  return {
    ...{ agent, nowMs: atMs, labels: { agent: seen, session: seen } },
    tool: { name, ...known, ...(effect === undefined ? {} : { effect }), ...(costMicros === 0 ? {} : { costMicros }) },
    // An answer that was given again was asked about without them.
    ...(phase === 'replayed' ? { ignoresLabels: true as const } : {}),
    ...(session === undefined ? {} : { session }),
  };
}

/** Whether a limit looked at its arguments. */
function isMeasured(decision: Decision): boolean {
  if (decision.kind === 'deny') return decision.exceeded?.unit === 'bytes';
  return (decision.counters ?? []).some(({ unit }) => unit === 'bytes' || unit === 'repeats');
}
