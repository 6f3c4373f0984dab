// The limits, budgets and the loop breaker of a policy, made ready, and what a schema can't find in them. Pure.

import { canonicalJson } from '#base/canonical-json.ts';
import { sha256 } from '#base/digest.ts';
import { formatDuration, parseDurationMs } from '#base/duration.ts';
import type { Json, JsonObject } from '#base/json.ts';
import { isJsonObject } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import { COST_MICROS, type CountedUnit } from '#domain/usage.ts';
import type { Limit, LoopBreaker } from './limits.ts';
import type { ToolPattern } from './match.ts';

/** What is wrong, and where. */
export type LimitFault = { readonly pointer: string; readonly message: string; readonly remedy: string };

/** Whose limits these are, and where they stand. */
export type LimitOwner = {
  readonly rule: string;
  readonly pointer: string;
  /** Of the counters; what has the same one shares them. */
  readonly scope: string;
  readonly isShared: boolean;
  readonly tools?: readonly ToolPattern[];
};

/** Units that are counted in windows, by their key in the policy. */
const COUNTED: readonly Exclude<CountedUnit, 'concurrent' | 'repeats'>[] = ['calls', 'bytes', 'cost'];

/** `written` fits the schema of limits, or of a budget. */
export function compileLimits(written: JsonObject, owner: LimitOwner, faults: LimitFault[]): readonly Limit[] {
  const { per, concurrent } = written;
  const { pointer } = owner;
  const counted = COUNTED.filter((unit) => written[unit] !== undefined);
  const limits: Limit[] = [];
  const limitOf = (unit: CountedUnit, max: number, perMs?: number): Limit => ({
    ...{ unit, max, rule: owner.rule, pointer, isShared: owner.isShared },
    ...(perMs === undefined ? {} : { perMs }),
    scope: [owner.scope, unit, ...(perMs === undefined ? [] : [perMs])].join(' '),
    ...(owner.tools === undefined ? {} : { tools: owner.tools }),
  });
  if (typeof concurrent === 'number') limits.push(limitOf('concurrent', concurrent));
  const first = counted[0];
  if (first !== undefined && per === undefined) {
    const message = `${first} are counted in a window of time, and there is none`;
    faults.push({ pointer, message, remedy: 'add per, such as per: 1h or per: 1d' });
  }
  if (per === undefined) return limits;
  if (first === undefined) {
    const remedy = `add ${concurrent === undefined ? 'calls or bytes' : 'calls or bytes, or remove per'}`;
    faults.push({ pointer: `${pointer}/per`, message: 'nothing is counted in this window', remedy });
  }
  const perMs = windowOf(String(per), `${pointer}/per`, faults);
  for (const unit of counted) {
    const max = Number(written[unit]);
    limits.push(limitOf(unit, unit === 'cost' ? Math.round(max * COST_MICROS) : max, perMs));
  }
  return limits;
}

/** `defaults.loop` as it is written; what holds where nothing is. Undefined: no breaker. */
export function compileLoop(written: Json | undefined, faults: LimitFault[]): LoopBreaker | undefined {
  if (written === undefined) {
    return { repeats: LIMITS.loopRepeatsDefault, perMs: LIMITS.loopWindowMsDefault, countsPure: false };
  }
  if (!isJsonObject(written)) return undefined;
  const perMs = windowOf(String(written['per']), '/defaults/loop/per', faults);
  return { repeats: Number(written['repeats']), perMs, countsPure: true };
}

/**
 * What a rule without an `id` is known by: what it says beside its limits, and whose it is. So its counters stay when it is moved or
 * its limits are changed, and begin anew when it becomes another rule.
 */
export function scopeOfRule(written: JsonObject, list: string): string {
  const { id, limits: _, ...said } = written;
  return typeof id === 'string' ? `id:${id}` : `${list}:${sha256(canonicalJson(said)).slice(7, 39)}`;
}

/** As `scopeOfRule`: a budget is known by its tools. */
export function scopeOfBudget({ id, tools }: JsonObject, list: string): string {
  return typeof id === 'string' ? `id:${id}` : `${list}:${sha256(canonicalJson(tools ?? null)).slice(7, 39)}`;
}

function windowOf(written: string, pointer: string, faults: LimitFault[]): number {
  const perMs = parseDurationMs(written);
  const { limitWindowMsMin: least, limitWindowMsMax: most } = LIMITS;
  if (perMs >= least && perMs <= most) return perMs;
  const message = `a window is ${formatDuration(least)} to ${formatDuration(most)} long`;
  faults.push({ pointer, message, remedy: 'write such a time, as 1m, 1h or 1d' });
  return most;
}
