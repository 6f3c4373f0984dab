// Masks of the values that calls were given last, so that each is made once: it takes longer the longer its values are, and whoever made
// calls with a clock beside them would find out how long. Called by secrets.ts. **Trust:** values are in it; nothing of it is shown.

import { LIMITS } from '#base/limits.ts';
import { createSecretMask, type ValueMask } from './mask.ts';

export type MaskOf = (values: readonly string[], shown: readonly string[]) => ValueMask;

/** Of more than `secretMasksKeptBytesMax` those that were used longest ago are forgotten. */
export function createKeptMasks(): MaskOf {
  const kept = new Map<string, ValueMask>();
  let bytes = 0;
  const forget = (key: string) => {
    if (kept.delete(key)) bytes -= Buffer.byteLength(key);
  };
  return (values, shown) => {
    const key = JSON.stringify([values, shown]);
    const mask = kept.get(key) ?? createSecretMask(values, shown);
    forget(key);
    kept.set(key, mask);
    bytes += Buffer.byteLength(key);
    for (const oldest of kept.keys()) {
      if (bytes <= LIMITS.secretMasksKeptBytesMax) break;
      forget(oldest);
    }
    return mask;
  };
}
