// Replays recorded calls in the order of their turns, with counters of its own: the code that counts while the server runs, and the
// recorded times as its clock. Called by simulate.ts. Trust: as in recorded.ts.

import type { CounterStore } from '#domain/store-ports.ts';
import type { Taken } from '#domain/usage.ts';
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
    // What was refused when it came was not asked how many run.
    if (limitUnit !== undefined && limitUnit !== 'concurrent') {
      const first = counted({});
      if (first.kind !== 'decided' || first.decision.kind === 'deny') return first;
    }
    return counted({ stage: 'turn', holds: holdsOf(parent) });
  };
  /** A call that was denied for want of room was so after whatever else began in its millisecond and left it none. */
  const askOnceAllBegan = (recorded: RecordedDecision, seen: readonly string[]): Replayed => {
    const isDenied = (one: Replayed) => one.kind === 'decided' && one.decision.kind === 'deny';
    let replayed = ask(recorded, seen);
    while (recorded.limitUnit !== undefined && !isDenied(replayed)) {
      const also = order.alsoAt(nowMs);
      if (also === undefined) return replayed;
      play(also);
      replayed = ask(recorded, seen);
    }
    return replayed;
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

function ownCounters(nowMs: () => number): Counters {
  return createCounters({ put: () => {}, list: () => [], prune: () => {} } satisfies CounterStore, { nowMs });
}
