// Approvals of calls: requests that wait for a person, what became of them, and each approval used once. Made once by the app.
// **Trust:** questions are the dispatcher's, their arguments the agent's; who decides was settled by the door.

import { type Clock, rfc3339 } from '#base/clock.ts';
import { randomHex } from '#base/ids.ts';
import { LIMITS } from '#base/limits.ts';
import type { Logger } from '#base/log.ts';
import type {
  ApprovalDecision,
  ApprovalRequest,
  ApprovalStore,
  Approvals,
  Approver,
  UsedApproval,
} from '#domain/approval-ports.ts';
import type { RecordLog } from '#domain/ports.ts';
import type { ApprovalPredicate } from '#domain/record.ts';
import { checkApprover, checkMightGive, standing } from './approvers.ts';
import { createExpiry } from './expiry.ts';
import type { Givers } from './givers.ts';
import { createHeldRequests } from './held.ts';
import {
  anotherDigest,
  decidedAlready,
  decisionsFull,
  isForAnotherCall,
  notApproved,
  requestsFull,
  unknownRequest,
} from './refusals.ts';
import { type BoundQuestion, createQuestionBinder, formatStatement, readStatement } from './statement.ts';
import { createWatchers } from './watchers.ts';

export type ApprovalPorts = {
  readonly store: ApprovalStore;
  readonly log: RecordLog;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Asked at each look at a request: whose approval counts. */
  readonly givers: Givers;
  /** Where people find the console, for what a call that waits is told; absent: it is told the path alone. */
  readonly consoleOrigin?: () => string;
};

export type ApprovalService = Approvals & {
  /** Watches no time any more. */
  readonly close: () => void;
};

const ID_BYTES = 8;

type Tail<List extends readonly unknown[]> = List extends readonly [unknown, ...infer Rest] ? Rest : never;

/** What is kept of another run is read once; what ran out meanwhile, or is of a time that has not come yet, has expired. */
export function createApprovals({
  store,
  log,
  clock,
  logger,
  givers,
  consoleOrigin = () => '',
}: ApprovalPorts): ApprovalService {
  const held = createHeldRequests(store);
  const watchers = createWatchers();
  const bind = createQuestionBinder();
  /** The last decision about a request that is on its way into the log: the next one waits for it, and is told what it was. */
  const beingRecorded = new Map<string, Promise<unknown>>();

  /** Requests of which it was told that they wait again. */
  const waitingAgain = new Set<string>();

  const change = (request: ApprovalRequest): ApprovalRequest => {
    waitingAgain.delete(request.id);
    try {
      held.change(request);
    } finally {
      watchers.tell(request);
    }
    return request;
  };

  const expiry = createExpiry(clock, (id) => {
    const request = held.find(id);
    if (request?.state !== 'pending' && request?.state !== 'approved') return;
    try {
      change({ ...request, state: 'expired', endedMs: clock.nowMs() });
    } catch (thrown) {
      logger.error('that a request for approval expired was not kept', { id, error: String(thrown) });
    }
  });
  for (const request of held.list()) if (isOpen(request)) expiry.resume(request);

  /** As it is now: with the approvals that still count. */
  const present = (id: string): ApprovalRequest | undefined => {
    expiry.look(id);
    const request = held.find(id);
    return request === undefined ? undefined : standing(request, givers);
  };
  const known = (id: string): ApprovalRequest => {
    const request = present(id);
    if (request === undefined) throw unknownRequest();
    return request;
  };

  const open = (bound: BoundQuestion): ApprovalRequest => {
    const { agent, tool, args, terms } = bound.question;
    const createdMs = clock.nowMs();
    const { own, all, kept } = held.makeRoom(agent, createdMs);
    if (own >= LIMITS.approvalsPendingPerAgentMax) throw requestsFull('the agent', LIMITS.approvalsPendingPerAgentMax);
    if (all >= LIMITS.approvalsPendingMax) throw requestsFull('the server', LIMITS.approvalsPendingMax);
    if (kept >= LIMITS.approvalsKeptPerAgentMax) throw decisionsFull(LIMITS.approvalsKeptPerAgentMax);
    const times = { id: randomHex(ID_BYTES), createdMs, expiresMs: createdMs + terms.ttlMs };
    const request: ApprovalRequest = {
      ...{ ...times, ...formatStatement(bound, times), binding: bound.binding },
      ...{ agent, tool: tool.name, trustsClient: terms.trustsClient, state: 'pending' },
      ...(terms.approvers === undefined ? {} : { approvers: terms.approvers }),
    };
    held.add(request, JSON.stringify(args));
    expiry.begin(request);
    watchers.tell(request);
    return request;
  };

  /** A call has come for an approval that counts no more: people have to look at it again, and are told so once. */
  const tellOnce = (request: ApprovalRequest) => {
    if (waitingAgain.has(request.id)) return;
    waitingAgain.add(request.id);
    watchers.tell(request);
  };

  const request: Approvals['request'] = (question, id) => {
    const bound = bind(question);
    if (id !== undefined) {
      const named = present(id);
      if (named === undefined || named.agent !== question.agent) throw unknownRequest();
      if (named.binding !== bound.binding) throw isForAnotherCall(id);
      if (!isOpen(named)) throw notApproved(named);
      if (named.state === 'pending' && held.find(id)?.state === 'approved') tellOnce(named);
      return named;
    }
    const last = held.ofBinding(bound.binding);
    const same = last === undefined ? undefined : present(last.id);
    if (same !== undefined && isOpen(same)) {
      if (same.state === 'pending' && last?.state === 'approved') tellOnce(same);
      return same;
    }
    // Of the call, whoever asks: an agent names its sub-agents as it likes, and would ask for the same again under each name.
    const denial = held.denialOf(bound.call);
    if (denial !== undefined && clock.nowMs() - (denial.endedMs ?? 0) < LIMITS.approvalDenialMs) {
      throw notApproved(denial);
    }
    return open(bound);
  };

  const use = (id: string, invocation: string): UsedApproval => {
    // Before it is asked whether it has expired, so that the record shows a time at which it had not.
    const usedMs = clock.nowMs();
    const approved = known(id);
    const { state, decision } = approved;
    if (state !== 'approved' || decision === undefined) throw notApproved(approved);
    change({ ...approved, state: 'used', endedMs: clock.nowMs(), usedBy: invocation });
    return { id, record: decision.record, used: rfc3339(usedMs) };
  };

  /** **Durability:** the record first, then the row: a crash in between leaves the request as it was. */
  const record = async (
    asked: ApprovalRequest,
    state: 'approved' | 'denied',
    { by, why }: { readonly by: Approver; readonly why?: string },
  ): Promise<ApprovalRequest> => {
    checkApprover(asked, state, by);
    if (state === 'approved') checkMightGive(asked, by, givers);
    checkUndecided(asked);
    const said = { by, atMs: clock.nowMs(), ...(why === undefined ? {} : { why }) };
    const receipt = await log.append(recordOf(asked, state, said));
    const now = known(asked.id);
    if (now.state !== 'pending') throw notApproved(now);
    const decision: ApprovalDecision = { ...said, record: receipt };
    if (state === 'denied') return change({ ...now, state, decision, endedMs: said.atMs });
    const approvals = [...(now.approvals ?? []), decision];
    const isEnough = approvals.length >= (now.approvers?.needed ?? 1);
    return change(isEnough ? { ...now, state, approvals, decision } : { ...now, approvals });
  };

  /** One after the other, each about the request as it is then. */
  const decide = async (id: string, ...decision: Tail<Parameters<typeof record>>): Promise<ApprovalRequest> => {
    const before = beingRecorded.get(id);
    const turn = (async () => {
      await before?.catch(() => {});
      return record(known(id), ...decision);
    })();
    beingRecorded.set(id, turn);
    try {
      return await turn;
    } finally {
      if (beingRecorded.get(id) === turn) beingRecorded.delete(id);
    }
  };

  const assert: Approvals['assert'] = async (question, { id, isApproved, token }) => {
    const asked = request(question, id);
    if (asked.state !== 'pending') return;
    const by = { kind: 'client', name: question.agent, ...(token === undefined ? {} : { token }) } as const;
    await decide(asked.id, isApproved ? 'approved' : 'denied', { by });
  };

  return {
    request,
    assert,
    use,
    find: present,
    whyNot: (asked) => notApproved(asked, consoleOrigin()),
    isFor: ({ binding }, question) => binding === bind(question).binding,
    watch: watchers.watch,
    onChange: watchers.watchAll,
    get: known,
    checkOpen: (id) => checkUndecided(known(id)),
    list: () => held.list().map(({ id }) => known(id)),
    argsJson: (id) => store.argsJson(id),
    approve: async (id, { digest, by }) => {
      const asked = known(id);
      if (asked.digest !== digest) throw anotherDigest(asked);
      return decide(id, 'approved', { by });
    },
    deny: async (id, act) => decide(known(id).id, 'denied', act),
    close: expiry.close,
  };
}

const isOpen = ({ state }: ApprovalRequest): boolean => state === 'pending' || state === 'approved';

function checkUndecided(request: ApprovalRequest): void {
  if (request.state === 'expired') throw notApproved(request);
  if (request.state !== 'pending') throw decidedAlready(request);
}

function recordOf(
  { id, statement, agent, tool, expiresMs, approvers, approvals = [] }: ApprovalRequest,
  decision: 'approved' | 'denied',
  { by, atMs, why }: { readonly by: Approver; readonly atMs: number; readonly why?: string },
): Parameters<RecordLog['append']>[0] {
  return {
    kind: 'approval',
    predicate: {
      ...{ approval: id, decision, agent, tool, rule: readStatement(statement).rule.name },
      by: approverOf(by),
      ...(decision === 'approved' && by.kind === 'person' && by.assertion !== undefined
        ? { assertion: by.assertion }
        : {}),
      ...(decision === 'approved' && approvers !== undefined && approvers.needed > 1
        ? { approvers: { needed: approvers.needed, before: approvals.map((one) => one.record) } }
        : {}),
      ...(why === undefined ? {} : { why }),
      expires: rfc3339(expiresMs),
      time: rfc3339(atMs),
    },
    statement,
  };
}

function approverOf(by: Approver): ApprovalPredicate['by'] {
  if (by.kind === 'admin') return { kind: 'admin' };
  return { kind: by.kind, name: by.name, ...(by.kind === 'channel' ? { via: by.via } : {}) };
}
