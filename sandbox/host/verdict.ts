// Why a warden was ended, and what each of its calls comes to for it.

import { type ErrorCode, SmcpError } from '#base/errors.ts';
import type { AgentName } from '#domain/agent.ts';
import type { RunOutcome } from '#domain/invocation.ts';
import type { RunningCall } from './running-call.ts';

/** Why a warden was ended: what each of its calls comes to follows from it. */
export type Verdict =
  /** One call is to blame, the others are lost. */
  | { readonly kind: 'guilty'; readonly id: number; readonly code: ErrorCode; readonly message: string }
  /** One of them is to blame, but which is not known when several agents' calls ran. */
  | { readonly kind: 'suspected'; readonly code: ErrorCode; readonly message: string }
  /** The process itself can't be believed. */
  | { readonly kind: 'violation'; readonly message: string }
  /** It may not serve: its code is not what was hashed, or it is not confined as it should be. */
  | { readonly kind: 'refused'; readonly error: SmcpError; readonly message: string }
  | { readonly kind: 'closing' };

const BROKE_PROTOCOL = { code: 'PLUGIN_CRASHED', message: 'the process it ran in broke the protocol' } as const;

/** What a call comes to when its warden was ended for `reason`. `agents`: all whose calls ran in it. */
export function outcomeUnder(
  reason: Verdict,
  call: RunningCall,
  context: {
    readonly agents: readonly AgentName[];
    readonly figures: { readonly cpuMs: number; readonly rssBytes: number };
  },
): RunOutcome {
  const { cpuMs, rssBytes } = context.figures;
  const { wallMs } = call.usage(0, 0);
  const usage = call.usage(Math.min(cpuMs, wallMs), rssBytes);
  const effect = call.isSent ? 'unknown' : 'known';
  switch (reason.kind) {
    case 'guilty':
      if (reason.id !== call.id) return { kind: 'lost', usage };
      if (reason.code === 'CANCELLED') return { kind: 'cancelled', effect, usage };
      return call.failed(usage, reason, effect);
    case 'suspected':
    case 'violation':
      if (call.isSent && context.agents.length > 1) return { kind: 'lost', usage };
      return call.failed(usage, reason.kind === 'suspected' ? reason : BROKE_PROTOCOL, effect);
    case 'refused':
      return call.failed(usage, reason.error.toWire(), effect);
    case 'closing':
      if (call.request.signal.aborted) return { kind: 'cancelled', effect, usage };
      return call.failed(usage, { code: 'INTERRUPTED', message: 'its process was ended' }, effect);
  }
}

/** True when one of its calls ended it, whether or not it is known which. */
export const isFaultOfCalls = ({ kind }: Verdict): boolean =>
  kind === 'guilty' || kind === 'suspected' || kind === 'violation';

/** Why a warden could not take calls. */
export function startErrorOf(reason: Verdict): SmcpError {
  if (reason.kind === 'refused') return reason.error;
  return new SmcpError('PLUGIN_CRASHED', 'the process that the plugin runs in does not start', {
    details: { remedy: 'see the server log; `smcp doctor` checks the sandbox' },
  });
}
