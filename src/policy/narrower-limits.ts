// Whether limits let at most as much through as others. Pure. Sure of a yes only: another counter would begin at nothing, so a limit is
// kept by one of the same counter alone.

import type { StepMeter } from '#base/step-meter.ts';
import { type Limit, type LoopBreaker, nameOfUnit } from './limits.ts';
import { coversPattern, type ToolPattern } from './match.ts';

/**
 * Those of `before` that nothing in `after` keeps: a limit of the same counter, no larger, that concerns each tool which it
 * concerned.
 */
export function lostLimits(before: readonly Limit[], after: readonly Limit[], meter: StepMeter): readonly Limit[] {
  if (before.length === 0) return [];
  meter.spend(before.length + after.length);
  const byScope = Map.groupBy(after, ({ scope }) => scope);
  return before.filter((limit) => byScope.get(limit.scope)?.some((other) => keeps(other, limit, meter)) !== true);
}

const keeps = (other: Limit, limit: Limit, meter: StepMeter): boolean =>
  other.max <= limit.max && other.isShared === limit.isShared && coversTools(other.tools, limit.tools, meter);

type Patterns = readonly ToolPattern[] | undefined;

function coversTools(outer: Patterns, inner: Patterns, meter: StepMeter): boolean {
  if (outer === undefined || outer === inner) return true;
  if (inner === undefined) return false;
  return inner.every((pattern) => {
    meter.spend(outer.length);
    return outer.some((other) => coversPattern(other, pattern));
  });
}

/** A sentence on a limit that is gone. */
export function describeLost({ rule, unit, max }: Limit): string {
  return `the limit ${rule} of ${max} ${nameOfUnit(unit)} is gone, larger, or counted otherwise`;
}

/** Whether one loop breaker stops at least what another one does. Undefined: there is none. */
export function stopsAsMuch(after: LoopBreaker | undefined, before: LoopBreaker | undefined): boolean {
  if (before === undefined) return true;
  if (after === undefined) return false;
  return after.repeats <= before.repeats && after.perMs >= before.perMs && (after.countsPure || !before.countsPure);
}
