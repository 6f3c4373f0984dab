// A tools/call, from what a request says to the dispatcher and back. Every door's calls pass here. **Trust:** all that was asked is
// the agent's; who asks was settled by the door.

import type { CallToolResult } from '@modelcontextprotocol/server';
import { SmcpError } from '#base/errors.ts';
import type { ExactJson, ExactJsonObject } from '#base/exact-json.ts';
import type { JsonObject } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import type { AgentName, CallToken } from '#domain/agent.ts';
import type { CallRequest, Door } from '#domain/invocation.ts';
import type { Dispatcher } from '#domain/ports.ts';
import { type ApprovalForm, formOf } from './approval-form.ts';
import { callResult } from './call-result.ts';

export type CallPorts = { readonly dispatcher: Dispatcher };

export type CallSource = {
  readonly agent: AgentName;
  /** Absent: it came by a door without tokens. */
  readonly token?: CallToken;
  readonly door: Door;
  /** Whether the token that its requests came with still stands for the agent. */
  readonly mayStillAct: () => boolean;
};

export type AskedCall = {
  readonly name: string;
  readonly args: ExactJsonObject;
  /** What came as arguments and is no object. */
  readonly strayArgs?: ExactJson;
  readonly meta: { readonly [key: string]: unknown };
  readonly signal: AbortSignal;
  /** Whether the client says that it shows forms. */
  readonly canAskClient: boolean;
  /** What the client says of a form that it was given before. */
  readonly asserted?: CallRequest['asserted'];
  /** Sends the params of a `notifications/progress`. */
  readonly notify: (params: JsonObject) => Promise<void>;
};

/** `form`: which the client may be given instead of the result. */
export type CallAnswer = { readonly result: CallToolResult; readonly form?: ApprovalForm };

/** @throws `REQUEST_INVALID` · `TOOL_UNKNOWN` and what else the dispatcher throws */
export async function callTool(
  { dispatcher }: CallPorts,
  { agent, token, door, mayStillAct }: CallSource,
  { name, args, strayArgs, meta, signal, notify, canAskClient, asserted }: AskedCall,
): Promise<CallAnswer> {
  const session = textOf(meta, 'smcp/session', LIMITS.sessionLabelLengthMax);
  const idempotencyKey = textOf(meta, 'smcp/idempotencyKey', LIMITS.idempotencyKeyLengthMax);
  const approval = textOf(meta, 'smcp/approval', LIMITS.approvalIdLengthMax);
  const progress = progressReporter(notify, meta['progressToken']);
  try {
    const outcome = await dispatcher.call({
      ...{ agent, door, tool: name, args, mayStillAct, signal, canAskClient },
      ...(token === undefined ? undefined : { token }),
      ...(asserted === undefined ? undefined : { asserted }),
      ...(strayArgs === undefined ? undefined : { strayArgs }),
      ...(session === undefined ? undefined : { session }),
      ...(idempotencyKey === undefined ? undefined : { idempotencyKey }),
      ...(approval === undefined ? undefined : { approval }),
      ...(progress === undefined ? undefined : { onProgress: progress.report }),
    });
    const form = outcome.asked === undefined ? undefined : formOf({ agent, tool: name }, outcome.asked);
    return { result: callResult(outcome), ...(form === undefined ? undefined : { form }) };
  } finally {
    progress?.stop();
  }
}

type Meta = { readonly [key: string]: unknown };

/** A text that a request may carry; undefined when it is left out. @throws `REQUEST_INVALID` for anything else. */
function textOf(meta: Meta, key: string, lengthMax: number): string | undefined {
  const value = meta[key];
  if (value === undefined) return undefined;
  if (typeof value === 'string' && value.length > 0 && value.length <= lengthMax) return value;
  throw invalid(`_meta["${key}"] is a text of 1 to ${lengthMax} characters`, 'send such a text, or leave it out');
}

type ProgressReporter = { readonly report: NonNullable<CallRequest['onProgress']>; readonly stop: () => void };

/** Sends progress to a client that asked for it, until the call ends: nothing may follow its answer. */
function progressReporter(notify: AskedCall['notify'], token: unknown): ProgressReporter | undefined {
  // The protocol has refused a token of any other type.
  if (typeof token !== 'string' && typeof token !== 'number') return undefined;
  if (String(token).length > LIMITS.progressTokenLengthMax) {
    throw invalid(`progressToken has at most ${LIMITS.progressTokenLengthMax} characters`, 'send a shorter one');
  }
  let isOver = false;
  return {
    report: (progress) => {
      if (isOver) return;
      const params = { progressToken: token, ...progress };
      // A client that went away can't be told; its call is being cancelled already.
      notify(params).catch(() => {});
    },
    stop: () => {
      isOver = true;
    },
  };
}

function invalid(message: string, remedy: string): SmcpError {
  return new SmcpError('REQUEST_INVALID', message, { details: { remedy } });
}
