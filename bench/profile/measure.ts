// How long a piece of work takes by itself: batches of it, of which the middle one counts, after as many to warm up.

import { median } from '#bench/statistics.ts';

const BATCHES = 15;
const WARM_UP_BATCHES = 5;
const US_PER_MS = 1000;

/** µs of one `work`; a batch is `times` of them. */
export function measure(times: number, work: () => unknown): number {
  const batch = () => {
    const fromMs = performance.now();
    for (let left = times; left > 0; left -= 1) work();
    return ((performance.now() - fromMs) * US_PER_MS) / times;
  };
  for (let left = WARM_UP_BATCHES; left > 0; left -= 1) batch();
  return median(Array.from({ length: BATCHES }, batch));
}

/** The same of work that is waited for, one after the other: the middle one of all. */
export async function measureEach(times: number, work: () => Promise<unknown>): Promise<number> {
  for (let left = Math.ceil(times / 2); left > 0; left -= 1) await work();
  const each: number[] = [];
  for (let left = times; left > 0; left -= 1) {
    const fromMs = performance.now();
    await work();
    each.push((performance.now() - fromMs) * US_PER_MS);
  }
  return median(each);
}
