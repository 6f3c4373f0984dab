// @ts-check
// One call inside the warden: its counters, its host calls and its one ending. Knows nothing of isolates: the slot
// binds it to a context. Trust: what `post` takes is the guest's; ids of host calls are made here, never by the guest.

/** Codes that the prelude reports about its own guest; any other is a host call's refusal that nobody caught. */
const PRELUDE_CODES = new Set(['TOOL_FAILED', 'RESULT_INVALID', 'OUTPUT_TOO_LARGE', 'PLUGIN_LOAD_FAILED']);

const WHY_ABORTED = {
  TIMEOUT: 'ran past its deadline',
  CANCELLED: 'was cancelled',
  CPU_EXCEEDED: 'its host calls used more processor time than its limit',
};

/** @typedef {import('#sandbox/protocol/messages.js').EndCode} EndCode */
/** @typedef {{ readonly code: EndCode, readonly message: string }} Fault */

/**
 * What the slot does for a call: deliver an answer into its context, stop its code, and clean up once it has ended.
 * @typedef {{ readonly answer: (call: number, isOk: boolean, json: string) => void, readonly stop: () => void,
 *   readonly ended: () => void }} Binding
 */

/**
 * @param {{
 *   readonly message: import('#sandbox/protocol/messages.js').RunMessage,
 *   readonly argsJson: string,
 *   readonly start: import('#sandbox/protocol/messages.js').StartMessage,
 *   readonly send: (message: import('#sandbox/protocol/messages.js').WardenMessage, body: string) => void,
 * }} options
 */
export function createGuestCall({ message, argsJson, start, send }) {
  const { id, tool, cpuMs, outputBytes, hostCalls, isAlone } = message;
  let cpuNs = 0n;
  let cpuNsMax = BigInt(cpuMs) * 1_000_000n;
  let heapBytes = 0;
  /** @type {EndCode | undefined} */
  let endCode;
  let callCount = 0;
  let callBytes = 0;
  /** Numbers of host calls that wait for an answer. @type {Set<number>} */
  const waiting = new Set();
  /** @type {Fault | undefined} */
  let fault;
  /** @type {Binding | undefined} */
  let binding;
  /** Host calls of a trial, and what had been counted before it. @type {{ callCount: number, callBytes: number, calls: (() => void)[] } | undefined} */
  let trial;

  /** @param {EndCode} code @param {string} body */
  const end = (code, body) => {
    if (endCode !== undefined) return;
    endCode = code;
    send({ t: 'end', id, code, cpuUs: Number(cpuNs / 1000n), heapBytes }, body);
    binding?.ended();
    binding = undefined;
  };
  /** @param {EndCode} code @param {string} text @param {object} [details] */
  const fail = (code, text, details) => {
    end(code, JSON.stringify({ message: text.slice(0, start.errorMessageLengthMax), ...(details ? { details } : {}) }));
  };
  /** The first fault counts; the slot ends the call when the guest's code has stopped. @type {(fault: Fault) => void} */
  const blame = (reason) => {
    if (endCode !== undefined || fault !== undefined) return;
    fault = reason;
    binding?.stop();
  };

  return {
    id,
    tool,
    argsJson,
    outputBytes,
    isAlone,
    end,
    fail,
    blame,
    isEnded: () => endCode !== undefined,
    endCode: () => endCode,
    heapBytes: () => heapBytes,
    fault: () => fault,
    isWaiting: () => waiting.size > 0,
    cpuNsLeft: () => cpuNsMax - cpuNs,
    /** From here on it is not known whether the run counts: nothing of it leaves before that is known. */
    beginTrial: () => {
      trial = { callCount, callBytes, calls: [] };
    },
    /** The run counts. */
    keepTrial: () => {
      const calls = trial?.calls ?? [];
      trial = undefined;
      for (const say of calls) say();
    },
    /** The run never was: the call is given the time that it took. @param {bigint} ns */
    dropTrial: (ns) => {
      if (trial !== undefined) ({ callCount, callBytes } = trial);
      trial = undefined;
      waiting.clear();
      cpuNsMax += ns;
    },
    /** @param {bigint} ns */
    addCpu: (ns) => {
      cpuNs += ns;
    },
    /** @param {number} bytes */
    noteHeap: (bytes) => {
      if (bytes > heapBytes) heapBytes = bytes;
    },
    /** @param {Binding} made */
    bind: (made) => {
      binding = made;
    },
    /** @param {import('#sandbox/protocol/messages.js').AnswerMessage} message @param {string} json */
    answer: ({ call, ok, workUs }, json) => {
      cpuNs += BigInt(workUs) * 1000n;
      if (waiting.delete(call)) binding?.answer(call, ok, json);
    },
    /** @param {import('#sandbox/protocol/messages.js').AbortMessage['code']} code */
    abort: (code) => blame({ code, message: WHY_ABORTED[code] }),

    /**
     * A host call from the guest, as `?name\nparams` (answered) or `!name\nparams`. Never throws.
     *
     * @param {unknown} text
     * @returns {number} the call's number; -1 when it was not taken
     */
    post: (text) => {
      if (endCode !== undefined || fault !== undefined || typeof text !== 'string') return -1;
      callCount += 1;
      callBytes += text.length;
      const isTooMuch = callCount > hostCalls || callBytes > start.hostCallBytesTotalMax;
      if (isTooMuch || text.length > start.hostCallBytesMax) {
        blame({ code: 'HOST_CALLS_EXCEEDED', message: `made more host calls than its limit of ${hostCalls}` });
        return -1;
      }
      const split = text.indexOf('\n');
      const isAnswered = text[0] === '?';
      if (isAnswered) waiting.add(callCount);
      const number = isAnswered ? callCount : 0;
      const say = () => send({ t: 'call', id, call: number, name: text.slice(1, split) }, text.slice(split + 1));
      if (trial === undefined) say();
      else trial.calls.push(say);
      return callCount;
    },

    /** Ends the call by what the trampoline handed out: `R` and a result, or `E` and an error. @param {string} ending */
    finish: (ending) => {
      const text = ending.slice(1);
      if (ending[0] === 'R') {
        if (Buffer.byteLength(text) <= outputBytes) return end('RETURNED', text);
        return fail('OUTPUT_TOO_LARGE', `the result is larger than ${outputBytes} bytes`);
      }
      const { code, message: why, hostCall } = JSON.parse(text);
      if (hostCall === undefined) return fail(PRELUDE_CODES.has(code) ? code : 'TOOL_FAILED', why);
      return fail('TOOL_FAILED', why, { refusal: { code: String(code), call: hostCall } });
    },
  };
}

/** @typedef {ReturnType<typeof createGuestCall>} GuestCall */
