// What a recorded call did once its turn had come, as far as limits count it. Pure. Trust: as in recorded.ts; what is no number counts
// nothing.

import { isJsonObject, type Json, type JsonObject } from '#base/json.ts';

export type RecordedRun = {
  /** When its turn came. */
  readonly startedMs: number;
  /** Of the record that announced it, which was written after its turn had come; absent: none was. */
  readonly intentIndex?: number;
  /** What was taken when its turn came stays taken, and no more: nobody saw its end. */
  readonly isUnsettled: boolean;
  /** Of its answer, and of what it asked the host for. */
  readonly movedBytes: number;
  /** What it cost, in millionths; absent: what was taken when its turn came. */
  readonly costMicros?: number;
};

export function runOf({ intent, result, usage, capabilities }: JsonObject, startedMs: number): RecordedRun {
  const intentIndex = isJsonObject(intent) ? countOf(intent['index']) : undefined;
  const costMicros = isJsonObject(usage) ? countOf(usage['costMicros']) : undefined;
  const answered = isJsonObject(result) ? countOf(result['bytes']) : undefined;
  return {
    startedMs,
    isUnsettled: result === undefined,
    movedBytes: (answered ?? 0) + usedBytes(isJsonObject(capabilities) ? capabilities['used'] : undefined),
    ...(intentIndex === undefined ? {} : { intentIndex }),
    ...(costMicros === undefined ? {} : { costMicros }),
  };
}

function usedBytes(used: Json | undefined): number {
  if (!Array.isArray(used)) return 0;
  return used.reduce((sum: number, line: Json) => sum + ((isJsonObject(line) && countOf(line['bytes'])) || 0), 0);
}

const countOf = (written: Json | undefined): number | undefined =>
  typeof written === 'number' && Number.isSafeInteger(written) && written >= 0 ? written : undefined;
