// A condition as its users see it: what it looks at and what it says. Pure. Compiled by cel.ts.

import type { ConditionProblem } from './cel-check.ts';
import type { CelNode } from './cel-tree.ts';
import { type CelArgument, celArguments } from './cel-values.ts';
import type { ExactJsonObject } from './exact-json.ts';
import type { JsonObject } from './json.ts';
import { LIMITS } from './limits.ts';
import { createStepBudget, type StepBudget } from './step-meter.ts';

/** What a condition sees. */
export const CONDITION_VARIABLES = ['args', 'agent', 'tool', 'now', 'session', 'labels'] as const;

/** What conditions may be told of texts; each gives undefined where the text is none that can be read in one way. */
export type ConditionHelpers = {
  /** The host of an absolute URL, in lower case and punycode. */
  readonly hostOf: (url: string) => string | undefined;
  /** Whether the path is the root or lies below it. */
  readonly isWithin: (path: string, root: string) => boolean | undefined;
};

/** `true` only for exactly true; everything that is neither true nor false is an error. */
export type ConditionOutcome =
  | { readonly kind: 'true' }
  | { readonly kind: 'false' }
  | { readonly kind: 'error'; readonly message: string };

export type Condition = {
  readonly source: string;
  readonly tree: CelNode;
  /** Never throws. The work of all conditions that share an input is bounded by `LIMITS.conditionStepsMax`, whatever the input is. */
  readonly evaluate: (input: ConditionInput) => ConditionOutcome;
};

export type CompiledCondition =
  | { readonly kind: 'condition'; readonly condition: Condition }
  | { readonly kind: 'problems'; readonly problems: readonly ConditionProblem[] };

/** `agent` and `tool` are names; `session` is '' when there is none; `now` is a timestamp; `labels` a list of names. */
export type ConditionFacts = {
  readonly args: ExactJsonObject;
  /** The tool's, for the types of numbers. */
  readonly schema?: JsonObject;
  readonly agent: string;
  readonly tool: string;
  readonly nowMs: number;
  readonly session?: string;
  /** Names of what was seen before the call. Absent: nothing. */
  readonly labels?: readonly string[];
};

/**
 * The facts of one decision; arguments are converted when the first condition looks at them, and only once. What one
 * condition spends is gone for those after it.
 */
export type ConditionInput = ConditionFacts & {
  readonly celArgs: () => CelArgument;
  readonly budget: StepBudget;
};

/** Facts for any number of conditions of one decision. */
export function createConditionInput(facts: ConditionFacts): ConditionInput {
  let converted: CelArgument | undefined;
  const celArgs = (): CelArgument => {
    converted ??= celArguments(facts.args, facts.schema);
    return converted;
  };
  return { ...facts, celArgs, budget: createStepBudget(LIMITS.conditionStepsMax) };
}
