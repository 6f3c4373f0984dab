// Answers what people ask before they change the policy, from the policy in force and the log. All that takes long is done in the
// thread of policies; calls go on meanwhile. Made once by app.ts. **Trust:** whoever asks may ask: the door saw to that.

import type { Clock } from '#base/clock.ts';
import { SmcpError } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import type { OffThread } from '#base/off-thread.ts';
import type { AgentName } from '#domain/agent.ts';
import type { PolicyAdmin } from '#domain/policy-ports.ts';
import type { PolicyReview, Suggestion, UnusedRules, WhoCan } from '#domain/policy-review.ts';
import { askThread } from '#policy/policy-thread.ts';
import { formatTools, type ReviewableTool } from './known-tools.ts';
import { createNeedBook } from './need-book.ts';
import { type ReadBackPorts, readBack } from './read-back.ts';
import type { Matched, ReviewTask } from './review-work.ts';
import type { IdentifiedRule } from './rule-identity.ts';
import { simulate } from './simulation.ts';
import type { PageNeeds } from './suggest.ts';
import type { SuggestionParts } from './suggestion-text.ts';
import type { PageTally } from './tally.ts';
import { createTallyBook, unusedRules } from './unused-rules.ts';

export type PolicyReviewPorts = ReadBackPorts & {
  readonly policy: Pick<PolicyAdmin, 'show' | 'history' | 'version'>;
  /** Where texts are parsed, see `createPolicyThread`. Not closed here. */
  readonly thread: Pick<OffThread, 'run'>;
  /** What is served now. */
  readonly catalog: () => readonly ReviewableTool[];
  readonly clock: Clock;
};

export function createPolicyReview(ports: PolicyReviewPorts): PolicyReview {
  const { policy, thread, clock } = ports;
  const room = createRoom();
  const ask = <T>(task: ReviewTask): Promise<T> => askThread(thread, task, 'the review');
  return {
    simulate: (question) =>
      room(() => {
        const { text: inForce, policy: ref } = policy.show();
        return simulate({ ...ports, ask }, { ...question, inForce, ref });
      }),
    whoCan: ({ args, ...rest }) =>
      room(() => {
        const { text: inForce, policy: ref } = policy.show();
        const asked = { ...rest, nowMs: clock.nowMs(), ...(args === undefined ? {} : { args }) };
        return ask<WhoCan>({ kind: 'who-can', inForce, ref, ...asked });
      }),
    suggest: (question) => room(() => suggest(ports, ask, question)),
    unused: ({ sinceMs }) => room(() => unused(ports, ask, sinceMs)),
  };
}

type Ask = <T>(task: ReviewTask) => Promise<T>;

async function unused(ports: PolicyReviewPorts, ask: Ask, sinceMs: number): Promise<UnusedRules> {
  const { text: inForce, policy: ref } = ports.policy.show();
  const rules = await ask<readonly IdentifiedRule[]>({ kind: 'rules', inForce });
  const book = createTallyBook();
  const plan = { sinceMs, decisionsMax: Number.POSITIVE_INFINITY, withArgs: false };
  const span = await readBack(ports, plan, async (rows, bounds) => {
    const page = await ask<PageTally>({ kind: 'tally', rows, ...bounds });
    return { ...page, isFull: !book.add(page.tallies) };
  });
  const match = (earlier: string, names: readonly string[]) => ask<Matched>({ kind: 'match', inForce, earlier, names });
  const found = await unusedRules({ ...ports, match }, rules, { span, versions: book.versions() });
  return { policy: ref, ...found };
}

async function suggest(
  ports: PolicyReviewPorts,
  ask: Ask,
  { agent, sinceMs }: { readonly agent: AgentName; readonly sinceMs: number },
): Promise<Suggestion> {
  const { text: inForce, policy: ref } = ports.policy.show();
  const toolsJson = formatTools(ports.catalog());
  const asked = { agent, inForce, digest: ref.digest, toolsJson, nowMs: ports.clock.nowMs() };
  const book = createNeedBook();
  const plan = { sinceMs, decisionsMax: Number.POSITIVE_INFINITY, withArgs: true };
  const span = await readBack(ports, plan, async (rows, bounds) => {
    const page = await ask<PageNeeds>({ kind: 'suggest', rows, ...asked, ...bounds });
    book.addAll(page);
    return page;
  });
  const needs = book.told();
  const parts = await ask<SuggestionParts>({ kind: 'close-suggestion', agent, inForce, needs });
  return { policy: ref, span, unknown: needs.unknown, ...parts };
}

/** Few at a time: each makes the log be read again, and holds pages of it. */
function createRoom(): <T>(work: () => Promise<T>) => Promise<T> {
  let underWay = 0;
  return async (work) => {
    if (underWay >= LIMITS.policyReviewsMax) {
      throw new SmcpError('QUEUE_FULL', `${underWay} reviews of the policy are under way already`, {
        details: { remedy: 'try again when one of them has ended' },
      });
    }
    underWay += 1;
    try {
      return await work();
    } finally {
      underWay -= 1;
    }
  };
}
