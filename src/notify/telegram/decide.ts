// What a press of a button does: whoever pressed is looked up by the number of their account, and what they decide about is the request
// whose whole digest the button has. Used by the app.
// **Trust:** Telegram says who pressed; nobody else vouches for that, and the record says so. Everything in a press but that is anybody's.

import { asSmcpError } from '#base/errors.ts';
import type { JsonObject } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import type { Logger } from '#base/log.ts';
import { visibleText } from '#base/visible.ts';
import type { ApprovalRequest, Approvals, ChannelApprover } from '#domain/approval-ports.ts';
import type { TelegramTarget } from '#domain/notify-targets.ts';
import { hasRole, type People } from '#domain/person.ts';
import type { TelegramApi } from './api.ts';
import { readPress } from './buttons.ts';
import type { Pressed } from './updates.ts';

export type DeciderPorts = {
  readonly api: TelegramApi;
  readonly approvals: Pick<Approvals, 'find' | 'approve' | 'deny'>;
  /** Of the policy in force, with their roles. */
  readonly policyPeople: () => People;
  readonly logger: Logger;
};

export type DeciderOptions = Pick<TelegramTarget, 'chats' | 'people'>;

/** Decides, and says to who pressed what became of it. Never rejects. */
export function createDecider(
  { api, approvals, policyPeople, logger }: DeciderPorts,
  { chats, people }: DeciderOptions,
): (pressed: Pressed, signal: AbortSignal) => Promise<void> {
  /** What who pressed is told. */
  const decide = async ({ user, chat, data }: Pressed): Promise<string> => {
    if (!chats.includes(chat)) return 'This chat is none in which SMCP is decided about.';
    const name = people.get(user);
    if (name === undefined) {
      logger.warn('somebody pressed a button who may not decide', { user: String(user), chat: String(chat) });
      return 'You are not among those who decide here.';
    }
    const missing = roleProblem(policyPeople(), name);
    if (missing !== undefined) return `${missing}.`;
    const press = readPress(data);
    const request = press === undefined ? undefined : approvals.find(press.id);
    if (press === undefined || request === undefined) return 'Nothing is known of this request any more.';
    if (request.digest !== press.digest) return 'This button is for another request than the one of this name.';
    const by = { kind: 'channel', name, via: 'telegram', account: user } as const;
    if (press.decision === 'deny') return outcomeOf(await approvals.deny(press.id, { by }));
    return outcomeOf(await approvals.approve(press.id, { digest: press.digest, by }));
  };

  return async (pressed, signal) => {
    const { query } = pressed;
    let text: string;
    try {
      text = await decide(pressed);
    } catch (thrown) {
      const { code, message } = asSmcpError(thrown);
      logger.info('a press decided nothing', { code });
      text = message;
    }
    const params: JsonObject = { callback_query_id: query, text: cut(text), show_alert: true };
    const answered = await api.call('answerCallbackQuery', params, signal);
    if (answered.kind === 'error') logger.debug('who pressed a button was not told', { why: answered.why });
  };
}

/**
 * Why who decided by an account may not any more: the configuration gives it to somebody else, or the policy has no such approver.
 * Undefined: they may. `targets`: as the configuration has them.
 */
export function accountProblem(
  { name, account }: ChannelApprover,
  targets: readonly Pick<DeciderOptions, 'people'>[],
  policyPeople: People,
): string | undefined {
  const isTheirs = targets.some(({ people }) => people.get(account) === name);
  return isTheirs ? roleProblem(policyPeople, name) : `${name} has this account at Telegram no more`;
}

/** A policy that names people has the last word on who decides; one that names nobody leaves it to the configuration. */
function roleProblem(people: People, name: string): string | undefined {
  if (people.size === 0) return undefined;
  const role = [...people].find(([person]) => person === name)?.[1];
  if (role === undefined) return `${name} is not among the people of the policy`;
  return hasRole(role, 'approver') ? undefined : `${name} is ${role}: to decide takes the role approver`;
}

function outcomeOf({ state, tool, agent }: ApprovalRequest): string {
  if (state === 'approved') return `Approved: one call of ${tool} by ${agent}.`;
  return state === 'denied' ? `Denied: ${tool} of ${agent}.` : `Kept; somebody else has to approve ${tool} too.`;
}

function cut(text: string): string {
  const shown = visibleText(text, LIMITS.telegramAnswerLengthMax);
  return shown.length <= LIMITS.telegramAnswerLengthMax
    ? shown
    : `${shown.slice(0, LIMITS.telegramAnswerLengthMax - 1)}…`;
}
