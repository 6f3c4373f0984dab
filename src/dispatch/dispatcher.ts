// The only way to run anything: decide → lane → decide again → intent → run → outcome → answer.
// **Trust:** the request's tool, arguments and session are the agent's words; its agent is authenticated by a door.

import { asSmcpError, SmcpError } from '#base/errors.ts';
import { uuidv7 } from '#base/ids.ts';
import type { Json } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import type { CallOutcome, CallRequest, ToolAnswer } from '#domain/invocation.ts';
import type { Tool } from '#domain/manifest.ts';
import type { Dispatcher } from '#domain/ports.ts';
import { argumentsInvalid, denialAnswer, errorAnswer, refusalAnswer } from './answer.ts';
import type { DispatcherPorts } from './dispatcher-ports.ts';
import { Lane, type LaneOptions, type Turn } from './lane.ts';
import { type Admission, type ClosingParts, type ClosingPhase, predicateOf } from './predicate.ts';
import { type Admitted, runGoverned } from './run.ts';

export type DispatcherOptions = LaneOptions & { readonly drainMsMax?: number };

/** A call that has not been answered yet. */
type UnderWay = { readonly controller: AbortController; isWaiting: boolean; ended: Promise<unknown> };

/** Makes the dispatcher of a server. It owns the lane `main`. */
export function createDispatcher(ports: DispatcherPorts, options: DispatcherOptions = {}): Dispatcher {
  const { catalog, policy, log, clock } = ports;
  const lane = new Lane(clock, options);
  const underWay = new Set<UnderWay>();
  let isDraining = false;
  let callsTotal = 0;

  async function call(request: CallRequest): Promise<CallOutcome> {
    callsTotal += 1;
    const controller = new AbortController();
    const cancel = () => controller.abort(request.signal?.reason);
    const entry: UnderWay = { controller, isWaiting: false, ended: Promise.resolve() };
    const work = admit(request, entry);
    entry.ended = work;
    underWay.add(entry);
    request.signal?.addEventListener('abort', cancel, { once: true });
    if (request.signal?.aborted) cancel();
    try {
      return await work;
    } finally {
      underWay.delete(entry);
      request.signal?.removeEventListener('abort', cancel);
    }
  }

  async function admit(request: CallRequest, entry: UnderWay): Promise<CallOutcome> {
    const receivedMs = clock.nowMs();
    const tool = catalog.tool(request.tool);
    const admission: Admission = { invocation: uuidv7(receivedMs), request, tool, receivedMs };
    // A name that the agent may not call gets the same answer whether a tool has it or not: no oracle for names.
    if (policy.mayCall(request.agent, request.tool, receivedMs)) {
      if (tool === undefined) return unknownTool(admission);
      const argsJson = JSON.stringify(request.args);
      const misfit = checkArguments(tool, request, argsJson);
      if (misfit !== undefined) return close('denied', admission, errorAnswer(misfit), {});
      return decideAndRun({ ...admission, tool, argsJson }, entry);
    }
    const decision = policy.decide({
      agent: request.agent,
      tool: { name: request.tool },
      args: request.args,
      nowMs: receivedMs,
      ...(request.session === undefined ? {} : { session: request.session }),
    });
    if (decision.kind !== 'deny') throw new SmcpError('INTERNAL', 'the policy allows a call that it hides');
    return close('denied', { ...admission, tool: undefined }, denialAnswer(decision), { decision });
  }

  async function decideAndRun(admitted: Admitted, entry: UnderWay): Promise<CallOutcome> {
    const decision = decide(admitted);
    if (decision.kind === 'deny') return close('denied', admitted, denialAnswer(decision), { decision });
    if (isDraining) return close('cancelled', admitted, errorAnswer(shuttingDown().toWire()), { decision });
    const { signal } = entry.controller;
    let turn: Turn;
    entry.isWaiting = true;
    try {
      turn = await lane.enter({
        agent: admitted.request.agent,
        effect: admitted.tool.effect,
        bytes: admitted.argsJson.length,
        signal,
      });
    } catch (thrown) {
      return close('cancelled', admitted, refusalAnswer(leftQueue(thrown)), { decision });
    }
    entry.isWaiting = false;
    try {
      return await takeTurn(admitted, { turn, signal });
    } finally {
      turn.release();
    }
  }

  /** What was revoked, or replaced, while the call waited does not start. */
  async function takeTurn(
    admitted: Admitted,
    { turn, signal }: { readonly turn: Turn; readonly signal: AbortSignal },
  ): Promise<CallOutcome> {
    const { tool, request } = admitted;
    const decision = decide(admitted);
    if (request.mayStillAct?.() === false) {
      return close('cancelled', admitted, errorAnswer(tokenEnded().toWire()), { decision });
    }
    if (decision.kind === 'deny') return close('denied', admitted, denialAnswer(decision), { decision });
    const present = catalog.tool(tool.name);
    if (present?.schemaDigest !== tool.schemaDigest || present.plugin.digest !== tool.plugin.digest) {
      const changed = new SmcpError('TOOL_UNKNOWN', `${tool.name} was changed or removed while the call waited`);
      return close('cancelled', admitted, errorAnswer(changed.toWire()), { decision });
    }
    return runGoverned(ports, {
      admitted,
      decision,
      signal,
      onRan: () => {
        if (tool.effect === 'pure') turn.release();
      },
      close: (phase, answer, parts) => close(phase, admitted, answer, parts),
    });
  }

  function decide({ request, tool }: Admitted) {
    return policy.decide({
      agent: request.agent,
      tool: { name: tool.name, inputSchema: tool.inputSchema },
      args: request.args,
      nowMs: clock.nowMs(),
      ...(request.session === undefined ? {} : { session: request.session }),
    });
  }

  async function unknownTool(admission: Admission): Promise<never> {
    const error = new SmcpError('TOOL_UNKNOWN', 'no tool has this name', {
      details: { remedy: 'look the names up with tools/list' },
    });
    await close('denied', admission, errorAnswer(error.toWire()), {});
    throw error;
  }

  /** Writes the record that ends a call, then answers. @throws `LOG_UNAVAILABLE`: the answer is withheld. */
  async function close(
    phase: ClosingPhase,
    admission: Admission,
    answer: ToolAnswer,
    parts: ClosingParts,
  ): Promise<CallOutcome> {
    const value: Json = answer.kind === 'value' ? answer.value : answer.error;
    const result = {
      isError: answer.kind === 'error',
      bytes: Buffer.byteLength(JSON.stringify(value)),
      class: answer.kind === 'value' ? 'value' : answer.error.code,
    };
    const receipt = await log.append({
      kind: 'invocation',
      predicate: predicateOf(phase, admission, { ...parts, ending: { endedMs: clock.nowMs(), result } }),
      args: admission.request.args,
      result: value,
    });
    return { invocation: admission.invocation, answer, receipt };
  }

  /**
   * Waiting calls end at once, running ones when `drainMsMax` is over. What comes later is decided and recorded like any
   * other call, and never starts.
   */
  async function drain(): Promise<void> {
    isDraining = true;
    const reason = shuttingDown();
    for (const entry of underWay) if (entry.isWaiting) entry.controller.abort(reason);
    const timer = setTimeout(() => {
      for (const entry of underWay) entry.controller.abort(reason);
    }, options.drainMsMax ?? LIMITS.drainMsMax);
    await Promise.allSettled([...underWay].map((entry) => entry.ended));
    clearTimeout(timer);
  }

  return {
    call,
    status: () => ({
      lanes: [{ name: 'main', waiting: lane.waiting, running: lane.running }],
      callsTotal,
    }),
    drain,
  };
}

function shuttingDown(): SmcpError {
  return new SmcpError('SHUTTING_DOWN', 'the server is stopping', { details: { remedy: 'try again when it is back' } });
}

function tokenEnded(): SmcpError {
  return new SmcpError('UNAUTHENTICATED', 'the token of the call was revoked or expired while it waited', {
    details: { remedy: 'get a new token: smcp agent token NAME' },
  });
}

/** Why a call left the queue: the lane's own errors as they are, any other reason is the caller's cancellation. */
function leftQueue(thrown: unknown): SmcpError {
  const isOurs = thrown instanceof SmcpError && thrown.code !== 'INTERNAL';
  return isOurs
    ? thrown
    : new SmcpError('CANCELLED', 'the call was cancelled before its turn came', { cause: asSmcpError(thrown) });
}

function checkArguments(tool: Tool, request: CallRequest, argsJson: string) {
  const bytes = Buffer.byteLength(argsJson);
  if (bytes > LIMITS.argumentBytesMax) {
    const message = `has ${bytes} bytes of arguments, more than ${LIMITS.argumentBytesMax}`;
    return argumentsInvalid(tool.name, [{ pointer: '', message }]);
  }
  const problems = tool.checkInput(request.args);
  return problems.length === 0 ? undefined : argumentsInvalid(tool.name, problems);
}
