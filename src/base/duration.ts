// Durations as people write them: `30s`, `15m`, `12h`, `30d`.

import { SmcpError } from './errors.ts';

export const DURATION_PATTERN = '^[1-9][0-9]{0,8}(ms|s|m|h|d)$';

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/**
 * Milliseconds of a duration.
 *
 * @throws `USAGE` when it does not fit `DURATION_PATTERN`.
 */
export function parseDurationMs(text: string): number {
  const match = /^([1-9][0-9]{0,8})(ms|s|m|h|d)$/.exec(text);
  if (match === null) {
    throw new SmcpError('USAGE', `${JSON.stringify(text)} is no duration`, {
      details: { remedy: 'write a whole number and a unit: 500ms, 30s, 15m, 12h, 30d' },
    });
  }
  return Number(match[1]) * UNIT_MS[match[2] as keyof typeof UNIT_MS];
}

/** A duration as people write it, with the largest unit that gives a whole number: 60 000 is `1m`. @param ms whole, from 0 */
export function formatDuration(ms: number): string {
  const units = Object.entries(UNIT_MS).reverse();
  const [unit, unitMs] = units.find(([, each]) => ms >= each && ms % each === 0) ?? ['ms', 1];
  return `${ms / unitMs}${unit}`;
}
