// Calls that a person has to approve: they wait outside of any lane, are decided again whenever something changed, and use the
// approval up when their turn comes. Used by the dispatcher only. **Trust:** arguments, and the id that a call names, are the
// agent's.

import { asSmcpError, SmcpError } from '#base/errors.ts';
import { type ExactJsonObject, exactValue } from '#base/exact-json.ts';
import { invariant } from '#base/invariant.ts';
import { LIMITS } from '#base/limits.ts';
import { heldToken } from '#domain/agent.ts';
import type { ApprovalQuestion, ApprovalRequest, Permission } from '#domain/approval-ports.ts';
import type { Ask } from '#domain/decision.ts';
import type { AskedOfClient, CallOutcome } from '#domain/invocation.ts';
import { narrow } from '#domain/narrow.ts';
import { runningTool } from '#domain/tool.ts';
import type { Admitted } from './admitted.ts';
import type { BookEntry } from './call-book.ts';
import { heldAbove } from './counted.ts';
import type { DispatcherPorts } from './dispatcher-ports.ts';
import { QueueRoom } from './fair-queue.ts';
import { mayAct, type Stop } from './may-act.ts';
import type { Pace } from './pace.ts';
import { createWait } from './wait.ts';

export type Asking = {
  /**
   * Waits until the call may wait for its turn. What ends it before is closed by `close`, in the turn in which it was decided;
   * then its outcome, else undefined. A call that a tool made does not wait: it holds its root's place in the lane.
   */
  readonly untilApproved: (
    entry: BookEntry,
    close: (stop: Stop) => Promise<CallOutcome>,
  ) => Promise<CallOutcome | undefined>;
  /**
   * Its turn has come: decides again, and uses the approval up. What runs then is `admitted`: of an approved call, the arguments as
   * they were shown. **Durability:** that it is used is on disk.
   */
  readonly atTurn: (
    entry: BookEntry,
  ) => { readonly kind: 'go'; readonly decision: Permission; readonly admitted: Admitted } | Stop;
  /** Why a call that runs may not go on; undefined when it may. */
  readonly mayGoOn: (entry: BookEntry) => Stop | undefined;
};

export function createAsking(ports: DispatcherPorts, pace: Pace): Asking {
  const { approvals: desk, clock } = ports;
  const room = new QueueRoom({
    lengthMax: LIMITS.approvalWaitersMax,
    perAgentMax: LIMITS.approvalWaitersPerAgentMax,
    bytesMax: LIMITS.queueBytesMax,
    bytesPerAgentMax: LIMITS.queueBytesPerAgentMax,
  });

  /** The request that this decision asks for, as it stands now, or why there is none. */
  const requestOf = ({ admitted }: BookEntry, decision: Ask): ApprovalRequest | Stop => {
    try {
      return desk.request(questionOf(admitted, decision), admitted.request.approval);
    } catch (thrown) {
      return refusal(thrown, decision, admitted.request.approval);
    }
  };

  /** One look: what to do about the call now. */
  const look = (entry: BookEntry, asked: ApprovalRequest | undefined): 'go' | ApprovalRequest | Stop => {
    const verdict = mayAct(ports, entry.admitted);
    if (verdict.kind === 'stop') return verdict;
    entry.decision = verdict.decision;
    if (verdict.kind === 'go') return 'go';
    const isSame = asked !== undefined && desk.isFor(asked, questionOf(entry.admitted, verdict.decision));
    const request = (isSame ? desk.find(asked.id) : undefined) ?? requestOf(entry, verdict.decision);
    if ('kind' in request || request.state === 'pending') return request;
    return request.state === 'approved' ? 'go' : refusal(desk.whyNot(request), verdict.decision, request.id);
  };

  /** Why what the client asserts does not count; undefined when it asserts nothing, or it does. */
  const assertFirst = async ({ admitted, decision }: BookEntry): Promise<SmcpError | undefined> => {
    const { asserted } = admitted.request;
    if (asserted === undefined || decision.kind !== 'ask') return undefined;
    try {
      const { token } = admitted.request;
      const held = token === undefined ? {} : { token: heldToken(token) };
      await desk.assert(questionOf(admitted, decision), { ...asserted, ...held });
      return undefined;
    } catch (thrown) {
      if (!(thrown instanceof SmcpError)) throw thrown;
      return thrown;
    }
  };

  const wait: Asking['untilApproved'] = async (entry, close) => {
    const { admitted, controller } = entry;
    const uncounted = await assertFirst(entry);
    const untilMs = clock.monotonicMs() + waitMsOf(entry);
    const hasRoom = entersRoom(room, entry);
    let asked: ApprovalRequest | undefined;
    try {
      for (let turns = 0; ; turns += 1) {
        while (pace.busy() !== undefined) await pace.busy();
        if (controller.signal.aborted) {
          const error = asSmcpError(controller.signal.reason).toWire();
          return await close({ kind: 'stop', phase: 'cancelled', error, ...namedBy(asked) });
        }
        const found = pace.count(() => look(entry, asked));
        if (found === 'go') return undefined;
        if ('kind' in found) return await close(found);
        asked = found;
        if (uncounted !== undefined) return await close(refusal(uncounted, entry.decision, asked.id));
        const leftMs = hasRoom ? untilMs - clock.monotonicMs() : 0;
        if (leftMs <= 0) {
          const outcome = await close(refusal(desk.whyNot(asked), entry.decision, asked.id));
          return asksClient(entry) ? { ...outcome, asked: askedOf(entry, asked) } : outcome;
        }
        tellProgress(admitted, asked, turns);
        await untilChanged(entry, asked, leftMs);
      }
    } finally {
      if (hasRoom) room.leave({ agent: admitted.request.agent, bytes: admitted.argsJson.length });
    }
  };

  /** Until the request, or what decides about the call, has changed; or it is time to tell its client that it still waits. */
  const untilChanged = async (entry: BookEntry, { id }: ApprovalRequest, leftMs: number): Promise<void> => {
    const waiting = createWait(Math.min(leftMs, LIMITS.approvalProgressMs), entry.controller.signal);
    const forget = desk.watch(id, waiting.end);
    entry.look = waiting.end;
    try {
      await waiting.ended;
    } finally {
      delete entry.look;
      forget();
    }
  };

  return {
    untilApproved: async (entry, close) => {
      if (entry.decision.kind === 'allow') return undefined;
      entry.state = 'asking';
      try {
        return await wait(entry, close);
      } finally {
        entry.state = 'waiting';
      }
    },
    atTurn: (entry) => {
      const verdict = mayAct(ports, entry.admitted, { stage: 'turn', holds: heldAbove(entry) });
      if (verdict.kind === 'go') return { ...verdict, admitted: entry.admitted };
      if (verdict.kind === 'stop') return verdict;
      const { decision } = verdict;
      const request = requestOf(entry, decision);
      if ('kind' in request) return request;
      if (request.state !== 'approved') return refusal(desk.whyNot(request), decision, request.id);
      try {
        const admitted = asShown(entry.admitted, desk.argsJson(request.id));
        const approval = desk.use(request.id, admitted.invocation);
        return { kind: 'go', decision: { ...decision, approval }, admitted };
      } catch (thrown) {
        return refusal(thrown, decision, request.id);
      }
    },
    mayGoOn: ({ admitted, permission }) => {
      const tool = permission && runningTool(admitted.tool, permission);
      const verdict = mayAct(ports, admitted, {
        ...{ stage: 'under-way', labels: admitted.labels.atTurn() },
        ...(tool && { tool }),
      });
      if (verdict.kind !== 'ask') return verdict.kind === 'stop' ? verdict : undefined;
      const { decision } = verdict;
      if (permission?.kind === 'ask' && permission.ruleDigest === decision.ruleDigest) return undefined;
      const error = new SmcpError(
        'DENIED',
        `the rule ${decision.rule} asks for an approval that this call does not have`,
        {
          details: { rule: decision.rule, remedy: decision.remedy },
        },
      );
      return refusal(error, decision, undefined);
    },
  };
}

/**
 * The call with the arguments that were approved, whose text may be another one: with keys in another order, or numbers that are
 * spelled otherwise (1 and 1.0, 0 and -0), which some programs tell apart.
 */
function asShown(admitted: Admitted, argsJson: string | undefined): Admitted {
  invariant(argsJson !== undefined, 'a request that is approved has its arguments');
  return argsJson === admitted.argsJson
    ? admitted
    : { ...admitted, argsJson, args: exactValue(argsJson) as ExactJsonObject };
}

/** What a person is asked about this call. */
function questionOf({ request, tool, args, lineage }: Admitted, decision: Ask): ApprovalQuestion {
  const { agent } = request;
  const isPlugin = tool.kind === 'plugin';
  return {
    agent,
    tool: {
      name: tool.name,
      schema: tool.schemaDigest,
      effect: tool.effect,
      ...(isPlugin
        ? {
            plugin: {
              name: tool.plugin.name,
              version: tool.plugin.version,
              package: tool.plugin.digest,
              manifest: tool.plugin.manifestDigest,
            },
          }
        : {}),
    },
    args,
    capabilities: isPlugin ? narrow(tool.capabilities, decision.capabilities) : {},
    ...(decision.workspace === undefined ? {} : { workspace: decision.workspace }),
    chain: lineage?.chain ?? [],
    rule: ruleOf(decision),
    policy: decision.policy,
    terms: decision.terms,
    ...seenAtAsking(decision),
    ...onBehalfOf(request),
  };
}

function ruleOf({ rule: name, ruleDigest: digest, ruleText: text, why }: Ask): ApprovalQuestion['rule'] {
  return { name, digest, ...(text === undefined ? {} : { text }), ...(why === undefined ? {} : { why }) };
}

function seenAtAsking({ labels }: Ask): Pick<ApprovalQuestion, 'seen'> {
  const seen = (labels?.seen ?? []).slice(0, LIMITS.recordLabelsMax).map(({ label, tool }) => ({ label, tool }));
  return seen.length === 0 ? {} : { seen };
}

function onBehalfOf({ token }: Admitted['request']): Pick<ApprovalQuestion, 'onBehalfOf'> {
  const { onBehalfOf: tokens = [], actors = [] } = token?.rights ?? {};
  return tokens.length === 0 ? {} : { onBehalfOf: { tokens, actors } };
}

/** Whether its client may be asked, and can be. */
function asksClient({ decision, admitted }: Pick<BookEntry, 'decision' | 'admitted'>): boolean {
  return decision.kind === 'ask' && decision.terms.trustsClient && admitted.request.canAskClient === true;
}

function askedOf({ admitted, decision }: BookEntry, { id, expiresMs }: ApprovalRequest): AskedOfClient {
  const why = decision.kind === 'ask' && decision.why !== undefined ? { why: decision.why } : {};
  const seen = (decision.labels?.seen ?? []).map(({ label }) => label);
  return {
    id,
    argsJson: admitted.argsJson,
    expiresMs,
    ...why,
    seen,
    actors: admitted.request.token?.rights?.actors ?? [],
  };
}

/** A call whose client is told of progress is waited for longer: progress keeps the client waiting. */
function waitMsOf({ decision, parent, admitted }: BookEntry): number {
  if (parent !== undefined || decision.kind === 'allow' || asksClient({ decision, admitted })) return 0;
  const hasProgress = admitted.request.onProgress !== undefined;
  return decision.terms.waitMs ?? (hasProgress ? LIMITS.approvalWaitMsMax : LIMITS.approvalWaitMsDefault);
}

/** False when too many wait: the call is answered at once, and its request stays. */
function entersRoom(room: QueueRoom, { admitted: { request, argsJson } }: BookEntry): boolean {
  try {
    room.enter({ agent: request.agent, bytes: argsJson.length });
    return true;
  } catch (thrown) {
    if (thrown instanceof SmcpError && thrown.code === 'QUEUE_FULL') return false;
    throw thrown;
  }
}

/** The protocol wants progress to grow: so little that whatever the tool tells then is more. */
const PROGRESS_STEP = 1e-6;

function tellProgress({ request }: Admitted, { id }: ApprovalRequest, turns: number): void {
  request.onProgress?.({
    progress: (turns + 1) * PROGRESS_STEP,
    message: `waits for a person to approve it: smcp approvals approve ${id}`,
  });
}

const namedBy = (asked: ApprovalRequest | undefined) => (asked === undefined ? {} : { approval: asked.id });

/** How a call is closed that is not approved. A bug of ours is thrown on. */
function refusal(thrown: unknown, decision: BookEntry['decision'], approval: string | undefined): Stop {
  if (!(thrown instanceof SmcpError) || thrown.code === 'INTERNAL') throw thrown;
  const stop = { kind: 'stop', phase: 'denied', error: thrown.toWire(), decision } as const;
  return approval === undefined ? stop : { ...stop, approval };
}
