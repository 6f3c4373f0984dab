// The first look at a call: may this agent call a tool of this name, is there one, do its arguments fit, does a rule allow
// it. What is refused here never waits. **Trust:** everything in the request but the agent is its own word.

import { canonicalExactJson } from '#base/canonical-json.ts';
import { type Digest, sha256 } from '#base/digest.ts';
import { SmcpError } from '#base/errors.ts';
import { type ExactJsonObject, roundedJson, unheldPointers } from '#base/exact-json.ts';
import { exactProblems } from '#base/exact-schema.ts';
import { uuidv7 } from '#base/ids.ts';
import type { JsonObject } from '#base/json.ts';
import { hasNumberOutOfRange } from '#base/json-fault.ts';
import { LIMITS } from '#base/limits.ts';
import type { Problem } from '#base/schema.ts';
import { argumentsInvalid, denialError, errorAnswer } from '#domain/answer.ts';
import type { Allow, Ask } from '#domain/decision.ts';
import type { CallOutcome, CallRequest, Lineage } from '#domain/invocation.ts';
import { type NormalisedArguments, normaliseArguments } from '#domain/normalise-arguments.ts';
import type { Tool } from '#domain/tool.ts';
import type { Admitted } from './admitted.ts';
import { type CallLabels, createCallLabels } from './call-labels.ts';
import type { CloseCall } from './closer.ts';
import type { DispatcherPorts } from './dispatcher-ports.ts';
import { laneConflict } from './lane-conflict.ts';
import { beyondScopes, frozen, mayAct } from './may-act.ts';
import type { Admission } from './predicate.ts';

/** In the place of an argument that no record may hold. */
const UNRECORDED = '[unrecorded]';

export type AdmissionResult =
  | { readonly kind: 'admitted'; readonly call: Admitted; readonly decision: Allow | Ask }
  /** Refused, recorded and answered. */
  | { readonly kind: 'closed'; readonly outcome: CallOutcome };

export type CallAdmission = {
  /**
   * What is admitted is so in this turn: nothing can be frozen or revoked between the decision and whoever enters the call
   * among those under way.
   *
   * @throws `TOOL_UNKNOWN` (recorded) where a grant covers the name but no tool has it.
   */
  readonly admit: (
    request: CallRequest,
    /** Of a call that a tool made: where it comes from, and what the call above it has seen. */
    below?: { readonly lineage: Lineage; readonly labels: CallLabels },
  ) => AdmissionResult | Promise<AdmissionResult>;
};

export function createAdmission(ports: DispatcherPorts, close: CloseCall): CallAdmission {
  const { catalog, policy, freezes, clock } = ports;

  const closed = async (outcome: Promise<CallOutcome>): Promise<AdmissionResult> => ({
    kind: 'closed',
    outcome: await outcome,
  });

  const admit: CallAdmission['admit'] = (asked, below) => {
    const lineage = below?.lineage;
    // Before anything of it can be recorded, denied ones too.
    const request = withoutUnrecorded(asked, catalog.tool(asked.tool));
    const receivedMs = clock.nowMs();
    const invocation = uuidv7(receivedMs);
    const admission: Admission = {
      ...{ invocation, request, tool: undefined, args: request.args, changes: [], receivedMs },
      labels: createCallLabels(ports, { request, invocation }, below?.labels),
      ...(lineage === undefined ? {} : { lineage }),
    };
    // Freezes come first: they need no working policy, and say nothing about tools that an agent doesn't see.
    const freeze = freezes.stops({ agent: request.agent });
    if (freeze !== undefined) return closed(close('denied', admission, errorAnswer(frozen(freeze).toWire()), {}));
    // What a token leaves out is so by the name alone: it says nothing about tools either.
    const beyond = beyondScopes(request);
    if (beyond !== undefined) return closed(close('denied', admission, errorAnswer(beyond.toWire()), {}));
    // A name that the agent may not call gets the same answer whether a tool has it or not: no oracle for names.
    if (!policy.mayCall(request.agent, request.tool, receivedMs)) return closed(denyUnseen(admission));
    const tool = catalog.tool(request.tool);
    if (tool === undefined) return unknownTool(admission);
    const conflict = laneConflict(tool, lineage);
    if (conflict !== undefined) return closed(close('denied', { ...admission, tool }, errorAnswer(conflict), {}));
    const { args, changes } = fittedArguments(tool, request.args);
    const call: Admitted = {
      ...{ ...admission, tool, args, changes },
      ...{ argsJson: JSON.stringify(args), argsDigest: digestOnce(args) },
    };
    const misfit = checkArguments(call);
    if (misfit !== undefined) return closed(close('denied', call, errorAnswer(misfit), {}));
    // Under a key it may be a call that was counted already, whose answer is given again; if not, its turn comes.
    const isKeyed = request.idempotencyKey !== undefined;
    const verdict = mayAct(ports, call, isKeyed ? { stage: 'under-way', ignoresLabels: true } : {});
    if (verdict.kind !== 'stop') return { kind: 'admitted', call, decision: verdict.decision };
    const { phase, error, decision } = verdict;
    return closed(close(phase, call, errorAnswer(error), decision === undefined ? {} : { decision }));
  };

  const denyUnseen = (admission: Admission): Promise<CallOutcome> => {
    const { request, receivedMs } = admission;
    const decision = policy.decide({
      agent: request.agent,
      tool: { name: request.tool },
      args: request.args,
      nowMs: receivedMs,
      labels: admission.labels.seen(),
      ...(request.session === undefined ? {} : { session: request.session }),
    });
    if (decision.kind !== 'deny') throw new SmcpError('INTERNAL', 'the policy allows a call that it hides');
    return close('denied', admission, errorAnswer(denialError(decision)), { decision });
  };

  const unknownTool = async (admission: Admission): Promise<never> => {
    const error = new SmcpError('TOOL_UNKNOWN', 'no tool has this name', {
      details: { remedy: 'look the names up with tools/list' },
    });
    await close('denied', admission, errorAnswer(error.toWire()), {});
    throw error;
  };

  return { admit };
}

/**
 * What an agent sends to a tool that takes a secret is kept in no document of the log. No such tool runs for an agent, so nothing
 * needs it.
 */
function withoutUnrecorded(request: CallRequest, tool: Tool | undefined): CallRequest {
  const names = tool?.kind === 'admin' ? (tool.unrecorded ?? []) : [];
  if (names.length === 0) return request;
  const args = Object.entries(request.args).map(([name, value]) => [name, names.includes(name) ? UNRECORDED : value]);
  return {
    ...request,
    args: Object.fromEntries(args) as ExactJsonObject,
    ...(request.strayArgs === undefined ? {} : { strayArgs: UNRECORDED }),
  };
}

/** Arguments may have a megabyte, and several ask for their digest. */
function digestOnce(args: ExactJsonObject): () => Digest {
  let digest: Digest | undefined;
  return () => {
    digest ??= sha256(canonicalExactJson(args));
    return digest;
  };
}

/** Only the arguments of a `cli.py`'s tool are changed: as agents send them, and as its command line is described. */
function fittedArguments(tool: Tool, args: ExactJsonObject): NormalisedArguments<ExactJsonObject> {
  const isCli = tool.kind === 'plugin' && tool.plan !== undefined;
  return isCli ? normaliseArguments(tool.inputSchema, args) : { args, changes: [] };
}

function checkArguments({ tool, request, args, argsJson }: Admitted) {
  if (request.strayArgs !== undefined) {
    return argumentsInvalid(tool.name, [{ pointer: '', message: 'must be an object' }]);
  }
  const bytes = Buffer.byteLength(argsJson);
  if (bytes > LIMITS.argumentBytesMax) {
    const message = `has ${bytes} bytes of arguments, more than ${LIMITS.argumentBytesMax}`;
    return argumentsInvalid(tool.name, [{ pointer: '', message }]);
  }
  // Doors refuse it too; here none is forgotten. It would have no text in the record, and none for a key.
  if (hasNumberOutOfRange(argsJson, args)) {
    return argumentsInvalid(tool.name, [{ pointer: '', message: 'have a number that is out of range' }]);
  }
  const rounded = roundedJson(args);
  const problems = rounded === args ? tool.checkInput(rounded) : exactFaults(tool, args, rounded);
  return problems.length === 0 ? undefined : argumentsInvalid(tool.name, problems);
}

/** Of arguments with numbers whose spelling counts. A program gets the text; JavaScript has nothing but doubles, and must not round. */
function exactFaults(tool: Tool, args: ExactJsonObject, rounded: JsonObject): readonly Problem[] {
  // The schema first: what it refuses needs no look at each number.
  const problems = tool.checkInput(rounded);
  if (problems.length > 0) return problems;
  const takesText = tool.kind === 'plugin' && tool.plugin.manifest.runtime.kind === 'process';
  if (takesText) return exactProblems(tool.inputSchema, args);
  const message =
    'has more digits than this tool can take: it would be rounded to another number; send it with 15 digits';
  return unheldPointers(args, LIMITS.argumentProblemsMax).map((pointer) => ({ pointer, message }));
}
