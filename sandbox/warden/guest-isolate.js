// @ts-check
// One isolate: one entry at a time, each watched for processor time, and a way to stop what runs in it. What can't be
// stopped from inside is reported as stuck, with the call to blame: then the host ends the process. A guest's code runs on
// isolated-vm's threads, or for a few ms on the warden's own (isolate-slot.js). That one waits for work of ours only where it
// is alone in an isolate in which no code of a guest is left to run (settle-guest.js).

const NS_PER_MS = 1_000_000n;
const CPU_AGE_MS_MAX = 5;
/** V8 counts the space for new objects three times, on top of the limit: what it is larger than its usual one comes off. */
const YOUNG_SPACES = 2;

/**
 * What is done in an isolate: `prepare` is work of ours; `work` lets the code of the call run, is watched and must not reject
 * for its fault; `conclude` says what came of it before anything else is done there.
 *
 * @template T
 * @typedef {{
 *   readonly call?: import('./guest-call.js').GuestCall,
 *   readonly prepare?: () => void,
 *   readonly work?: () => Promise<T>,
 *   readonly conclude?: (came: T) => void,
 * }} Entry
 */

/**
 * @param {{
 *   readonly ivm: typeof import('isolated-vm'),
 *   readonly memoryMiB: number,
 *   readonly youngMiB: number,
 *   readonly settleMsMax: number,
 *   readonly onStuck: (call: import('./guest-call.js').GuestCall | undefined,
 *     code: import('#sandbox/protocol/messages.js').EndCode) => void,
 * }} options
 */
export function createGuestIsolate({ ivm, memoryMiB, youngMiB, settleMsMax, onStuck }) {
  const isolate = new ivm.Isolate({
    memoryLimit: memoryMiB - YOUNG_SPACES * youngMiB,
    onCatastrophicError: () => onStuck(executing ?? firstMember(), 'MEMORY_EXCEEDED'),
  });
  // V8 counts how deep this thread may go from where it first enters the isolate: here, at the same depth each time.
  isolate.getHeapStatisticsSync();
  /** @type {import('./guest-call.js').GuestCall | undefined} */
  let executing;
  /** Calls that live here. @type {Set<import('./guest-call.js').GuestCall>} */
  const members = new Set();
  const processCpu = createProcessCpu();
  /** Settles when the entry before has left. @type {Promise<void>} */
  let tail = Promise.resolve();

  const firstMember = () => members.values().next().value;

  const usedCpuNs = () => {
    try {
      return isolate.cpuTime;
    } catch {
      return undefined;
    }
  };

  /** Ends the isolate and every call in it but the one to blame, which ends when its code has stopped. */
  const dispose = (/** @type {import('./guest-call.js').GuestCall | undefined} */ culprit) => {
    if (!isolate.isDisposed) isolate.dispose();
    for (const member of members) if (member !== culprit) member.fail('LOST', 'its isolate was ended');
  };

  /**
   * Stops the entry that runs now for `call`: at once, or after it had time to notice. Reports it when it doesn't stop.
   *
   * @param {import('./guest-call.js').GuestCall} call
   * @param {{ readonly isAtOnce: boolean }} options
   */
  const interrupt = (call, { isAtOnce }) => {
    const isStillIn = () => executing === call;
    const report = () => {
      if (isStillIn()) onStuck(call, call.fault()?.code ?? 'PLUGIN_CRASHED');
    };
    const end = () => {
      if (!isStillIn()) return;
      dispose(call);
      setTimeout(report, settleMsMax);
    };
    if (isAtOnce) end();
    else setTimeout(end, settleMsMax);
  };

  /**
   * Watches the processor time of the entry that has just begun. A timer of wall time asks how much it was: on a busy
   * machine less. Both figures over-estimate (the isolate's own is wall time while it runs, the process's counts
   * everything, and a little from before), so the smaller one counts.
   *
   * @param {import('./guest-call.js').GuestCall} call
   */
  const watchCpu = (call) => {
    const isolateNs = usedCpuNs() ?? 0n;
    const processUs = processCpu.recentUs();
    const usedNs = () => {
      const processNs = BigInt(processCpu.nowUs() - processUs) * 1000n;
      const ownNs = (usedCpuNs() ?? isolateNs + processNs) - isolateNs;
      return ownNs < processNs ? ownNs : processNs;
    };
    const check = () => {
      const leftNs = call.cpuNsLeft() - usedNs();
      if (leftNs <= 0n) call.blame({ code: 'CPU_EXCEEDED', message: 'used more processor time than its limit' });
      else timer = setTimeout(check, Number(leftNs / NS_PER_MS) + 1);
    };
    let timer = setTimeout(check, Number(call.cpuNsLeft() / NS_PER_MS) + 1);
    return {
      stop: () => {
        clearTimeout(timer);
        const now = usedCpuNs();
        call.addCpu(now === undefined ? usedNs() : now - isolateNs);
      },
    };
  };

  return {
    isolate,
    members,
    dispose,
    interrupt,
    isExecuting: (/** @type {import('./guest-call.js').GuestCall} */ call) => executing === call,

    /**
     * Does something alone in the isolate. None of it is done once the isolate is gone or the call has ended.
     *
     * @template T
     * @param {Entry<T>} entry
     * @returns {Promise<boolean>} whether it was done
     */
    enter: async ({ call, prepare, work, conclude }) => {
      const before = tail;
      /** @type {() => void} */
      let leave = () => {};
      tail = new Promise((resolve) => {
        leave = resolve;
      });
      await before;
      try {
        if (isolate.isDisposed || call?.isEnded()) return false;
        prepare?.();
        if (call !== undefined && work !== undefined) {
          executing = call;
          const watch = watchCpu(call);
          let came;
          try {
            came = await work();
          } finally {
            executing = undefined;
            watch.stop();
          }
          conclude?.(came);
        }
        return true;
      } finally {
        leave();
      }
    },
  };
}

/** The process's time in µs, all threads; asking the kernel takes about as long as a small call runs. */
function createProcessCpu() {
  let askedMs = Number.NEGATIVE_INFINITY;
  let us = 0;
  const nowUs = () => {
    const { user, system } = process.cpuUsage();
    askedMs = performance.now();
    us = user + system;
    return us;
  };
  return {
    nowUs,
    /** At most `CPU_AGE_MS_MAX` old. */
    recentUs: () => (performance.now() - askedMs > CPU_AGE_MS_MAX ? nowUs() : us),
  };
}

/** @typedef {ReturnType<typeof createGuestIsolate>} GuestIsolate */
