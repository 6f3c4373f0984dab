// Asks plugins' programs what they can do, in the sandbox: several at once, each within bounds, and none twice whose answers
// are kept. Called by the registry at the start, at a reload and for a check. Trusts the sandbox; of the programs, nothing.

import { setImmediate } from 'node:timers/promises';
import type { Clock } from '#base/clock.ts';
import type { Digest } from '#base/digest.ts';
import { SmcpError } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import {
  type Answer,
  type Answers,
  answerBytesMax,
  answerOf,
  areWhole,
  type HeardAnswer,
  type HeardAnswers,
  hear,
  wordsToAsk,
} from '#domain/cli-plugin/interview.ts';
import type { PluginProber } from '#domain/discovery-ports.ts';
import type { Plugin } from '#domain/manifest.ts';
import type { AnswerCache } from './answer-cache.ts';
import { createTurns, type Turns } from './turns.ts';

export type Interviewer = {
  /**
   * Every answer of the program, from the cache where they are kept.
   *
   * @throws what `PluginProber.ask` throws · `SHUTTING_DOWN` when aborted
   */
  readonly answers: (plugin: Plugin, signal: AbortSignal) => Promise<HeardAnswers>;
  /** Whether answers of this code are kept, so that its program is not run. */
  readonly isKept: (digest: Digest) => boolean;
  /** Answers from which some tool was made; kept for the next start where they are whole. Never rejects. */
  readonly keep: (plugin: Plugin, answers: Answers) => Promise<void>;
};

export type InterviewerPorts = {
  readonly prober: PluginProber;
  readonly clock: Clock;
  /** Absent: nothing is kept. */
  readonly cache?: AnswerCache;
};

export function createInterviewer({ prober, clock, cache }: InterviewerPorts): Interviewer {
  const turns = createTurns(LIMITS.discoveryAsksMax);
  return {
    answers: async (plugin, signal) => {
      const kept = await hearKept(cache?.get(plugin.digest), signal);
      // Of a version that asked other questions nothing is kept, so all of them have answers.
      if (kept !== undefined && wordsToAsk(plugin.name, kept).length === 0) return kept;
      return interview({ prober, clock, turns }, plugin, signal);
    },
    isKept: (digest) => cache?.get(digest) !== undefined,
    keep: async ({ digest }, answers) => {
      if (areWhole(answers) && cache?.get(digest) === undefined) await cache?.put(digest, answers);
    },
  };
}

/** Reads what was kept, one text at a time: the server serves its agents meanwhile, and hears that it is to stop. */
async function hearKept(answers: Answers | undefined, signal: AbortSignal): Promise<HeardAnswers | undefined> {
  if (answers === undefined) return undefined;
  const heard = new Map<string, HeardAnswer>();
  for (const [key, answer] of answers) {
    if (signal.aborted) throw stopping();
    heard.set(key, hear(key.split(' '), answer));
    await setImmediate();
  }
  return heard;
}

const stopping = (): SmcpError => new SmcpError('SHUTTING_DOWN', 'the server stops; no program is asked any more');

type Asking = { readonly prober: PluginProber; readonly clock: Clock; readonly turns: Turns };

async function interview(asking: Asking, plugin: Plugin, signal: AbortSignal): Promise<HeardAnswers> {
  const answers = new Map<string, HeardAnswer>();
  const budget = createBudget();
  for (let open = wordsToAsk(plugin.name, answers); open.length > 0; open = wordsToAsk(plugin.name, answers)) {
    const asked = await Promise.allSettled(open.map((words) => ask(asking, { plugin, words, signal, budget })));
    for (const [index, result] of asked.entries()) {
      if (result.status === 'rejected') throw result.reason;
      answers.set((open[index] ?? []).join(' '), result.value);
    }
  }
  return answers;
}

/** What one plugin may take in all, and whether a program of it had to be stopped: then no more is asked. */
type Budget = { spentMs: number; textLength: number; stopped?: Extract<Answer, { readonly kind: 'stopped' }> };

const createBudget = (): Budget => ({ spentMs: 0, textLength: 0 });

type Question = {
  readonly plugin: Plugin;
  readonly words: readonly string[];
  readonly signal: AbortSignal;
  readonly budget: Budget;
};

/** Answers are read as they come, each within the turn of its question, and the time for that is the plugin's too. */
async function ask({ clock, turns, ...asking }: Asking, question: Question): Promise<HeardAnswer> {
  using _turn = await turns.take();
  const { budget, words } = question;
  if (question.signal.aborted) throw stopping();
  const startedMs = clock.monotonicMs();
  const heard = hear(words, await answerWithin(asking, question));
  budget.spentMs += clock.monotonicMs() - startedMs;
  // Several answers may be there at once: what else waits goes first.
  await setImmediate();
  return heard;
}

/** What the program answers, or why it isn't asked, or not heard. */
async function answerWithin({ prober }: Pick<Asking, 'prober'>, { budget, ...question }: Question): Promise<Answer> {
  const { stopped } = budget;
  if (stopped !== undefined) return { ...stopped, reason: 'was not asked for: the program had to be stopped before' };
  if (budget.spentMs > LIMITS.discoveryMsMax) {
    return { kind: 'stopped', code: 'TIMEOUT', reason: `was not asked for: ${LIMITS.discoveryMsMax} ms were used up` };
  }
  const answer = answerOf(
    await prober.ask({
      ...question,
      timeoutMs: LIMITS.discoveryAskMsMax,
      outputBytesMax: answerBytesMax(question.words),
    }),
  );
  if (answer.kind === 'stopped') budget.stopped ??= answer;
  if (answer.kind !== 'text') return answer;
  budget.textLength += answer.text.length;
  return budget.textLength <= LIMITS.discoveryTextLengthMax
    ? answer
    : { kind: 'broken', reason: `is with the others longer than ${LIMITS.discoveryTextLengthMax} characters` };
}
