// @ts-check
// An isolate with the prelude and a plugin's modules compiled, and the contexts that calls begin in: a call that left its
// context as it found it leaves it to the next one of the same agent. Used by isolate-slot.js alone.

import { createGuestContext } from './guest-context.js';
import { createGuestIsolate } from './guest-isolate.js';
import { compilePluginGraph } from './plugin-graph.js';

/** @typedef {import('./guest-context.js').GuestContext} GuestContext */

/** Memory that a context with its call is reckoned to need: it bounds how many calls of one agent interleave. */
const CONTEXT_MIB = 4;

/**
 * @param {{
 *   readonly ivm: typeof import('isolated-vm'),
 *   readonly files: import('./plugin-files.js').PluginFiles,
 *   readonly start: import('#sandbox/protocol/messages.js').StartMessage,
 *   readonly preludeSource: string,
 *   readonly onStuck: (call: import('./guest-call.js').GuestCall | undefined,
 *     code: import('#sandbox/protocol/messages.js').EndCode) => void,
 * }} options
 */
export function createIsolateHome({ ivm, files, start, preludeSource, onStuck }) {
  const { memoryMiB, youngMiB, settleMsMax, contextsReady, trialsLeftOut } = start;
  const boundsJson = JSON.stringify({
    logMessageLengthMax: start.logMessageLengthMax,
    errorMessageLengthMax: start.errorMessageLengthMax,
    randomBytesMax: start.randomBytesMax,
  });
  const liveMax = Math.max(contextsReady, Math.floor(memoryMiB / CONTEXT_MIB));
  const guest = createGuestIsolate({ ivm, memoryMiB, youngMiB, settleMsMax, onStuck });
  const { isolate } = guest;
  const compiled = Promise.all([
    isolate.compileScript(preludeSource, { filename: 'smcp:prelude' }),
    compilePluginGraph({ isolate, files }),
  ]);
  compiled.catch(() => {});
  /** Contexts in which a call can begin. @type {GuestContext[]} */
  const store = [];
  /** Calls that wait for others to end. @type {(() => void)[]} */
  const waiters = [];
  let liveCount = 0;
  let trialsToLeaveOut = 0;
  /** @param {Awaited<typeof compiled>} parts */
  const make = ([prelude, graph]) => createGuestContext({ ivm, isolate, prelude, graph, boundsJson });
  /** Where no call was good enough to leave its own behind. */
  const refill = async () => {
    const parts = await compiled;
    const prepare = () => {
      if (store.length === 0 && contextsReady > 0) store.push(make(parts));
    };
    await guest.enter({ prepare });
  };
  return {
    guest,
    callCount: 0,
    /** Resolves when the call may begin: each that waits for the host has a context, which takes memory. */
    room: async () => {
      if (liveCount >= liveMax)
        await new Promise((/** @type {(value: void) => void} */ resolve) => waiters.push(resolve));
      else liveCount += 1;
      return compiled;
    },
    leaveRoom: () => {
      const next = waiters.shift();
      if (next === undefined) liveCount -= 1;
      else next();
    },
    /** Whether the call is worth a try on the warden's thread: one in which the last ones ended in time. */
    isWorthTrial: () => {
      const isWorth = trialsToLeaveOut === 0;
      if (!isWorth) trialsToLeaveOut -= 1;
      return isWorth;
    },
    /** A trial was in vain. */
    leaveOutTrials: () => {
      trialsToLeaveOut = trialsLeftOut;
    },
    /** Inside the isolate only. @param {Awaited<typeof compiled>} parts */
    take: (parts) => store.pop() ?? make(parts),
    /** What `take` gave is no longer used. @param {GuestContext} context @param {boolean} isAsMade */
    giveBack: (context, isAsMade) => {
      if (isolate.isDisposed) return;
      if (isAsMade && store.length < contextsReady) store.push(context);
      else context.release();
    },
    /** After the answers have left: the thread waits while a context is made. */
    refill: () => {
      if (store.length === 0 && liveCount === 0) setImmediate(() => refill().catch(() => {}));
    },
  };
}

/** @typedef {ReturnType<typeof createIsolateHome>} IsolateHome */
