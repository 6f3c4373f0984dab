// Idempotency keys: one run for a key of an agent and tool, however often it is asked for. Later calls wait for the one
// that runs, or get the answer that is kept. **Trust:** the key is the agent's word; it opens only its own answers.

import { type ErrorCode, SmcpError, type WireError } from '#base/errors.ts';
import { exactValue } from '#base/exact-json.ts';
import { invariant } from '#base/invariant.ts';
import { LIMITS } from '#base/limits.ts';
import type { CallOutcome, Receipt } from '#domain/invocation.ts';
import type { KeyedCall } from '#domain/store-ports.ts';
import type { Admitted } from './admitted.ts';
import type { DispatcherPorts } from './dispatcher-ports.ts';
import { lostOutcome, recordedOutcome } from './recorded-outcome.ts';

/** `isKept`: whether the same key is answered with it from now on; else the key may be used for another try. */
export type KeyedOutcome = { readonly outcome: CallOutcome; readonly isKept: boolean };

export type KeyedResult =
  | { readonly kind: 'ran'; readonly outcome: CallOutcome }
  /** The answer of an earlier call. It may be given once a record of that is durable. */
  | { readonly kind: 'replayed'; readonly outcome: CallOutcome; readonly replayOf: Receipt }
  /** Nothing ran for this call: `IDEMPOTENCY_CONFLICT`, `IDEMPOTENCY_FULL`, or its caller left while another's run went on. */
  | { readonly kind: 'refused'; readonly phase: 'denied' | 'cancelled'; readonly error: WireError };

/** `signal`: the call's own, aborted with an SmcpError by whatever ends the call; it ends the wait for another's run. */
export type KeyedRequest = { readonly admitted: Admitted; readonly key: string; readonly signal: AbortSignal };

export type KeyedCalls = {
  /**
   * Answers from what is known of the key, or runs.
   *
   * **Durability:** the key is on disk before `run` is called, and the answer before it is given.
   */
  readonly once: (request: KeyedRequest, run: () => Promise<KeyedOutcome>) => Promise<KeyedResult>;
  /**
   * The call's own caller leaves. True when others wait for its run: it goes on for them, and `end` is called once the last of
   * them has left too. False when nobody does, or it has no run of its own.
   */
  readonly goesOnWithout: (invocation: string, end: () => void) => boolean;
};

type Running = {
  readonly argsDigest: string;
  readonly invocation: string;
  readonly done: Promise<KeyedOutcome>;
  /** Other calls under the key. */
  waiters: number;
  /** Ends the run; there from when its own caller has left. */
  end?: () => void;
};

export function createKeyedCalls(ports: Pick<DispatcherPorts, 'keyedCalls' | 'log' | 'clock' | 'logger'>): KeyedCalls {
  const { keyedCalls: store, clock, logger } = ports;
  const running = new Map<string, Running>();
  let prunedMs = Number.NEGATIVE_INFINITY;

  const prune = (nowMs: number) => {
    if (nowMs - prunedMs < LIMITS.idempotencyPruneMs) return;
    prunedMs = nowMs;
    store.prune(nowMs - LIMITS.idempotencyKeptMs);
  };

  /** What is kept under the key; undefined when the call may run. */
  const kept = (call: KeyedCall): CallOutcome | undefined => {
    const row = store.find(call.agent, call.tool, call.key);
    if (row === undefined || row.createdMs < call.createdMs - LIMITS.idempotencyKeptMs) return undefined;
    if (row.argsDigest !== call.argsDigest) throw conflict();
    if (row.outcomeJson !== undefined) return exactValue(row.outcomeJson) as unknown as CallOutcome;
    // The server ended in between. The log knows whether the call ran; without a record nothing took effect.
    const found = recordedOutcome(ports.log, row.invocation);
    if (found.kind === 'never-ran') return undefined;
    return found.kind === 'ended' ? found.outcome : lostOutcome(row.invocation, found);
  };

  const runOnce = async (call: KeyedCall, run: () => Promise<KeyedOutcome>): Promise<KeyedOutcome> => {
    await store.put(call);
    const { outcome, isKept } = await run();
    try {
      if (isKept) await store.settle(call, JSON.stringify(outcome));
      else await store.remove(call);
    } catch (thrown) {
      // The record is durable: the answer is found by it.
      logger.error('the answer under an idempotency key was not kept', { error: String(thrown) });
    }
    return { outcome, isKept };
  };

  /** Undefined when the other one's answer is nobody else's: it did nothing, so that this call may still run. */
  const join = async (other: Running, argsDigest: string, signal: AbortSignal): Promise<KeyedResult | undefined> => {
    if (other.argsDigest !== argsDigest) throw conflict();
    other.waiters += 1;
    try {
      const { outcome, isKept } = await orAborted(other.done, signal);
      return isKept ? replayed(outcome) : undefined;
    } catch (thrown) {
      if (!signal.aborted || thrown !== signal.reason || !(thrown instanceof SmcpError)) throw thrown;
      return { kind: 'refused', phase: 'cancelled', error: thrown.toWire() };
    } finally {
      other.waiters -= 1;
      if (other.waiters === 0) other.end?.();
    }
  };

  const lead = async (call: KeyedCall, id: string, run: () => Promise<KeyedOutcome>): Promise<KeyedResult> => {
    const known = kept(call);
    if (known !== undefined) return replayed(known);
    prune(call.createdMs);
    checkRoom(store.usage(call.agent));
    const done = runOnce(call, run);
    running.set(id, { argsDigest: call.argsDigest, invocation: call.invocation, done, waiters: 0 });
    try {
      return { kind: 'ran', outcome: (await done).outcome };
    } finally {
      running.delete(id);
    }
  };

  return {
    goesOnWithout: (invocation, end) => {
      const own = [...running.values()].find((one) => one.invocation === invocation);
      if (own === undefined || own.waiters === 0) return false;
      own.end = end;
      return true;
    },
    once: async ({ admitted, key, signal }, run) => {
      const { request, invocation } = admitted;
      const argsDigest = admitted.argsDigest();
      const { agent, tool } = request;
      const call: KeyedCall = { agent, tool, key, argsDigest, invocation, createdMs: clock.nowMs() };
      const id = JSON.stringify([agent, tool, key]);
      try {
        // Each turn waits for one more run that others began before.
        for (;;) {
          const other = running.get(id);
          if (other === undefined) return await lead(call, id, run);
          const joined = await join(other, argsDigest, signal);
          if (joined !== undefined) return joined;
        }
      } catch (thrown) {
        const phase = thrown instanceof SmcpError ? REFUSED_AS[thrown.code] : undefined;
        if (phase === undefined || !(thrown instanceof SmcpError)) throw thrown;
        return { kind: 'refused', phase, error: thrown.toWire() };
      }
    },
  };
}

function replayed(outcome: CallOutcome): KeyedResult {
  const { receipt } = outcome;
  invariant(receipt !== undefined, 'an answer that is given again has a record');
  return { kind: 'replayed', outcome: { ...outcome, isReplayed: true }, replayOf: receipt };
}

/** How a call is closed for which nothing ran. */
const REFUSED_AS: { readonly [code in ErrorCode]?: 'denied' | 'cancelled' } = {
  IDEMPOTENCY_CONFLICT: 'denied',
  IDEMPOTENCY_FULL: 'denied',
};

/** Waits for another's run, until the one that waits is called off. */
async function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  let onAbort = () => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

function checkRoom({ count, bytes }: { readonly count: number; readonly bytes: number }): void {
  if (count < LIMITS.idempotencyKeysPerAgentMax && bytes < LIMITS.idempotencyBytesPerAgentMax) return;
  throw new SmcpError(
    'IDEMPOTENCY_FULL',
    `this agent keeps ${count} answers of ${bytes} bytes under idempotency keys`,
    {
      details: { remedy: 'answers are kept for 24 hours; call without a key where a repetition does no harm' },
    },
  );
}

function conflict(): SmcpError {
  return new SmcpError('IDEMPOTENCY_CONFLICT', 'this key was used for a call of this tool with other arguments', {
    details: { remedy: 'use a new key for a new call; the same key only to ask for the same call again' },
  });
}
