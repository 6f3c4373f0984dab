// The form by which an agent's own client is asked to approve a call, where the grant trusts it to. It shows the whole call or is not
// shown at all. **Trust:** arguments are the agent's words; what comes back is the client's, whoever answered it.

import { type InputRequiredResult, inputResponse } from '@modelcontextprotocol/server';
import { rfc3339 } from '#base/clock.ts';
import { exactValue } from '#base/exact-json.ts';
import type { Json } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import { visible, visibleJson } from '#base/visible.ts';
import type { AskedOfClient, CallRequest } from '#domain/invocation.ts';

export type ApprovalForm = { readonly id: string; readonly message: string };

const KEY = 'approval';
const ANSWER = 'approve';

/** Undefined where the arguments don't fit, as they are or as they are shown: then a person looks elsewhere. */
export function formOf(
  { agent, tool }: Pick<CallRequest, 'agent' | 'tool'>,
  { id, argsJson, expiresMs, why, seen, actors }: AskedOfClient,
): ApprovalForm | undefined {
  if (argsJson.length > LIMITS.formArgumentsLengthMax) return undefined;
  const shown = visibleJson(exactValue(argsJson) as Json, 2);
  if (shown.length > LIMITS.formShownLengthMax) return undefined;
  const until = `Request ${id}, until ${rfc3339(expiresMs)}. Also: smcp approvals approve ${id}`;
  const about = [
    ...(why === undefined ? [] : [`Why it is asked: ${visible(why)}`]),
    ...(seen.length === 0 ? [] : [`The agent has seen: ${visible(seen.slice(0, LIMITS.recordLabelsMax).join(', '))}`]),
    ...(actors.length === 0
      ? []
      : [`A sub-agent asks: ${visible(actors.map((name) => name || '(without a name)').join(' > '))}`]),
  ];
  const circumstances = about.length === 0 ? '' : `${about.join('\n')}\n\n`;
  return { id, message: `The agent ${agent} asks to call ${tool} with\n${shown}\n\n${circumstances}${until}` };
}

/** The params of `elicitation/create`. */
export function formParams({ message }: ApprovalForm) {
  return {
    mode: 'form' as const,
    message,
    requestedSchema: {
      type: 'object' as const,
      properties: { [ANSWER]: { type: 'boolean' as const, title: 'Approve exactly this call', default: false } },
      required: [ANSWER],
    },
  };
}

/** What a request of 2026-07-28 is answered with: its client asks, and makes the request again with what was answered. */
export function formResult(form: ApprovalForm): InputRequiredResult {
  return {
    resultType: 'input_required',
    inputRequests: { [KEY]: { method: 'elicitation/create', params: formParams(form) } },
    requestState: form.id,
  };
}

/** What a request of 2026-07-28 brings of a form. */
export type Brought = { readonly responses: { readonly [key: string]: unknown } | undefined; readonly state: unknown };

/** What somebody is said to have decided; undefined when nobody has: there was no form, or it was put away. */
export function assertedIn({ responses, state }: Brought): CallRequest['asserted'] {
  if (responses === undefined || typeof state !== 'string' || state.length > LIMITS.approvalIdLengthMax)
    return undefined;
  const response = inputResponse({ ...responses }, KEY);
  return response.kind === 'elicit' ? asserted(state, response) : undefined;
}

/** The same of a form that was answered in a session. */
export function asserted(
  id: string,
  { action, content }: { readonly action: string; readonly content?: { readonly [key: string]: unknown } },
): CallRequest['asserted'] {
  if (action === 'accept') return { id, isApproved: content?.[ANSWER] === true };
  return action === 'decline' ? { id, isApproved: false } : undefined;
}

/** Whether a client says that it shows forms. One that names no mode means forms. **Source:** MCP 2025-11-25, elicitation. */
export function showsForms(capabilities: { readonly elicitation?: unknown } | undefined): boolean {
  const modes = capabilities?.elicitation;
  if (typeof modes !== 'object' || modes === null) return false;
  return 'form' in modes || !('url' in modes);
}
