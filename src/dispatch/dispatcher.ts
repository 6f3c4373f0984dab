// The only way to run anything: admit → lane → ask again → intent → run → outcome → answer.
// **Trust:** the request's tool, arguments, session and key are the agent's words; its agent is authenticated by a door.

import { SmcpError } from '#base/errors.ts';
import { errorAnswer, refusalAnswer } from '#domain/answer.ts';
import type { CallOutcome, CallRequest } from '#domain/invocation.ts';
import type { Dispatcher, ToolCaller } from '#domain/ports.ts';
import { createAdmission } from './admission.ts';
import { createAsking } from './asking.ts';
import { type BookEntry, createCallBook, endCall, viewOf } from './call-book.ts';
import {
  asReason,
  callUnknown,
  cancelledBy,
  cancelledByCaller,
  endedWith,
  flush,
  isStop,
  laneOf,
  lineageBelow,
  msLeftOf,
} from './call-ends.ts';
import { createCloser } from './closer.ts';
import { count } from './counted.ts';
import type { DispatcherPorts } from './dispatcher-ports.ts';
import { createDrain } from './drain.ts';
import { createKeyedCalls, type KeyedOutcome } from './keyed-calls.ts';
import type { LaneOptions, Turn } from './lane.ts';
import { createLanes } from './lanes.ts';
import { mayAct, type Stop, stoppedBy } from './may-act.ts';
import { createPace } from './pace.ts';
import { runAdminTool } from './run-admin.ts';
import { runPluginTool } from './run-plugin.ts';

export type DispatcherOptions = LaneOptions & {
  readonly drainMsMax?: number;
  /** Whether a call that comes now is one of those that are counted; absent: each is. */
  readonly isCounted?: () => boolean;
};

/** Makes the dispatcher of a server. It owns the lanes: `main` for plugins' tools, `control` for the server's own. */
export function createDispatcher(ports: DispatcherPorts, options: DispatcherOptions = {}): Dispatcher & ToolCaller {
  const { clock } = ports;
  const lanes = createLanes(clock, options);
  const book = createCallBook();
  const keyed = createKeyedCalls(ports);
  const { close, hasRun } = createCloser(ports);
  const admission = createAdmission(ports, close);
  const draining = createDrain(book, options);
  const pace = createPace(clock);
  const asking = createAsking(ports, pace);
  let callsTotal = 0;

  /** `parent`: the call whose tool makes this one, as it stands in the book; absent: it came in by a door. */
  const call = async (request: CallRequest, parent?: BookEntry): Promise<CallOutcome> => {
    if (options.isCounted?.() !== false) callsTotal += 1;
    while (pace.busy() !== undefined) await pace.busy();
    const below = parent === undefined ? undefined : { lineage: lineageBelow(parent), labels: parent.admitted.labels };
    const admitting = pace.count(() => admission.admit(request, below));
    const admitted = admitting instanceof Promise ? await admitting : admitting;
    if (admitted.kind === 'closed') return admitted.outcome;
    const { call: one, decision } = admitted;
    // What a running tool calls is part of what may still end.
    if (draining.hasBegun() && parent === undefined)
      return close('cancelled', one, errorAnswer(draining.reason().toWire()), { decision });
    const entry: BookEntry = {
      ...{ admitted: one, decision, lane: laneOf(one) },
      ...{ controller: new AbortController(), state: 'waiting' },
      ...(parent === undefined ? {} : { parent }),
    };
    const cancel = () => {
      const end = () => endCall(entry, endedWith(entry) ?? cancelledByCaller(entry));
      if (!keyed.goesOnWithout(one.invocation, end)) end();
    };
    request.signal?.addEventListener('abort', cancel, { once: true });
    if (request.signal?.aborted) cancel();
    const leave = book.enter(entry);
    try {
      return await work(entry, request.idempotencyKey);
    } finally {
      leave();
      request.signal?.removeEventListener('abort', cancel);
    }
  };

  /** Runs it, under its key where it has one. */
  const work = async (entry: BookEntry, key: string | undefined) => {
    if (key === undefined) return (await waitAndRun(entry)).outcome;
    const { admitted, decision, controller } = entry;
    const result = await keyed.once({ admitted, key, signal: controller.signal }, () => waitAndRun(entry));
    if (result.kind === 'ran') return result.outcome;
    if (result.kind === 'replayed') {
      const { outcome, replayOf } = result;
      // It has waited for another's run, and nobody asked about it meanwhile.
      const verdict = mayAct(ports, admitted, { stage: 'under-way', ignoresLabels: true });
      if (verdict.kind === 'stop') return closeStopped(entry, verdict);
      admitted.labels.repeat(outcome.labels ?? [], admitted.tool);
      await close('replayed', admitted, outcome.answer, { decision, replayOf });
      return outcome;
    }
    const { phase, error } = result;
    return close(phase, admitted, errorAnswer(error), phase === 'denied' ? {} : { decision });
  };

  const callTool: ToolCaller['callTool'] = async ({ parent: invocation, tool, args, signal }) => {
    const parent = book.find(invocation);
    if (parent === undefined || parent.state !== 'running') {
      throw new SmcpError('CANCELLED', 'the call that made it has ended');
    }
    const { agent, door, session, token, mayStillAct } = parent.admitted.request;
    const request: CallRequest = {
      ...{ agent, door, tool, args, signal },
      ...(session === undefined ? {} : { session }),
      ...(token === undefined ? {} : { token }),
      ...(mayStillAct === undefined ? {} : { mayStillAct }),
    };
    // Whatever it does besides its own running counts for the agent's share of the lane.
    const share = lanes.named[parent.lane].count(agent);
    try {
      return (await draining.track(call(request, parent))).answer;
    } finally {
      share.release();
    }
  };

  const waitAndRun = async (entry: BookEntry): Promise<KeyedOutcome> => {
    const { admitted, controller } = entry;
    const { request, tool, argsJson } = admitted;
    const refused = await asking.untilApproved(entry, (stop) => closeStopped(entry, stop));
    if (refused !== undefined) return { outcome: refused, isKept: false };
    let turn: Turn;
    try {
      const effect = isStop(tool) ? 'pure' : tool.effect;
      const asked = { agent: request.agent, bytes: argsJson.length, effect, signal: controller.signal };
      turn = await lanes.of(entry).enter(asked);
    } catch (thrown) {
      const { decision } = entry;
      return { outcome: await close('cancelled', admitted, refusalAnswer(thrown), { decision }), isKept: false };
    }
    try {
      return await takeTurn(entry, turn);
    } finally {
      turn.release();
    }
  };

  /** A call that was allowed and is no longer keeps the decision that let it in, unless another one ends it. */
  const closeStopped = (entry: BookEntry, { phase, error, approval, ...stop }: Stop) => {
    const decision = stop.decision ?? (phase === 'cancelled' ? entry.decision : undefined);
    const parts = decision === undefined ? {} : { decision };
    return close(phase, entry.admitted, errorAnswer(error), approval === undefined ? parts : { ...parts, approval });
  };

  /** What was revoked, frozen or replaced while the call waited does not start. */
  const takeTurn = async (entry: BookEntry, turn: Turn): Promise<KeyedOutcome> => {
    const { controller } = entry;
    while (pace.busy() !== undefined) await pace.busy();
    const verdict = pace.count(() => asking.atTurn(entry));
    if (verdict.kind === 'stop') return { outcome: await closeStopped(entry, verdict), isKept: false };
    const { admitted } = verdict;
    entry.permission = verdict.decision;
    // In the turn of the decision: whatever is decided next knows of it.
    admitted.labels.begin(verdict.decision, admitted.tool);
    const taken = ports.policy.take(verdict.decision);
    entry.taken = taken;
    const startedMs = clock.nowMs();
    book.begin(entry, startedMs);
    let isKept = false;
    const run = {
      decision: verdict.decision,
      startedMs,
      signal: controller.signal,
      msLeft: () => msLeftOf(entry.parent, clock.monotonicMs()),
      onBegin: (timeoutMs: number) => {
        entry.endsMs = clock.monotonicMs() + timeoutMs;
      },
      onRan: () => {
        if (admitted.tool.effect === 'pure' || isStop(admitted.tool)) turn.release();
      },
      close: (...[phase, answer, parts]: Parameters<Parameters<typeof runPluginTool>[1]['close']>) => {
        isKept = hasRun(phase, parts);
        count(taken, phase, answer, parts);
        // It runs no more, at the time that its record says.
        taken.end();
        return close(phase, admitted, answer, parts);
      },
    };
    const { tool } = admitted;
    try {
      const outcome =
        tool.kind === 'plugin'
          ? await runPluginTool(ports, { ...run, admitted: { ...admitted, tool } })
          : await runAdminTool(ports, { ...run, admitted: { ...admitted, tool } });
      return { outcome, isKept };
    } finally {
      taken.end();
    }
  };

  const reconsider: Dispatcher['reconsider'] = async () => {
    const entries = book.entries();
    for (const entry of entries) {
      const verdict = stoppedBy(ports, entry.admitted);
      if (verdict?.kind === 'stop') endCall(entry, asReason(verdict.error));
    }
    // Calls that wait are asked about when their turn comes; a policy may look at arguments for as long as 0.1 s.
    for (const entry of entries) {
      entry.look?.();
      if (entry.state !== 'running' || entry.controller.signal.aborted) continue;
      const stop = asking.mayGoOn(entry);
      if (stop !== undefined) endCall(entry, asReason(stop.error));
      await new Promise((resolve) => setImmediate(resolve));
    }
  };

  return {
    call: (request) => draining.track(call(request)),
    callTool,
    reconsider,
    untilEnded: async () => {
      const ending = book
        .entries()
        .filter(
          ({ controller, lane, state }) => controller.signal.aborted && !(lane === 'control' && state === 'running'),
        );
      return (await book.untilLeft(ending)).map(viewOf);
    },
    calls: book.views,
    running: book.running,
    cancel: (invocation) => {
      const entry = book.find(invocation);
      if (entry === undefined) throw callUnknown();
      endCall(entry, cancelledBy('an operator'));
      return viewOf(entry);
    },
    flush: (agent) => flush(book.entries(), agent),
    pause: (lane) => lanes.named[lane].pause(),
    resume: (lane) => lanes.named[lane].resume(),
    status: () => ({ lanes: lanes.status(), callsTotal }),
    drain: draining.drain,
  };
}
