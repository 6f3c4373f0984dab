// Replays recorded calls in the order of their turns, with counters of its own: the code that counts while the server runs, and the
// recorded times as its clock. Called by simulate.ts. Trust: as in recorded.ts.

import type { CounterStore } from '#domain/store-ports.ts';
import type { CountedUnit, Taken } from '#domain/usage.ts';
import { type Counters, createCounters } from '#policy/counters.ts';
import type { Policy } from '#policy/rules.ts';
import type { RecordedDecision } from './recorded.ts';
import { type Replayed, type ReplayOptions, replay, type ToolSchemas } from './replay.ts';
import type { Moment, RecordedEnd, ReplayOrder } from './replay-order.ts';
import type { SessionLabels } from './session-labels.ts';

export type CountedReplayParts = {
  readonly policy: Policy;
  readonly schemas: ToolSchemas;
  readonly order: Pick<ReplayOrder, 'alsoAt'>;
  readonly labels: SessionLabels;
  /** Told of each call, in the order of the turns. */
  readonly tell: (recorded: RecordedDecision, replayed: Replayed, counted: Counted) => void;
  /** Those that count. Absent: as the server's do. For tests. */
  readonly counters?: (nowMs: () => number) => Counters;
};

/** What had to be assumed of a call so that limits could count it. */
export type Counted = {
  /** It was denied, and would run now: it took what its tool declares, moved no bytes and ended at once. */
  readonly neverRan: boolean;
  /** Its turn is read after what came later: more calls were under way than are held. */
  readonly isLate: boolean;
};

/** A call that runs under the policy that is tried. */
type Running = { readonly taken: Taken; readonly parent: string | undefined };

export type CountedReplay = {
  /** Times must not go back, but for what is late. */
  readonly play: (moment: Moment) => void;
};

export function createCountedReplay(parts: CountedReplayParts): CountedReplay {
  const { policy, schemas, order, labels, tell } = parts;
  let nowMs = 0;
  const { usage, take } = (parts.counters ?? ownCounters)(() => nowMs);
  const running = new Map<string, Running>();
  /** They ran, and would not: what their tools called would never have come. */
  const stopped = new Set<string>();

  const holdsOf = (parent: string | undefined): readonly string[] => {
    const above = parent === undefined ? undefined : running.get(parent);
    return above === undefined ? [] : [...above.taken.held, ...holdsOf(above.parent)];
  };
  const ask = (recorded: RecordedDecision, seen: readonly string[]): Replayed => {
    const { parent, phase, limitUnit, decision } = recorded;
    const isBelowStopped = parent !== undefined && stopped.has(parent);
    const byRules = () => replay(policy, recorded, schemas, { seen });
    if (isBelowStopped || phase === 'replayed') return byRules();
    // Nobody asked about limits any more when the answer of a person, or its time, came.
    if (phase === 'denied' && decision === 'ask') {
      const rules = byRules();
      if (rules.kind !== 'decided' || rules.decision.kind !== 'allow') return rules;
    }
    const counted = (stage: ReplayOptions) => replay(policy, recorded, schemas, { seen, usage, ...stage });
    const isArrival = recorded.run === undefined && phase === 'cancelled';
    if (isArrival) return counted({});
    // A call is asked about when it comes, without how many run, and once more at its turn.
    const atTurn = () => counted({ stage: 'turn', holds: holdsOf(parent) });
    if (limitUnit === 'concurrent') return atTurn();
    if (limitUnit !== undefined) return firstDenied(counted({}), atTurn);
    const replayed = atTurn();
    return exceededUnit(replayed) === 'concurrent' ? firstDenied(counted({}), () => replayed) : replayed;
  };
  /** A call that the same limit denied then was asked about after whatever else began in its millisecond and left no room. */
  const askOnceAllBegan = (recorded: RecordedDecision, seen: readonly string[]): Replayed => {
    for (;;) {
      const replayed = ask(recorded, seen);
      const also = hasItsLimit(recorded, replayed) ? order.alsoAt(nowMs) : undefined;
      if (also === undefined) return replayed;
      play(also);
    }
  };
  const call = (recorded: RecordedDecision, isLate: boolean): void => {
    const { invocation, parent, run, phase } = recorded;
    const seen = labels.seenBy(recorded);
    const replayed = askOnceAllBegan(recorded, seen);
    const isBelowStopped = parent !== undefined && stopped.has(parent);
    const runs = replayed.kind === 'decided' && replayed.decision.kind !== 'deny' && !isBelowStopped;
    if (run !== undefined && !runs && replayed.kind === 'decided') stopped.add(invocation);
    const neverRan = runs && phase === 'denied' && replayed.decision.kind === 'allow';
    if (run !== undefined) labels.began(recorded);
    tell(recorded, replayed, { neverRan, isLate });
    if (!runs || (run === undefined && !neverRan)) return;
    const taken = take(replayed.decision);
    if (run !== undefined) return void running.set(invocation, { taken, parent });
    taken.settle(() => 0);
    taken.end();
  };
  const end = ({ invocation, phase, run }: RecordedEnd): void => {
    stopped.delete(invocation);
    const taken = running.get(invocation)?.taken;
    running.delete(invocation);
    if (phase === 'cancelled') taken?.giveBack();
    else if (!run.isUnsettled) taken?.settle(() => run.movedBytes, run.costMicros);
    else taken?.settle(() => 0);
    taken?.end();
  };
  const play = (moment: Moment): void => {
    const isLate = moment.timeMs < nowMs;
    nowMs = Math.max(nowMs, moment.timeMs);
    if (moment.kind === 'end') end(moment.ended);
    else call(moment.recorded, isLate);
  };
  return { play };
}

function firstDenied(one: Replayed, other: () => Replayed): Replayed {
  return one.kind === 'decided' && one.decision.kind !== 'deny' ? other() : one;
}

/** What the limit counts that denies; undefined where none does. */
function exceededUnit(replayed: Replayed): CountedUnit | undefined {
  if (replayed.kind !== 'decided' || replayed.decision.kind !== 'deny') return undefined;
  return replayed.decision.exceeded?.unit;
}

/** Whether the limit that denied it had room for it now, or another one came first. */
function hasItsLimit({ limitUnit, limitMax, rule }: RecordedDecision, replayed: Replayed): boolean {
  if (limitUnit === undefined || replayed.kind !== 'decided') return false;
  const { decision } = replayed;
  if (decision.kind === 'deny') {
    return decision.exceeded !== undefined && (decision.exceeded.unit !== limitUnit || decision.rule !== rule);
  }
  const { counters = [] } = decision;
  return counters.some((one) => one.unit === limitUnit && one.max === limitMax && one.rule === rule);
}

function ownCounters(nowMs: () => number): Counters {
  return createCounters({ put: () => {}, list: () => [], prune: () => {} } satisfies CounterStore, { nowMs });
}
