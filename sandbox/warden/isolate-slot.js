// @ts-check
// What the host's number for (plugin, agent) stands for: an isolate and the rule when it is replaced (after a fault, after a
// number of calls, past a heap mark). Runs calls to their end.

import { describeGuestError } from './guest-error.js';
import { createIsolateHome } from './isolate-home.js';
import { PluginLoadError } from './plugin-files.js';
import { settleGuest, wasTimeUp } from './settle-guest.js';

/** Past this share of its limit after a call, an isolate is replaced rather than trusted to collect its garbage. */
const HEAP_MARK = 0.5;
const MIB = 1024 * 1024;
const NS_PER_MS = 1_000_000;
/** Endings after which the isolate is as good as before: the guest's code came back by itself. */
const HARMLESS = new Set(['RETURNED', 'TOOL_FAILED', 'RESULT_INVALID', 'OUTPUT_TOO_LARGE', 'PLUGIN_LOAD_FAILED']);

/** @typedef {import('./guest-call.js').GuestCall} GuestCall */
/** @typedef {import('./guest-context.js').GuestContext} GuestContext */
/** @typedef {Awaited<ReturnType<typeof settleGuest<unknown>>> | undefined} Came undefined when the guest was not let run */

/**
 * @param {{
 *   readonly ivm: typeof import('isolated-vm'),
 *   readonly files: import('./plugin-files.js').PluginFiles,
 *   readonly start: import('#sandbox/protocol/messages.js').StartMessage,
 *   readonly preludeSource: string,
 *   readonly onStuck: (call: GuestCall | undefined, code: import('#sandbox/protocol/messages.js').EndCode) => void,
 * }} options
 */
export function createIsolateSlot({ ivm, files, start, preludeSource, onStuck }) {
  const { memoryMiB, callsPerIsolateMax } = start;
  /** @type {import('./isolate-home.js').IsolateHome | undefined} */
  let current;

  const createHome = () => createIsolateHome({ ivm, files, start, preludeSource, onStuck });
  const homeForNextCall = () => {
    if (current !== undefined && (current.guest.isolate.isDisposed || current.callCount >= callsPerIsolateMax)) {
      retire(current);
    }
    current ??= createHome();
    current.callCount += 1;
    return current;
  };

  /** No further call starts in it; it ends with the last one that is in it. @param {import('./isolate-home.js').IsolateHome} home */
  const retire = (home) => {
    if (current === home) current = undefined;
    if (home.guest.members.size === 0) home.guest.dispose(undefined);
  };

  return {
    dispose: () => {
      current?.guest.dispose(undefined);
      current = undefined;
    },
    /** Runs a call until it has ended. Never rejects. @param {GuestCall} call */
    run: async (call) => {
      const home = homeForNextCall();
      home.guest.members.add(call);
      let code;
      try {
        code = await runIn(home, call, start.trialMsMax);
      } catch (error) {
        call.fail('PLUGIN_CRASHED', 'the sandbox failed');
        process.stderr.write(`call: ${error instanceof Error ? error.stack : String(error)}\n`);
      }
      home.guest.members.delete(call);
      const isPastMark = call.heapBytes() > memoryMiB * MIB * HEAP_MARK;
      if (code === undefined || !HARMLESS.has(code) || isPastMark || current !== home) retire(home);
      else home.refill();
    },
  };
}

/** @typedef {ReturnType<typeof createIsolateSlot>} IsolateSlot */

/**
 * @param {import('./isolate-home.js').IsolateHome} home
 * @param {GuestCall} call
 * @param {number} trialMsMax
 * @returns {Promise<import('#sandbox/protocol/messages.js').EndCode | undefined>} how it ended
 */
async function runIn(home, call, trialMsMax) {
  const { guest } = home;
  /** @type {GuestContext | undefined} */
  let context;
  let isAsMade = false;
  /** Entries under way or in the queue. */
  let visitCount = 0;
  const endByFault = () => {
    const fault = call.fault();
    if (fault !== undefined) call.fail(fault.code, fault.message);
  };
  /** The trampoline's word; where nothing is left of the call, its context is made ready for the next. @param {GuestContext} inside */
  const look = (inside) => {
    const standing = inside.standing();
    const isLast = visitCount === 1 && !call.isWaiting() && call.fault() === undefined;
    if (typeof standing !== 'string' || standing === 'L' || standing === 'P') return standing;
    if (standing[0] === '=' && isLast) {
      inside.end();
      isAsMade = true;
    }
    return standing.slice(1);
  };
  /** Lets the guest run by a task, and looks what came of it. @param {(inside: GuestContext) => Promise<unknown>} task */
  const settle = async (task) => {
    const inside = context;
    if (inside === undefined) return undefined;
    return settleGuest(
      guest.isolate,
      () => task(inside),
      () => look(inside),
    );
  };
  /** Says what came of the guest's run. `prepare` is work of ours before it. @param {() => Promise<Came>} run @param {() => void} [prepare] */
  const visit = async (run, prepare = () => {}) => {
    visitCount += 1;
    /** @param {Came} came */
    const conclude = (came) => {
      visitCount -= 1;
      if (!call.isEnded()) judge(guest, call, { came, canGoOn: visitCount > 0 || call.isWaiting() });
      if (came !== undefined && !('seen' in came)) guest.dispose(call);
    };
    if (!(await guest.enter({ call, prepare, work: run, conclude }))) conclude(undefined);
  };
  /** @type {() => void} */
  let settled = () => {};
  const untilEnd = new Promise((/** @type {(value: void) => void} */ resolve) => {
    settled = resolve;
  });

  call.bind({
    answer: (number, isOk, json) => void visit(() => settle((inside) => inside.answer(number, isOk, json))),
    stop: () => {
      const code = call.fault()?.code;
      if (guest.isExecuting(call)) guest.interrupt(call, { isAtOnce: code !== 'HOST_CALLS_EXCEEDED' });
      else endByFault();
    },
    ended: () => settled(),
  });

  const room = home.room();
  try {
    const parts = await Promise.race([room, untilEnd]);
    if (parts !== undefined) {
      const begin = () => {
        const taken = home.take(parts);
        context = taken;
        taken.begin(call);
      };
      const evaluate = async () => {
        if (call.isAlone && home.isWorthTrial()) {
          const came = await tryHere(home, call, () => settle((inside) => inside.evaluateHere(trialMsMax)));
          if (came !== 'in vain') return came;
          context?.release();
          isAsMade = false;
          begin();
        }
        return settle((inside) => inside.evaluate());
      };
      await visit(evaluate, begin);
      await untilEnd;
    }
  } catch (error) {
    if (error instanceof PluginLoadError) call.fail('PLUGIN_LOAD_FAILED', error.message);
    else if (guest.isolate.isDisposed) blameDisposal(guest, call, error);
    else throw error;
  } finally {
    if (context !== undefined) home.giveBack(context, isAsMade);
    room.then(home.leaveRoom, home.leaveRoom);
  }
  return call.endCode();
}

/**
 * Runs the call on the warden's own thread, which most calls leave within less than it takes to wake another. One that
 * takes longer never ran: nothing of it has left, and it is run again on isolated-vm's threads.
 *
 * @param {import('./isolate-home.js').IsolateHome} home
 * @param {GuestCall} call
 * @param {() => Promise<Came>} run
 * @returns {Promise<Came | 'in vain'>}
 */
async function tryHere(home, call, run) {
  const startedMs = performance.now();
  call.beginTrial();
  const came = await run();
  const isOver = call.fault() !== undefined || came === undefined || !('seen' in came);
  if (isOver || !wasTimeUp(came.rejected)) {
    call.keepTrial();
    return came;
  }
  call.dropTrial(BigInt(Math.ceil((performance.now() - startedMs) * NS_PER_MS)));
  home.leaveOutTrials();
  return 'in vain';
}

/**
 * What a visit came to, for a call that has not ended; `came` is undefined when it was not made. `canGoOn`: something is
 * still to come that may settle what the guest awaits. **Trust:** a rejection may carry a guest's values; only the
 * isolate's state is believed.
 *
 * @param {import('./guest-isolate.js').GuestIsolate} guest
 * @param {GuestCall} call
 * @param {{ readonly came: Came, readonly canGoOn: boolean }} visit
 */
function judge(guest, call, { came, canGoOn }) {
  const { rejected, heap, seen: ending } = came ?? {};
  if (heap !== undefined) call.noteHeap(heap.used_heap_size + heap.externally_allocated_size);
  const fault = call.fault();
  if (fault !== undefined) return call.fail(fault.code, fault.message);
  if (guest.isolate.isDisposed) return blameDisposal(guest, call, rejected?.reason);
  if (call.cpuNsLeft() < 0n) return call.fail('CPU_EXCEEDED', 'used more processor time than its limit');
  if (typeof ending !== 'string')
    return call.fail('PLUGIN_CRASHED', 'it leaves errors that make others when they are read');
  if (ending === 'L') {
    if (rejected !== undefined) return call.fail('PLUGIN_LOAD_FAILED', describeGuestError(rejected.reason));
    if (!canGoOn) return call.fail('PLUGIN_LOAD_FAILED', 'a top-level await never settles');
    return;
  }
  if (ending === 'P') {
    if (canGoOn) return;
    return call.fail('TOOL_FAILED', 'the tool awaits a promise that nothing can settle');
  }
  call.finish(ending);
}

/**
 * The isolate is gone and nobody asked for it: its memory limit, or another call's fault.
 *
 * @param {import('./guest-isolate.js').GuestIsolate} guest
 * @param {GuestCall} call
 * @param {unknown} reason
 */
function blameDisposal(guest, call, reason) {
  const text = reason instanceof Error ? reason.message : '';
  if (text.includes('memory limit')) {
    call.fail('MEMORY_EXCEEDED', 'used more memory than its limit');
    guest.dispose(call);
  } else {
    call.fail('LOST', 'its isolate was ended');
  }
}
