// What the thread of policies does for a review: one small piece of work after another, so that a change of the policy never
// waits long. Called by thread-work.ts. Trust: texts were in force, or are anybody's; rows are as they are stored.

import { walkCel } from '#base/cel-tree.ts';
import { type Digest, sha256 } from '#base/digest.ts';
import type { PolicyRef } from '#domain/decision.ts';
import type { WhoCan } from '#domain/policy-review.ts';
import type { ClosingRow } from '#domain/store-ports.ts';
import type { GoodText } from '#policy/check-text.ts';
import { type KnownTools, parseTools } from './known-tools.ts';
import type { Needs } from './need-book.ts';
import { type IdentifiedRule, identifiedRules } from './rule-identity.ts';
import { type PageSimulation, simulatePage } from './simulate.ts';
import { needsOfPage, type PageNeeds } from './suggest.ts';
import { type SuggestionParts, suggestionOf } from './suggestion-text.ts';
import { type PageBounds, type PageTally, tallyPage } from './tally.ts';
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

export type OpenSimulation = {
  readonly digest: Digest;
  /** Whether any condition looks at arguments; else they need not be read. */
  readonly looksAtArgs: boolean;
};

export type SimulateTask = PageBounds & {
  readonly kind: 'simulate';
  readonly text: string;
  readonly name: string;
  readonly inForce: string;
  /** As `formatTools` gives it. */
  readonly toolsJson: string;
  readonly rows: readonly ClosingRow[];
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
  | SimulateTask
  | SuggestTask
  | CloseSuggestionTask;

export type ReviewAnswer =
  | WhoCan
  | PageTally
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
  ...{ 'open-simulation': true, simulate: true, suggest: true, 'close-suggestion': true },
};

export function isReviewTask(task: { readonly kind: string }): task is ReviewTask {
  return Object.hasOwn(KINDS, task.kind);
}

/** @param read parses texts, and remembers the last ones. */
export function createReviewWork(read: TextReader): (task: ReviewTask) => ReviewAnswer {
  const toolsOf = createTools();
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
        return { digest: sha256(task.text), looksAtArgs: looksAtArgs(read(task.text, task.name)) };
      case 'simulate':
        return simulatePage(task.rows, task, {
          policy: read(task.text, task.name).compiled.policy,
          inForce: read(task.inForce, IN_FORCE).compiled.policy,
          schemas: toolsOf(task.toolsJson).schemas,
        });
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
