// Whether a call that was admitted may (still) go on: its token, freezes, its tool, the policy. Asked when its turn comes and
// whenever any of these has changed. No I/O.

import { canonicalJson } from '#base/canonical-json.ts';
import { rfc3339 } from '#base/clock.ts';
import { SmcpError, type WireError } from '#base/errors.ts';
import type { JsonObject } from '#base/json.ts';
import { denialError } from '#domain/answer.ts';
import type { Capabilities } from '#domain/capability.ts';
import type { Allow, Ask, Decision, DecisionQuery } from '#domain/decision.ts';
import { describeFreeze, describeScope, type Freeze, freezeQueryOf } from '#domain/freeze.ts';
import type { CallRequest } from '#domain/invocation.ts';
import { askedTool, type Tool } from '#domain/tool.ts';
import type { Admitted } from './admitted.ts';
import type { DispatcherPorts } from './dispatcher-ports.ts';

/** `phase`: how a call is closed that has not started. `decision` absent: none was asked for. */
export type Stop = {
  readonly kind: 'stop';
  readonly phase: 'denied' | 'cancelled';
  readonly error: WireError;
  readonly decision?: Decision;
  /** The request for approval that it waited for. */
  readonly approval?: string;
};

/** `ask`: it may, once somebody has approved it. */
export type Verdict =
  | { readonly kind: 'go'; readonly decision: Allow }
  | { readonly kind: 'ask'; readonly decision: Ask }
  | Stop;

type Asked = Pick<DispatcherPorts, 'catalog' | 'policy' | 'freezes' | 'clock'>;

/** What cheap questions say; undefined when nothing speaks against the call. They look at nothing that the agent wrote. */
export function stoppedBy({ catalog, freezes }: Asked, { request, tool }: Admitted): Stop | undefined {
  if (request.mayStillAct?.() === false) return stop('cancelled', tokenEnded().toWire());
  const freeze = freezes.stops(freezeQueryOf(request.agent, tool));
  if (freeze !== undefined) return stop('denied', frozen(freeze).toWire());
  const present = catalog.tool(tool.name);
  if (present === undefined || !isSameTool(present, tool)) {
    const error = new SmcpError('TOOL_UNKNOWN', `${tool.name} was changed, disabled or removed`, {
      details: { remedy: 'look the tools up again with tools/list' },
    });
    return stop('cancelled', error.toWire());
  }
  return undefined;
}

/** Which limits and labels are asked, as in a query. `labels` absent: those of now. `tool` absent: the call runs not yet. */
export type Stage = Pick<DecisionQuery, 'stage' | 'holds' | 'labels' | 'ignoresLabels'> & {
  readonly tool?: DecisionQuery['tool'];
};

/** Every question, the policy last: it may look at the arguments. */
export function mayAct(ports: Asked, admitted: Admitted, stage: Stage = {}): Verdict {
  const stopped = stoppedBy(ports, admitted);
  if (stopped !== undefined) return stopped;
  const { request, tool, args, argsDigest } = admitted;
  const decision = ports.policy.decide({
    agent: request.agent,
    tool: askedTool(tool),
    ...{ args, argsDigest },
    labels: admitted.labels.seen(),
    ...stage,
    nowMs: ports.clock.nowMs(),
    ...(request.session === undefined ? {} : { session: request.session }),
  });
  if (decision.kind === 'allow') return { kind: 'go', decision };
  if (decision.kind === 'ask') return { kind: 'ask', decision };
  return { kind: 'stop', phase: 'denied', error: denialError(decision), decision };
}

function isSameTool(a: Tool, b: Tool): boolean {
  if (a.schemaDigest !== b.schemaDigest || a.kind !== b.kind) return false;
  if (a.kind === 'admin' || b.kind === 'admin') return true;
  // A call that was let in with more than is approved by now does not start, or go on, with it.
  return a.plugin.digest === b.plugin.digest && isSameAsked(a.capabilities, b.capabilities);
}

function isSameAsked(a: Capabilities, b: Capabilities): boolean {
  return a === b || canonicalJson(a as JsonObject) === canonicalJson(b as JsonObject);
}

function stop(phase: Stop['phase'], error: WireError): Stop {
  return { kind: 'stop', phase, error };
}

/** The answer of a call that a freeze stops: what is frozen, by whom, since when. */
export function frozen(freeze: Freeze): SmcpError {
  const { scope, by, sinceMs } = freeze;
  const { reason, remedy } = describeFreeze(freeze);
  return new SmcpError('FROZEN', reason, {
    details: { scope: describeScope(scope), by, since: rfc3339(sinceMs), remedy },
  });
}

/** What stands in place of a rule where a token's scopes refuse. */
const SCOPE_RULE = 'token-scope';

/**
 * Why the token of a call leaves it out; undefined when it doesn't. The same for every tool that it leaves out, there or not. Scopes never
 * change, so that they are asked once; calls that tools make are asked like any.
 */
export function beyondScopes({ token, door, tool }: CallRequest): SmcpError | undefined {
  const scopes = token?.rights?.scopes;
  if (scopes === undefined || (scopes.allowsDoor(door) && scopes.allowsTool(tool))) return undefined;
  const isDoor = !scopes.allowsDoor(door);
  const asked = isDoor ? `doors:${door}` : 'this tool';
  return new SmcpError('INSUFFICIENT_SCOPE', `the token's scopes leave out ${asked}`, {
    details: {
      rule: SCOPE_RULE,
      scopes: scopes.lists.map((list) => [...list]),
      remedy: 'use a token whose scopes have it; a person issues one with: smcp agent token NAME --scope …',
    },
  });
}

function tokenEnded(): SmcpError {
  return new SmcpError('UNAUTHENTICATED', 'the token of the call was revoked or has expired', {
    details: { remedy: 'get a new token: smcp agent token NAME' },
  });
}
