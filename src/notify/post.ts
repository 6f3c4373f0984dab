// One POST to a receiver of the operator's, and what its answer means for a notice. Used by the channels of this folder.
// **Trust:** the address is the operator's and may hold a secret; it is in nothing that this returns. The answer is anybody's.

import type { Clock } from '#base/clock.ts';
import type { DeliveryResult } from '#domain/notify-ports.ts';

export type Post = {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly signal: AbortSignal;
};

export type Posted =
  | { readonly kind: 'answer'; readonly status: number; readonly retryAfter: string | null }
  | { readonly kind: 'none'; readonly why: string };

/** Follows no redirection and reads no body. Never rejects. */
export async function post({ url, headers, body, signal }: Post): Promise<Posted> {
  try {
    const response = await fetch(url, { method: 'POST', body, headers, signal, redirect: 'manual' });
    await response.body?.cancel();
    return { kind: 'answer', status: response.status, retryAfter: response.headers.get('retry-after') };
  } catch (thrown) {
    return { kind: 'none', why: whyUnreachable(thrown) };
  }
}

/** Answers with which a receiver asks for another try. **Source:** RFC 9110 §15.5.9, RFC 6585 §4, RFC 8470 §5.2 */
const TRY_AGAIN: readonly number[] = [408, 425, 429];

/** 2xx is taken; other 4xx are about this notice, or about how the target is set up; the rest passes. */
export function resultOf(posted: Posted, clock: Clock): DeliveryResult {
  if (posted.kind === 'none') return { kind: 'failed', why: posted.why };
  const { status, retryAfter } = posted;
  if (status >= 200 && status < 300) return { kind: 'taken' };
  const isRefused = status >= 400 && status < 500 && !TRY_AGAIN.includes(status);
  const afterMs = afterMsOf(retryAfter, clock);
  return {
    kind: isRefused ? 'refused' : 'failed',
    why: `it answered ${status}`,
    ...(afterMs === undefined ? {} : { afterMs }),
  };
}

/** Seconds, or a date. **Source:** RFC 9110 §10.2.3 */
function afterMsOf(text: string | null, clock: Clock): number | undefined {
  if (text === null) return undefined;
  const ms = /^\d{1,9}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - clock.nowMs();
  return Number.isFinite(ms) && ms > 0 ? ms : undefined;
}

/** Without addresses or texts of others. */
export function whyUnreachable(thrown: unknown): string {
  const cause = thrown instanceof Error ? thrown.cause : undefined;
  const code = (cause as { readonly code?: unknown } | undefined)?.code;
  if (typeof code === 'string' && /^[A-Z0-9_]{1,64}$/.test(code)) return `it can't be reached (${code})`;
  if (thrown instanceof Error && thrown.name === 'TimeoutError') return 'it did not answer in time';
  return "it can't be reached";
}
