// @ts-check
// Lets a guest's code run and finds out when none of it is left to run: from then on the warden's thread may wait for work
// of ours in that isolate. Trust: the guest does what it can to be left over, in what its errors do when they are read.

/** How often the heap is read again after that failed: once is enough, unless reading a guest's error made the next. */
const READINGS_MAX = 3;

/**
 * Runs a task that lets the guest's code run, then `look`, which is ours and which this thread waits for. isolated-vm ends
 * each task by running what the guest left to run, and fails the task when it then reads an error that the guest left
 * behind, which may run its code once more. So nothing is left after a task that did not fail: the heap's figures, which
 * say besides what the guest took, are asked for until they come.
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
  const [first, reading] = await Promise.allSettled([task(), isolate.getHeapStatistics()]);
  let heap = reading;
  for (let left = READINGS_MAX; heap.status === 'rejected' && left > 0 && !isolate.isDisposed; left -= 1) {
    [heap] = await Promise.allSettled([isolate.getHeapStatistics()]);
  }
  const rejected = first.status === 'rejected' ? first : undefined;
  try {
    if (heap.status === 'fulfilled' && !isolate.isDisposed) return { rejected, heap: heap.value, seen: look() };
  } catch {}
  return { rejected: rejected ?? (heap.status === 'rejected' ? heap : undefined) };
}
