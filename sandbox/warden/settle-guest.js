// @ts-check
// Lets a guest's code run and finds out when none of it is left to run: from then on the warden's thread may wait for work
// of ours in that isolate. Trust: the guest does what it can to be left over, in what its errors do when they are read.

/** How often the heap is read after a task failed: once is enough, unless reading a guest's error made the next. */
const READINGS_MAX = 4;

/** How isolated-vm says that the time was up. A guest can say so too: its call is run again then, which it may. */
const TIME_IS_UP = 'Script execution timed out.';

/** Whether a task failed for its time. @param {PromiseRejectedResult | undefined} rejected */
export const wasTimeUp = (rejected) => rejected?.reason instanceof Error && rejected.reason.message === TIME_IS_UP;

/**
 * Runs a task that lets the guest's code run, then `look`, which is ours and which this thread waits for. isolated-vm ends
 * each task by running what the guest left to run, and fails the task when it then reads an error that the guest left
 * behind, which may run its code once more. So nothing is left after a task that did not fail; after one that did, the
 * heap's figures are asked for, each time by a task, until they come.
 *
 * @template T
 * @param {import('isolated-vm').Isolate} isolate
 * @param {() => Promise<unknown>} task
 * @param {() => T} look
 * @returns {Promise<{ readonly rejected: PromiseRejectedResult | undefined,
 *   readonly heap?: import('isolated-vm').HeapStatistics, readonly seen?: T }>} `rejected`: the task, or what told that the
 *   isolate is gone; no `seen`: the isolate is gone, or must go, since the guest leaves code behind whatever is done
 */
export async function settleGuest(isolate, task, look) {
  let [last] = await Promise.allSettled([task()]);
  const rejected = last.status === 'rejected' ? last : undefined;
  for (let left = READINGS_MAX; last.status === 'rejected' && left > 0 && !isolate.isDisposed; left -= 1) {
    [last] = await Promise.allSettled([isolate.getHeapStatistics()]);
  }
  try {
    if (last.status === 'fulfilled' && !isolate.isDisposed) {
      return { rejected, heap: isolate.getHeapStatisticsSync(), seen: look() };
    }
  } catch {}
  return { rejected: rejected ?? (last.status === 'rejected' ? last : undefined) };
}
