// The limits of a policy: what a rule counts, and which counters a call takes from. Pure.

import { canonicalExactJson } from '#base/canonical-json.ts';
import { sha256 } from '#base/digest.ts';
import type { DecisionQuery } from '#domain/decision.ts';
import type { CountedUnit, Counter, Exceeded, Usage } from '#domain/usage.ts';
import type { ToolPattern } from './match.ts';

/** One bound on one thing that is counted. */
export type Limit = {
  readonly unit: CountedUnit;
  readonly max: number;
  /** Absent for `concurrent`. */
  readonly perMs?: number;
  /** As decisions and records name it. */
  readonly rule: string;
  readonly pointer: string;
  /** Of the counter, without whose it is: what is counted, in which window, for which rule. */
  readonly scope: string;
  /** One counter for everybody whom it concerns. False: one for each agent. */
  readonly isShared: boolean;
  /** Absent: all. */
  readonly tools?: readonly ToolPattern[];
};

/** When the same call of an agent was made too often. */
export type LoopBreaker = {
  readonly repeats: number;
  readonly perMs: number;
  /** Whether it counts calls that can change nothing, too. */
  readonly countsPure: boolean;
};

/** What is asked of a call beside the policy: limits of its agent, of the grant that decides, and the loop breaker. */
export type LimitsOfCall = {
  readonly loop: LoopBreaker | undefined;
  readonly grant: readonly Limit[];
  readonly agent: readonly (readonly Limit[])[];
};

/** The counters that a call takes from, in the order in which they are asked. Never throws. */
export function countersOf({ loop, grant, agent }: LimitsOfCall, query: DecisionQuery): readonly Counter[] {
  const counters = loop === undefined || !isLooping(loop, query) ? [] : [repeatsOf(loop, query)];
  for (const limits of [grant, ...agent]) {
    for (const limit of limits) {
      if (concerns(limit, query)) counters.push(counterOf(limit, query));
    }
  }
  return counters;
}

/** The first of the counters that has no room for the call. */
export function exceededOf(counters: readonly Counter[], usage: Usage): { counter: Counter; by: Exceeded } | undefined {
  for (const counter of counters) {
    const { used, resetsMs } = usage.of(counter);
    if (used + counter.amount <= counter.max) continue;
    const { unit, max, perMs } = counter;
    const window = perMs === undefined ? {} : { perMs };
    return {
      counter,
      by: { unit, limit: max, used, ...window, ...(resetsMs === undefined ? {} : { resetsMs }) },
    };
  }
  return undefined;
}

const UNITS: { readonly [unit in CountedUnit]: string } = {
  calls: 'calls',
  bytes: 'bytes',
  cost: 'millionths of cost',
  concurrent: 'calls that run at the same time',
  repeats: 'times the same call',
};

/** In words for people. */
export const nameOfUnit = (unit: CountedUnit): string => UNITS[unit];

const isLooping = ({ countsPure }: LoopBreaker, { tool }: DecisionQuery): boolean =>
  countsPure || (tool.effect !== undefined && tool.effect !== 'pure');

function concerns({ unit, tools }: Limit, { tool, stage }: DecisionQuery): boolean {
  // What runs now says nothing on whether there is room when the turn of a call comes.
  if (unit === 'concurrent' && stage !== 'turn') return false;
  return tools === undefined || tools.some((pattern) => pattern.matches(tool.name));
}

function counterOf({ unit, max, perMs, rule, pointer, scope, isShared }: Limit, query: DecisionQuery): Counter {
  const key = isShared ? scope : `${scope} ${query.agent}`;
  const isHeld = unit === 'concurrent' && query.holds?.includes(key) === true;
  const amount = isHeld ? 0 : amountOf(unit, query);
  return { key, unit, max, amount, rule, pointer, ...(perMs === undefined ? {} : { perMs }) };
}

function amountOf(unit: CountedUnit, { tool, args }: DecisionQuery): number {
  if (unit === 'bytes') return Buffer.byteLength(JSON.stringify(args));
  if (unit === 'cost') return tool.costMicros ?? 0;
  return 1;
}

const LOOP_POINTER = '/defaults/loop';

function repeatsOf({ repeats, perMs }: LoopBreaker, query: DecisionQuery): Counter {
  return {
    ...{ key: `${query.agent} ${query.tool.name} ${digestOf(query)}`, unit: 'repeats', max: repeats, amount: 1, perMs },
    ...{ rule: LOOP_POINTER, pointer: LOOP_POINTER },
  };
}

/** Of equal arguments the same, however they are written. What is too deep to be walked is one and the same. */
function digestOf({ args, argsDigest }: DecisionQuery): string {
  try {
    return argsDigest?.() ?? sha256(canonicalExactJson(args));
  } catch {
    return 'deep';
  }
}
