// Has a policy decide recorded decisions once more. Pure but for the clock that ends a piece of work. Called in the thread of
// policies, page by page. Trust: agents, tools, arguments and sessions are as they were recorded: an agent's words.

import type { Clock } from '#base/clock.ts';
import type { ConditionInput } from '#base/condition.ts';
import type { AgentName } from '#domain/agent.ts';
import { type Decision, NO_POLICY, type ShadowDecision } from '#domain/decision.ts';
import { supposedSeen } from '#domain/labels.ts';
import type { ChangedDecision, LackingCalls, SimulatedShadow, SimulationCounts } from '#domain/policy-review.ts';
import type { ClosingRow } from '#domain/store-ports.ts';
import { decide } from '#policy/decide.ts';
import type { Policy } from '#policy/rules.ts';
import { shadowsOf } from '#policy/shadow.ts';
import type { KnownTools } from './known-tools.ts';
import { createLackingBook } from './lacking.ts';
import type { RecordedDecision } from './recorded.ts';
import { createShadowSum } from './shadow-sum.ts';
import { createPieceEnd, type PageBounds, type PageFacts, readPage } from './tally.ts';

/** What today's tools say of their arguments, labels and sinks, by name. */
export type ToolSchemas = KnownTools['schemas'];

export type Simulated = {
  readonly policy: Policy;
  readonly inForce: Policy;
  readonly schemas: ToolSchemas;
};

export type PageSimulation = PageFacts &
  SimulationCounts & {
    readonly changes: readonly ChangedDecision[];
    readonly lacking: readonly LackingCalls[];
    readonly shadows: readonly SimulatedShadow[];
  };

/** What another policy says of a recorded call, or why that can't be said. */
export type Replayed =
  | { readonly kind: 'decided'; readonly decision: Decision; readonly shadow: readonly ShadowDecision[] }
  | { readonly kind: 'withoutArguments' | 'withoutTool' };

/** Ends after `LIMITS.policyReviewPieceMsMax`, with at least one decision: what waits for the thread goes on. */
export function simulatePage(
  rows: readonly ClosingRow[],
  bounds: PageBounds,
  { policy, inForce, schemas }: Simulated,
  clock?: Pick<Clock, 'monotonicMs'>,
): PageSimulation {
  const ended = createPieceEnd(clock);
  const counts = { same: 0, byAnotherRule: 0, changed: 0, withoutArguments: 0, withoutTool: 0 };
  const changes: ChangedDecision[] = [];
  const shadows = createShadowSum();
  const lacking = createLackingBook();
  const facts = readPage(rows, bounds, (recorded) => {
    const replayed = replay(policy, recorded, schemas);
    if (replayed.kind !== 'decided') counts[replayed.kind] += 1;
    else if (replayed.decision.kind === recorded.decision) {
      counts.same += 1;
      if (replayed.decision.rule !== recorded.rule) counts.byAnotherRule += 1;
    } else {
      counts.changed += 1;
      changes.push(changeOf(recorded, replayed.decision, replay(inForce, recorded, schemas)));
    }
    if (replayed.kind === 'decided') {
      shadows.add(replayed.shadow, replayed.decision);
      lacking.add(recorded, replayed.decision);
    }
    return ended();
  });
  return { ...facts, ...counts, changes, lacking: lacking.told(), shadows: shadows.told() };
}

/** Decides a recorded call at its time, with the schema of today. */
export function replay(policy: Policy, recorded: RecordedDecision, schemas: ToolSchemas): Replayed {
  const { tool: name, session, atMs } = recorded;
  const agent = recorded.agent as AgentName;
  const args = recorded.args();
  const known = schemas.get(name);
  const inputSchema = known?.inputSchema;
  const seen = supposedSeen(agent, recorded.seen);
  const query = {
    ...{ agent, args: args ?? {}, nowMs: atMs, labels: { agent: seen, session: seen } },
    tool: { name, ...known },
    // An answer that was given again was asked about without them.
    ...(recorded.phase === 'replayed' ? { ignoresLabels: true as const } : {}),
    ...(session === undefined ? {} : { session }),
  };
  let looksAtArgs = false;
  const watch = (input: ConditionInput): ConditionInput => ({
    ...input,
    celArgs: () => {
      looksAtArgs = true;
      return input.celArgs();
    },
  });
  // A tool that is gone had a schema when it was decided about.
  const isGone = inputSchema === undefined && recorded.schema !== undefined;
  const decision = decide(policy, NO_POLICY, query, { watch });
  if (looksAtArgs && args === undefined) return { kind: 'withoutArguments' };
  if (looksAtArgs && isGone) return { kind: 'withoutTool' };
  const shadow = shadowsOf(policy, query, decision, watch);
  const isKnown = !looksAtArgs || (args !== undefined && !isGone);
  return { kind: 'decided', decision, shadow: isKnown ? shadow : [] };
}

function changeOf(recorded: RecordedDecision, { kind, rule, reason }: Decision, inForce: Replayed): ChangedDecision {
  const { index, invocation, endedMs, agent, tool, decision, rule: wasRule, version } = recorded;
  return {
    ...{ index, invocation, timeMs: endedMs, agent, tool },
    was: { decision, rule: wasRule, version },
    wouldBe: { decision: kind, rule, reason },
    ...(inForce.kind === 'decided' ? { inForce: inForce.decision.kind } : {}),
  };
}
