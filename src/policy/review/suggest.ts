// What one agent was found to need: of each recorded call the tool, the grant in force that gives it, and what was used. Pure.
// Called in the thread of policies, page by page. Trust: tools that were denied are the agent's own words.

import type { ClosingRow } from '#domain/store-ports.ts';
import { DEFAULT_DENY } from '#policy/decide.ts';
import { covers } from '#policy/rule-match.ts';
import type { GrantRule, Policy } from '#policy/rules.ts';
import type { KnownTools } from './known-tools.ts';
import { createNeedBook, type Found, type Needs } from './need-book.ts';
import type { RecordedDecision } from './recorded.ts';
import { replay } from './replay.ts';
import { createPieceEnd, type PageBounds, type PageFacts, readPage } from './tally.ts';
import { usedCapabilities } from './used-capabilities.ts';

export type SuggestContext = {
  readonly agent: string;
  readonly policy: Policy;
  /** Of the policy in force: where that decided, the record tells its rule. */
  readonly digest: string;
  readonly tools: KnownTools;
  readonly nowMs: number;
};

export type PageNeeds = PageFacts & Needs;

export function needsOfPage(rows: readonly ClosingRow[], bounds: PageBounds, context: SuggestContext): PageNeeds {
  const book = createNeedBook();
  const ended = createPieceEnd();
  const facts = readPage(rows, { ...bounds, agent: context.agent }, (recorded) => {
    book.add(foundIn(recorded, context));
    return ended();
  });
  return { ...facts, ...book.told() };
}

function foundIn(recorded: RecordedDecision, context: SuggestContext): Found {
  const { tool, endedMs } = recorded;
  const once = { tool, calls: 1, lastMs: endedMs };
  const refuse = (rule: string, reason: string): Found => ({ refusal: { ...once, rule, reason } });
  const kind = context.tools.kinds.get(tool);
  if (kind === undefined) return refuse('', 'no tool has this name today');
  if (kind === 'people') return refuse('', 'no grant gives it: only a person may do it');
  if (recorded.phase === 'denied' && recorded.decision === 'ask') {
    return refuse(recorded.rule, 'a person was to be asked, and had not approved it');
  }
  const now = decidedNow(recorded, context);
  if (now === undefined) return 'unknown';
  const grants = context.policy.agents.get(recorded.agent)?.grants.flat() ?? [];
  const wasAllowed = recorded.decision !== 'deny';
  const used = recorded.capabilities === undefined ? {} : { capabilities: usedCapabilities(recorded.capabilities) };
  if (now.isAllowed) {
    const grant = grants.find(({ name }) => name === now.rule);
    if (grant === undefined) return 'unknown';
    if (isOver(grant, context.nowMs)) return refuse(grant.name, 'the grant that gave it has expired');
    return { need: { ...once, pointer: grant.pointer, because: 'allowed', ...used } };
  }
  if (now.rule !== DEFAULT_DENY) {
    const isGrant = grants.some(({ name }) => name === now.rule);
    return refuse(now.rule, isGrant ? 'the grant that covers it did not give it then' : 'a rule denies it');
  }
  const near = grants.find((grant) => covers(grant, tool));
  if (near !== undefined)
    return refuse(near.name, 'the grant that covers it has a condition or times that were not met');
  if (wasAllowed) return { need: { ...once, pointer: '', because: 'allowed', ...used } };
  if (kind === 'admin') return refuse('', 'it administers the server: grant it by hand if you mean it');
  // It never ran, so nobody knows what it would have used.
  const nothing = kind === 'asks-nothing' ? { capabilities: {} } : {};
  return { need: { ...once, pointer: '', because: 'denied', ...nothing } };
}

/** What the policy in force says of the call; undefined where that can't be said. */
function decidedNow(recorded: RecordedDecision, { policy, digest, tools }: SuggestContext) {
  const { decision, rule } = recorded;
  if (recorded.digest === digest) return { isAllowed: decision !== 'deny', rule };
  const replayed = replay(policy, recorded, tools.schemas);
  if (replayed.kind !== 'decided') return undefined;
  return { isAllowed: replayed.decision.kind !== 'deny', rule: replayed.decision.rule };
}

const isOver = ({ expiresMs }: GrantRule, nowMs: number): boolean => expiresMs !== undefined && expiresMs <= nowMs;
