// @ts-check
// What the host's number for (plugin, agent) stands for: an isolate, a context that is ready for the next call, and the
// rule when the isolate is replaced (after a fault, after a number of calls, past a heap mark). Runs calls to their end.

import { prepareGuestContext } from './guest-context.js';
import { describeGuestError } from './guest-error.js';
import { createGuestIsolate } from './guest-isolate.js';
import { PluginLoadError } from './plugin-files.js';
import { compilePluginGraph } from './plugin-graph.js';
import { settleGuest } from './settle-guest.js';

/** Past this share of its limit after a call, an isolate is replaced rather than trusted to collect its garbage. */
const HEAP_MARK = 0.5;
const MIB = 1024 * 1024;
/** Memory that a context with its call is reckoned to need: it bounds how many calls of one agent interleave. */
const CONTEXT_MIB = 4;
/** Endings after which the isolate is as good as before: the guest's code came back by itself. */
const HARMLESS = new Set(['RETURNED', 'TOOL_FAILED', 'RESULT_INVALID', 'OUTPUT_TOO_LARGE', 'PLUGIN_LOAD_FAILED']);

/** @typedef {import('./guest-call.js').GuestCall} GuestCall */
/** @typedef {import('./guest-context.js').GuestContext} GuestContext */

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
  const { memoryMiB, youngMiB, settleMsMax, callsPerIsolateMax, contextsReady } = start;
  const boundsJson = JSON.stringify({
    logMessageLengthMax: start.logMessageLengthMax,
    errorMessageLengthMax: start.errorMessageLengthMax,
    randomBytesMax: start.randomBytesMax,
  });
  const liveMax = Math.max(contextsReady, Math.floor(memoryMiB / CONTEXT_MIB));
  /** @type {ReturnType<typeof createHome> | undefined} */
  let current;

  /** An isolate with the prelude and the plugin compiled, and contexts in store. */
  const createHome = () => {
    const guest = createGuestIsolate({ ivm, memoryMiB, youngMiB, settleMsMax, onStuck });
    const { isolate } = guest;
    const compiled = Promise.all([
      isolate.compileScript(preludeSource, { filename: 'smcp:prelude' }),
      compilePluginGraph({ isolate, files }),
    ]);
    compiled.catch(() => {});
    /** @type {Promise<GuestContext | undefined>[]} */
    const store = [];
    /** Calls that wait for a context. @type {((context: Promise<GuestContext | undefined>) => void)[]} */
    const waiters = [];
    let liveCount = 0;
    let isRefilling = false;
    const make = () => {
      liveCount += 1;
      const made = compiled.then(([prelude, graph]) =>
        guest.enter(undefined, () => prepareGuestContext({ ivm, isolate, prelude, graph, boundsJson })),
      );
      made.catch(() => {});
      return made;
    };
    const isWanted = () => store.length < contextsReady && liveCount < liveMax && !isolate.isDisposed;
    const refillOne = () => {
      isRefilling = false;
      if (!isWanted()) return;
      store.push(make());
      refill();
    };
    /** One at a time, each after what the host said meanwhile was looked at: the thread waits while one is made. */
    const refill = () => {
      if (isRefilling || !isWanted()) return;
      isRefilling = true;
      setImmediate(refillOne);
    };
    return {
      guest,
      callCount: 0,
      /** A context for one call, at once or when another call gives its own back. Undefined when the isolate is gone. */
      take: async () => {
        const ready = store.shift();
        if (ready !== undefined) return ready;
        return liveCount < liveMax ? make() : new Promise((resolve) => waiters.push(resolve));
      },
      /** The context that `take` gave, or failed to give, is no longer used. */
      giveBack: (/** @type {GuestContext | undefined} */ context) => {
        if (!isolate.isDisposed) context?.release();
        liveCount -= 1;
        waiters.shift()?.(make());
      },
      refill,
    };
  };

  const homeForNextCall = () => {
    if (current !== undefined && (current.guest.isolate.isDisposed || current.callCount >= callsPerIsolateMax)) {
      retire(current);
    }
    current ??= createHome();
    current.callCount += 1;
    return current;
  };

  /** No further call starts in it; it ends with the last one that is in it. @param {ReturnType<typeof createHome>} home */
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
        code = await runIn(home, call);
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
 * @param {{ readonly guest: import('./guest-isolate.js').GuestIsolate,
 *   readonly take: () => Promise<GuestContext | undefined>,
 *   readonly giveBack: (context: GuestContext | undefined) => void }} home
 * @param {GuestCall} call
 * @returns {Promise<import('#sandbox/protocol/messages.js').EndCode | undefined>} how it ended
 */
async function runIn({ guest, take, giveBack }, call) {
  /** @type {GuestContext | undefined} */
  let context;
  /** Entries under way or in the queue. */
  let visitCount = 0;
  const endByFault = () => {
    const fault = call.fault();
    if (fault !== undefined) call.fail(fault.code, fault.message);
  };
  /**
   * Enters the context by a task that lets the guest run, then says what came of it. `prepare` is work of ours before.
   *
   * @param {(inside: GuestContext) => Promise<unknown>} task
   * @param {(inside: GuestContext) => unknown} [prepare]
   */
  const visit = async (task, prepare) => {
    const inside = context;
    if (inside === undefined) return;
    visitCount += 1;
    const entry = await guest.enter(call, () => {
      prepare?.(inside);
      return settleGuest(
        guest.isolate,
        () => task(inside),
        () => inside.enterNow('finish'),
      );
    });
    visitCount -= 1;
    const isLeftBehind = entry !== undefined && !('seen' in entry);
    if (!call.isEnded()) judge(guest, call, { entry, canGoOn: visitCount > 0 || call.isWaiting() });
    if (isLeftBehind) guest.dispose(call);
  };
  /** @type {() => void} */
  let settled = () => {};
  const untilEnd = new Promise((/** @type {(value: void) => void} */ resolve) => {
    settled = resolve;
  });

  call.bind({
    answer: (number, isOk, json) => void visit((inside) => inside.enter('answer', number, isOk, json)),
    stop: () => {
      const code = call.fault()?.code;
      if (guest.isExecuting(call)) guest.interrupt(call, { isAtOnce: code !== 'HOST_CALLS_EXCEEDED' });
      else endByFault();
    },
    ended: () => settled(),
  });

  const taken = take();
  try {
    context = await Promise.race([taken, untilEnd.then(() => undefined)]);
    if (context === undefined) {
      if (guest.isolate.isDisposed) call.fail('LOST', 'its isolate was ended');
    } else {
      context.bind(call.post);
      await visit(
        (inside) => inside.evaluate(),
        (inside) => inside.enterNow('start', call.tool, call.argsJson, call.outputBytes),
      );
      await untilEnd;
    }
  } catch (error) {
    if (error instanceof PluginLoadError) call.fail('PLUGIN_LOAD_FAILED', error.message);
    else if (guest.isolate.isDisposed) blameDisposal(guest, call, error);
    else throw error;
  } finally {
    taken.then(giveBack, () => giveBack(undefined));
  }
  return call.endCode();
}

/**
 * What an entry came to, for a call that has not ended; `entry` is undefined when it was not made. `canGoOn`: something is
 * still to come that may settle what the guest awaits. **Trust:** a rejection may carry a guest's values; only the
 * isolate's state is believed.
 *
 * @param {import('./guest-isolate.js').GuestIsolate} guest
 * @param {GuestCall} call
 * @param {{
 *   readonly entry: Awaited<ReturnType<typeof settleGuest<unknown>>> | undefined,
 *   readonly canGoOn: boolean,
 * }} came
 */
function judge(guest, call, { entry, canGoOn }) {
  const { rejected, heap, seen: ending } = entry ?? {};
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
