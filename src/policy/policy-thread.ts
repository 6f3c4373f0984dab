// The thread that checks and compares policies, and what the host asks it. The host itself parses no policy: it makes ready only
// what was found good, and that in small steps. Called by app.ts, which owns the thread, and by the policy's service.

import type { Clock } from '#base/clock.ts';
import { SmcpError } from '#base/errors.ts';
import { invariant } from '#base/invariant.ts';
import type { JsonObject } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import { createOffThread, type OffThread, type OffThreadOutcome } from '#base/off-thread.ts';
import { createPauses } from '#base/off-thread-pauses.ts';
import type { PolicyFinding } from '#domain/policy-ports.ts';
import type { AdvisedTool } from './advice.ts';
import { type CompiledPolicy, compileSteps } from './compile.ts';
import { compileCondition, createConditions } from './compile-rule.ts';
import type { CheckedPolicy } from './in-force.ts';
import {
  type Checked,
  type CheckTask,
  type CompareTask,
  type Comparison,
  given,
  type Judgement,
  type JudgeTask,
  type NamedText,
  type PolicyTask,
} from './thread-work.ts';

/** Starts when it is first needed. The caller closes it. */
export function createPolicyThread(): OffThread {
  return createOffThread({
    entry: new URL('./thread-main.js', import.meta.url),
    runMsMax: LIMITS.policyCheckMsMax,
    heapMiBMax: LIMITS.policyCheckHeapMiBMax,
    waitingMax: LIMITS.policyComparisonsWaitingMax,
    idleMs: LIMITS.policyCheckIdleMs,
  });
}

/** Everything rejects with `POLICY_UNCHECKED` when a bound is reached or the thread fails, and with `SHUTTING_DOWN` once it is closed. */
export type PolicyJudge = {
  /** Whether a text could be put in force. For one change at a time: it goes before comparisons. @throws `POLICY_INVALID` with `details.findings` · `AGENT_EXISTS` */
  readonly judge: (question: NamedText & Pick<JudgeTask, 'adds' | 'changesFrom'>) => Promise<Judgement>;
  /** What was judged, ready to decide, unless it was refused. @throws the refusal: `POLICY_WIDENS` · `PERSON_NEEDED` */
  readonly admit: (judgement: Judgement) => Promise<CheckedPolicy>;
  /** Everything that is wrong with a text, and what is probably not meant. @throws `QUEUE_FULL` */
  readonly check: (text: string) => Promise<readonly PolicyFinding[]>;
  /** @throws `POLICY_INVALID` · `QUEUE_FULL` */
  readonly compare: (question: Omit<CompareTask, 'kind'>) => Promise<Comparison>;
};

export type JudgePorts = {
  readonly thread: Pick<OffThread, 'run'>;
  readonly catalog: () => readonly AdvisedTool[];
  readonly clock: Clock;
};

export function createPolicyJudge({ thread, catalog, clock }: JudgePorts): PolicyJudge {
  // Only what can be copied.
  const toolsOfToday = (): readonly AdvisedTool[] =>
    catalog().map(({ name, inputSchema, labels = [], sinks = [] }) => ({ name, inputSchema, labels, sinks }));
  const ask = <T extends Judgement | Comparison | Checked>(task: JudgeTask | CompareTask | CheckTask): Promise<T> =>
    askThread(thread, task, task.name);
  return {
    judge: async (question) => ask({ kind: 'judge', tools: toolsOfToday(), nowMs: clock.nowMs(), ...question }),
    check: async (text) => {
      const about = { tools: toolsOfToday(), nowMs: clock.nowMs() };
      const { findings } = await ask<Checked>({ kind: 'check', ...given(text), ...about });
      return findings;
    },
    compare: async (question) => ask({ kind: 'compare', ...question }),
    admit: async (judgement) => {
      const { text, digest, warnings, refusal } = judgement;
      if (refusal !== undefined) {
        throw new SmcpError(refusal.code, refusal.message, { details: refusal.details ?? {} });
      }
      return { text, digest, warnings, compiled: await makeReady(judgement) };
    },
  };
}

/** @param name what is worked on, for the error. @throws `POLICY_UNCHECKED` · what the work refuses with, and the thread */
export async function askThread<T>(thread: Pick<OffThread, 'run'>, task: PolicyTask, name: string): Promise<T> {
  const outcome = await thread.run<T>(task, { isUrgent: task.kind === 'judge' });
  if (outcome.kind === 'failed') throw unchecked(name, outcome);
  return outcome.value;
}

/** Functions can't be copied: what decides is made here. A condition takes 0.05 to 0.3 ms, and there may be thousands. */
async function makeReady({ documentJson, conditions }: Judgement): Promise<CompiledPolicy> {
  const known = createConditions();
  const pause = createPauses();
  for (const source of conditions) {
    compileCondition(known, source);
    await pause();
  }
  const steps = compileSteps(JSON.parse(documentJson) as JsonObject, known);
  for (;;) {
    const { done, value } = steps.next();
    if (done !== true) {
      await pause();
      continue;
    }
    invariant(value.findings.length === 0, 'a policy that was found good is good');
    return value;
  }
}

type Failure = Extract<OffThreadOutcome<unknown>, { readonly kind: 'failed' }>;

function unchecked(name: string, { why, cause }: Failure): SmcpError {
  const told = {
    time: {
      message: `${name} took more than ${LIMITS.policyCheckMsMax / 1_000} s to check`,
      remedy: 'make it smaller, or try again when the machine has less to do',
    },
    memory: {
      message: `${name} takes more than ${LIMITS.policyCheckHeapMiBMax} MiB to check`,
      remedy: 'make it smaller: fewer rules, less nesting',
    },
    thread: {
      message: `${name} was not checked: the thread that checks policies did not start, or ended`,
      remedy: 'try again; if it stays so, see that memory and threads are left on the machine, and install smcp anew',
    },
  }[why];
  return new SmcpError('POLICY_UNCHECKED', told.message, { cause, details: { remedy: told.remedy, findings: [] } });
}
