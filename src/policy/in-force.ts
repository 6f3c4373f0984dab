// Which policy is in force: swaps it whole, numbers, keeps and records every version, and tells of each change. Called by the
// policy's service, one change at a time.

import { rfc3339 } from '#base/clock.ts';
import type { Digest } from '#base/digest.ts';
import { createListeners, type OnChange } from '#base/listeners.ts';
import { createSetBack } from '#base/set-back.ts';
import { createTimeWatch } from '#base/time-watch.ts';
import { NO_POLICY, type PolicyRef } from '#domain/decision.ts';
import type { PolicyFinding } from '#domain/policy-ports.ts';
import type { CompiledPolicy } from './compile.ts';
import type { Hours } from './hours.ts';
import { createHoursWatch } from './hours-watch.ts';
import type { PolicyPorts } from './policy-ports.ts';
import type { Policy } from './rules.ts';

/** A policy with its number and the text that it was made from. */
export type AppliedPolicy = { readonly policy: Policy; readonly ref: PolicyRef; readonly text: string };

/** A text that has no errors, made ready to decide. */
export type CheckedPolicy = {
  readonly text: string;
  readonly digest: Digest;
  readonly compiled: CompiledPolicy;
  /** What is probably not meant. */
  readonly warnings: readonly PolicyFinding[];
};

export type PolicyInForce = {
  readonly current: () => AppliedPolicy;
  /** The latest time that the clock showed, that having gone on since; `nowMs` unless it was set back. */
  readonly latestMs: (nowMs: number) => number;
  /**
   * Puts a policy in force. The text that is in force already keeps its number, and one that was in force last before a start.
   *
   * **Durability:** when it resolves, the version and its record are on disk; when it rejects, the policy before is in force.
   * @throws `LOG_UNAVAILABLE` when it can't be recorded.
   */
  readonly apply: (next: CheckedPolicy, by: string) => Promise<PolicyRef>;
  /** After another policy came into force, or a rule of the one in force ended, began or rests with time. */
  readonly onChange: OnChange;
  readonly close: () => void;
};

/** Nothing is allowed before the first policy is applied. */
export function createPolicyInForce({ store, recordLog, clock, logger }: PolicyPorts): PolicyInForce {
  const listeners = createListeners();
  const expiries = createTimeWatch(clock, listeners.tell);
  const setBack = createSetBack(clock, (stepMs) =>
    logger.warn(
      'the clock was set back: until it has caught up, or a restart, nothing is allowed by it that was not before',
      {
        stepMs,
      },
    ),
  );
  const opening = createHoursWatch({ clock, setBack }, listeners.tell);
  let inForce: AppliedPolicy = { policy: { agents: new Map() }, ref: NO_POLICY, text: '' };

  const swap = (next: AppliedPolicy, compiled: CompiledPolicy) => {
    inForce = next;
    expiries.watch(expiriesOf(compiled));
    opening.watch(hoursOf(compiled));
    listeners.tell();
  };

  /** Decisions after the swap are recorded after it: `append` is called in the same turn. */
  const record = async (
    next: AppliedPolicy,
    { appliedMs, by }: { readonly appliedMs: number; readonly by: string },
  ) => {
    const before = inForce;
    inForce = next;
    try {
      await recordLog.append({ kind: 'policy', predicate: { ...next.ref, time: rfc3339(appliedMs), by } });
    } catch (error) {
      inForce = before;
      // Whoever asked in between was answered by a policy that is not in force.
      listeners.tell();
      throw error;
    }
  };

  /**
   * The number is taken before its record is written: whatever happens in between, no number ever has two texts. One whose
   * record may be missing is recorded (again) when it is applied next; one that is never applied leaves a gap.
   */
  const apply: PolicyInForce['apply'] = async ({ text, digest, compiled }, by) => {
    const known = store.latest();
    const isKnown = known?.digest === digest;
    if (isKnown && known.isRecorded && inForce.ref.digest === digest) return inForce.ref;
    const version = isKnown ? known.version : Math.max(known?.version ?? 0, inForce.ref.version) + 1;
    const next: AppliedPolicy = { policy: compiled.policy, ref: { version, digest }, text };
    const appliedMs = clock.nowMs();
    if (!isKnown) await store.put({ version, digest, text, appliedMs, by });
    const isRecorded = isKnown && known.isRecorded;
    if (!isRecorded) await record(next, { appliedMs, by });
    swap(next, compiled);
    if (!isRecorded) await store.markRecorded(version);
    logger.info('policy in force', { version, digest, agents: next.policy.agents.size, by });
    return next.ref;
  };

  return {
    current: () => inForce,
    latestMs: (nowMs) => nowMs + setBack.behindMs(),
    apply,
    onChange: listeners.onChange,
    close: () => {
      expiries.close();
      opening.close();
    },
  };
}

/** Each once: rules with the same hours share them. */
function hoursOf({ lists }: CompiledPolicy): readonly Hours[] {
  const found = new Set<Hours>();
  for (const { rules } of lists) for (const { hours } of rules) if (hours !== undefined) found.add(hours);
  return [...found];
}

/** When rules end, ascending, each time once. */
function expiriesOf({ lists }: CompiledPolicy): readonly number[] {
  const times = lists.flatMap(({ rules }) =>
    rules.flatMap(({ expiresMs }) => (expiresMs === undefined ? [] : [expiresMs])),
  );
  return [...new Set(times)].sort((a, b) => a - b);
}
