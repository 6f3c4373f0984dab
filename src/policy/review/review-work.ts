// What the thread of policies does for a review: one small piece of work after another, so that a change of the policy never
// waits long. Called by thread-work.ts. Trust: texts were in force, or are anybody's; rows are as they are stored.

import { walkCel } from '#base/cel-tree.ts';
import { type Digest, sha256 } from '#base/digest.ts';
import type { PolicyRef } from '#domain/decision.ts';
import type { WhoCan } from '#domain/policy-review.ts';
import type { ClosingRow } from '#domain/store-ports.ts';
import type { GoodText } from '#policy/check-text.ts';
import { type CountedWindows, countedWindows } from './counted-windows.ts';
import { type KnownTools, parseTools } from './known-tools.ts';
import type { Needs } from './need-book.ts';
import { type IdentifiedRule, identifiedRules } from './rule-identity.ts';
import { createSimulation, type PageSimulation, type SimulationRun } from './simulate.ts';
import { createSimulationRuns, type SimulationRuns } from './simulation-runs.ts';
import { needsOfPage, type PageNeeds } from './suggest.ts';
import { type SuggestionParts, suggestionOf } from './suggestion-text.ts';
import { type PageBounds, type PageFacts, type PageTally, scanPage, tallyPage } from './tally.ts';
import { type WhoCanQuestion, whoCan } from './who-can.ts';

export type WhoCanTask = WhoCanQuestion & {
  readonly kind: 'who-can';
  /** The text in force. */
  readonly inForce: string;
  readonly ref: PolicyRef;
};

export type TallyTask = PageBounds & { readonly kind: 'tally'; readonly rows: readonly ClosingRow[] };

/** A text to simulate: refused, or what is needed to go on. */
export type OpenSimulationTask = { readonly kind: 'open-simulation'; readonly text: string; readonly name: string };

export type OpenSimulation = CountedWindows & {
  readonly digest: Digest;
  /** Whether conditions or limits look at arguments; else they need not be read. */
  readonly looksAtArgs: boolean;
};

/** Counts decisions, and no more. */
export type ScanTask = PageBounds & { readonly kind: 'scan'; readonly rows: readonly ClosingRow[] };

export type SimulateTask = {
  readonly kind: 'simulate';
  /** Which simulation goes on. */
  readonly run: string;
  /** With its first rows. */
  readonly opening?: {
    readonly text: string;
    readonly name: string;
    readonly inForce: string;
    readonly inForceDigest: Digest;
    /** As `formatTools` gives it. */
    readonly toolsJson: string;
    /** Records from before it fill counters, and are not told. */
    readonly fromIndex: number;
  };
  /** In the order of the log. */
  readonly rows: readonly ClosingRow[];
  /** Nothing comes after them. */
  readonly isLast: boolean;
};

export type SuggestTask = PageBounds & {
  readonly kind: 'suggest';
  readonly agent: string;
  readonly inForce: string;
  readonly digest: Digest;
  readonly toolsJson: string;
  readonly nowMs: number;
  readonly rows: readonly ClosingRow[];
};

/** Makes a suggestion of what all pages told. */
export type CloseSuggestionTask = {
  readonly kind: 'close-suggestion';
  readonly agent: string;
  readonly inForce: string;
  readonly needs: Needs;
};

/** Compares the rules of an earlier text with those in force. */
export type MatchTask = {
  readonly kind: 'match';
  readonly inForce: string;
  readonly earlier: string;
  /** As decisions by the earlier text name its rules. */
  readonly names: readonly string[];
};

export type Matched = {
  /** For each rule in force whether the earlier text has it. */
  readonly isThere: readonly boolean[];
  /** For each name its place among the rules in force; -1 where it is none of them, `null` where the earlier text has no such rule. */
  readonly places: readonly (number | null)[];
};

/** Tells the rules in force, in their order. */
export type RulesTask = { readonly kind: 'rules'; readonly inForce: string };

export type ReviewTask =
  | WhoCanTask
  | TallyTask
  | MatchTask
  | RulesTask
  | OpenSimulationTask
  | ScanTask
  | SimulateTask
  | SuggestTask
  | CloseSuggestionTask;

export type ReviewAnswer =
  | WhoCan
  | PageTally
  | PageFacts
  | Matched
  | readonly IdentifiedRule[]
  | OpenSimulation
  | PageSimulation
  | PageNeeds
  | SuggestionParts;

/** A text that is good, by its name in errors; it is parsed once for many pieces of work. */
export type TextReader = (text: string, name: string) => GoodText;

const KINDS: { readonly [kind in ReviewTask['kind']]: true } = {
  ...{ 'who-can': true, tally: true, match: true, rules: true },
  ...{ 'open-simulation': true, scan: true, simulate: true, suggest: true, 'close-suggestion': true },
};

export function isReviewTask(task: { readonly kind: string }): task is ReviewTask {
  return Object.hasOwn(KINDS, task.kind);
}

/** @param read parses texts, and remembers the last ones. */
export function createReviewWork(read: TextReader): (task: ReviewTask) => ReviewAnswer {
  const toolsOf = createTools();
  const runs = createSimulationRuns();
  const simulationOf = ({ run, opening }: SimulateTask) =>
    opening === undefined
      ? runs.goesOn(run)
      : runs.begin(
          run,
          createSimulation({
            policy: read(opening.text, opening.name).compiled.policy,
            inForce: read(opening.inForce, IN_FORCE).compiled.policy,
            inForceDigest: opening.inForceDigest,
            schemas: toolsOf(opening.toolsJson).schemas,
            fromIndex: opening.fromIndex,
          }),
        );
  return (task) => {
    switch (task.kind) {
      case 'who-can':
        return whoCan(read(task.inForce, IN_FORCE).compiled.policy, task.ref, task);
      case 'tally':
        return tallyPage(task.rows, task);
      case 'rules':
        return identifiedRules(read(task.inForce, IN_FORCE));
      case 'match':
        return match(task, read);
      case 'open-simulation':
        return openSimulation(read(task.text, task.name));
      case 'scan':
        return scanPage(task.rows, task);
      case 'simulate':
        return simulatePiece(task, simulationOf(task), runs);
      case 'suggest': {
        const { agent, digest, nowMs } = task;
        const { policy } = read(task.inForce, IN_FORCE).compiled;
        return needsOfPage(task.rows, task, { agent, digest, nowMs, policy, tools: toolsOf(task.toolsJson) });
      }
      case 'close-suggestion':
        return suggestionOf(task.needs, task.agent, read(task.inForce, IN_FORCE));
    }
  };
}

function createTools(): (json: string) => KnownTools {
  let known: { readonly json: string; readonly tools: KnownTools } | undefined;
  return (json) => {
    if (known?.json !== json) known = { json, tools: parseTools(json) };
    return known.tools;
  };
}

function simulatePiece(
  { run, rows, isLast }: SimulateTask,
  simulation: SimulationRun,
  runs: SimulationRuns,
): PageSimulation {
  const page = simulation.take(rows, isLast);
  if (isLast && !page.isBusy) runs.end(run);
  return page;
}

function openSimulation(good: GoodText): OpenSimulation {
  const counted = countedWindows(good.compiled.policy);
  return { ...counted, digest: sha256(good.text), looksAtArgs: counted.looksAtArgs || looksAtArgs(good) };
}

function looksAtArgs({ compiled }: GoodText): boolean {
  const conditions = compiled.lists.flatMap(({ rules }) =>
    rules.flatMap(({ when }) => (when === undefined ? [] : [when])),
  );
  return conditions.some(({ tree }) => [...walkCel(tree)].some((node) => node.kind === 'name' && node.name === 'args'));
}

const IN_FORCE = 'the policy in force';

function match({ inForce, earlier, names }: MatchTask, read: TextReader): Matched {
  const now = identifiedRules(read(inForce, IN_FORCE));
  const then = identifiedRules(read(earlier, 'an earlier policy'));
  const identities = new Set(then.map(({ identity }) => identity));
  const placeOf = new Map(now.map(({ identity }, place) => [identity, place] as const).toReversed());
  const identityOf = new Map(then.map(({ rule, identity }) => [rule, identity]));
  return {
    isThere: now.map(({ identity }) => identities.has(identity)),
    places: names.map((name) => {
      const identity = identityOf.get(name);
      return identity === undefined ? null : (placeOf.get(identity) ?? -1);
    }),
  };
}
