// What is done with policies in a thread of its own, so that no text holds up the host: parsing, checking, advising, comparing.
// Called by thread-main.js. **Trust:** texts are anybody's, up to their length; what else is in a task is the host's.

import { type Digest, sha256 } from '#base/digest.ts';
import { SmcpError, type WireError } from '#base/errors.ts';
import { answering, type OffThreadAnswer } from '#base/off-thread-work.ts';
import { unifiedDiff } from '#base/text-diff.ts';
import type { AgentName } from '#domain/agent.ts';
import type { PolicyFinding } from '#domain/policy-ports.ts';
import { type AdvisedTool, advise } from './advice.ts';
import { checkAgentChange, checkAgentText } from './agent-change.ts';
import { wideningsOf } from './attenuation.ts';
import { checkText, type GoodText, withAgent } from './check-text.ts';
import type { CompiledPolicy } from './compile.ts';
import { createPolicyParser, type PolicyParser } from './document.ts';
import {
  createReviewWork,
  isReviewTask,
  type ReviewAnswer,
  type ReviewTask,
  type TextReader,
} from './review/review-work.ts';
import type { Policy } from './rules.ts';

/** A text, and what it is called in errors: a path, or words. */
export type NamedText = { readonly text: string; readonly name: string };

/** A text that came with a command. A byte-order mark is no part of it: it would not be read back from a file. */
export function given(text: string): NamedText {
  return { text: text.replace(/^\uFEFF+/, ''), name: 'the policy given' };
}

export type JudgeTask = NamedText & {
  readonly kind: 'judge';
  /** An agent to add to the text first. */
  readonly adds?: AgentName;
  /** The text in force, where the change is an agent's. */
  readonly changesFrom?: string;
  readonly tools: readonly AdvisedTool[];
  readonly nowMs: number;
};

export type CheckTask = NamedText & {
  readonly kind: 'check';
  readonly tools: readonly AdvisedTool[];
  readonly nowMs: number;
};

export type Checked = { readonly findings: readonly PolicyFinding[] };

export type CompareTask = NamedText & {
  readonly kind: 'compare';
  readonly inForce: string;
  /** What the two are called in the diff. */
  readonly labels: { readonly from: string; readonly to: string };
};

/** A text without errors, as it can go between threads. */
export type Judgement = {
  /** With the agent that was to be added. */
  readonly text: string;
  readonly digest: Digest;
  /** The document as JSON text, which is read faster than it is copied; its conditions, each once. */
  readonly documentJson: string;
  readonly conditions: readonly string[];
  /** What is probably not meant. */
  readonly warnings: readonly PolicyFinding[];
  /** Why the agent may not make this change. */
  readonly refusal?: WireError;
};

export type Comparison = {
  readonly digest: Digest;
  /** A unified diff. */
  readonly text: string;
  readonly widenings: readonly string[];
};

export type PolicyTask = JudgeTask | CheckTask | CompareTask | ReviewTask;

/**
 * Compiles the schema of policies once. What it makes answers with a judgement, a comparison or a part of a review, by the task's
 * kind, or refuses with `POLICY_INVALID` · `AGENT_EXISTS`.
 */
export function createThreadWork(): (
  task: PolicyTask,
) => OffThreadAnswer<Judgement | Checked | Comparison | ReviewAnswer> {
  const parse = createPolicyParser();
  const read = createRemembering(parse);
  const policyInForce = (text: string) => read(text, 'the policy in force').compiled.policy;
  const reviewWork = createReviewWork(read);
  return answering((task: PolicyTask) => {
    if (isReviewTask(task)) return reviewWork(task);
    if (task.kind === 'check') return check(parse, task);
    return task.kind === 'judge' ? judge(parse, task, policyInForce) : compare(parse, task, policyInForce);
  });
}

/** Texts that are parsed once: the one in force, and the one that is looked at piece by piece. */
const REMEMBERED_MAX = 2;

function createRemembering(parse: PolicyParser): TextReader {
  const known: GoodText[] = [];
  return (text, name) => {
    const at = known.findIndex((one) => one.text === text);
    const good = known[at] ?? checkText(parse, text, name);
    if (at >= 0) known.splice(at, 1);
    known.unshift(good);
    known.length = Math.min(known.length, REMEMBERED_MAX);
    return good;
  };
}

function judge(parse: PolicyParser, task: JudgeTask, policyInForce: (text: string) => Policy): Judgement {
  const { text: given, name, adds, changesFrom, tools, nowMs } = task;
  const good: GoodText =
    adds === undefined ? checkText(parse, given, name) : withAgent(parse, given, { name: adds, path: name });
  const { text, value, compiled, place } = good;
  const refusal =
    changesFrom === undefined
      ? undefined
      : refusalOf(() => {
          checkAgentChange(policyInForce(changesFrom), compiled.policy);
          // The aliases of a text that is in force already are a person's.
          if (given !== changesFrom) checkAgentText(good);
        });
  return {
    text,
    digest: sha256(text),
    documentJson: JSON.stringify(value),
    conditions: conditionsOf(compiled),
    warnings: place(advise(compiled, tools, nowMs)),
    ...(refusal === undefined ? {} : { refusal }),
  };
}

function check(parse: PolicyParser, { text, tools, nowMs }: CheckTask): Checked {
  const { compiled, findings, place } = parse(text);
  return { findings: compiled === undefined ? findings : place(advise(compiled, tools, nowMs)) };
}

function compare(parse: PolicyParser, task: CompareTask, policyInForce: (text: string) => Policy): Comparison {
  const { inForce, text, name, labels } = task;
  const { compiled } = checkText(parse, text, name);
  return {
    digest: sha256(text),
    text: unifiedDiff(inForce, text, labels),
    widenings: wideningsOf(policyInForce(inForce), compiled.policy),
  };
}

function refusalOf(check: () => void): WireError | undefined {
  try {
    check();
    return undefined;
  } catch (thrown) {
    if (thrown instanceof SmcpError) return thrown.toWire();
    throw thrown;
  }
}

function conditionsOf({ lists }: CompiledPolicy): readonly string[] {
  const sources = lists.flatMap(({ rules }) => rules.flatMap(({ when }) => (when === undefined ? [] : [when.source])));
  return [...new Set(sources)];
}
