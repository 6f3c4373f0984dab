// @ts-check
// What host and warden say to each other, both sides in one file. A message is a frame: the header says what, the body
// carries JSON text that is not parsed on the way. Trust: a warden's messages may be forged; `parseWardenMessage` takes
// nothing but the exact shapes below, and whether an id means anything is the host's to check.

/**
 * The first message: within which bounds. The body is the plugin's modules, [[name, source]] as JSON; source is null where
 * the file is no UTF-8.
 *
 * @typedef {{
 *   readonly t: 'start',
 *   readonly entry: string,
 *   readonly memoryMiB: number,
 *   readonly youngMiB: number,
 *   readonly callsPerIsolateMax: number,
 *   readonly hostCallBytesMax: number,
 *   readonly hostCallBytesTotalMax: number,
 *   readonly settleMsMax: number,
 *   readonly trialMsMax: number,
 *   readonly trialsLeftOut: number,
 *   readonly contextsReady: number,
 *   readonly logMessageLengthMax: number,
 *   readonly errorMessageLengthMax: number,
 *   readonly randomBytesMax: number,
 * }} StartMessage
 *
 * Runs a tool; the body is its arguments as JSON. `isolate` is the host's number for (plugin, agent). `isAlone`: every call
 * that the warden has is this agent's, so that it may be tried on the warden's own thread.
 * @typedef {{ readonly t: 'run', readonly id: number, readonly isolate: number, readonly tool: string,
 *   readonly cpuMs: number, readonly outputBytes: number, readonly hostCalls: number, readonly isAlone: boolean }} RunMessage
 *
 * Answers a host call; the body is the value, or {code, message, details} when `ok` is false. `workUs`: processor time that the host
 * took for the call since its last answer, which counts as the call's own.
 * @typedef {{ readonly t: 'answer', readonly id: number, readonly call: number, readonly ok: boolean,
 *   readonly workUs: number }} AnswerMessage
 *
 * Ends a call: past its deadline, cancelled, or for what its host calls took of the host's processor time.
 * @typedef {{ readonly t: 'abort', readonly id: number, readonly code: 'TIMEOUT' | 'CANCELLED' | 'CPU_EXCEEDED' }} AbortMessage
 *
 * Forgets an isolate that has no calls.
 * @typedef {{ readonly t: 'drop', readonly isolate: number }} DropMessage
 *
 * Asks for a `pong`: a warden that says none waits for a guest's code in its own thread.
 * @typedef {{ readonly t: 'ping' }} PingMessage
 *
 * @typedef {StartMessage | RunMessage | AnswerMessage | AbortMessage | DropMessage | PingMessage} HostMessage
 */

/**
 * The warden takes calls.
 * @typedef {{ readonly t: 'ready', readonly isolatedVm: string }} ReadyMessage
 *
 * A host call; the body is its parameters as JSON. `call` 0: no answer is wanted.
 * @typedef {{ readonly t: 'call', readonly id: number, readonly call: number, readonly name: string }} CallMessage
 *
 * A call ended; the body is the result's JSON for `RETURNED`, else {message, details?}. `LOST`: its isolate was ended for
 * another call's fault.
 * @typedef {{ readonly t: 'end', readonly id: number, readonly code: EndCode, readonly cpuUs: number,
 *   readonly heapBytes: number }} EndMessage
 *
 * The code of this call can't be stopped from inside: the host must end the process. Id 0: no call of the host's.
 * @typedef {{ readonly t: 'stuck', readonly id: number, readonly code: EndCode }} StuckMessage
 *
 * @typedef {{ readonly t: 'pong' }} PongMessage
 *
 * @typedef {ReadyMessage | CallMessage | EndMessage | StuckMessage | PongMessage} WardenMessage
 * @typedef {typeof END_CODES[number]} EndCode
 */

/** How a call can end, as a warden says it. Those but the first two are codes of the error table. */
export const END_CODES = /** @type {const} */ ([
  'RETURNED',
  'LOST',
  'CANCELLED',
  'TIMEOUT',
  'CPU_EXCEEDED',
  'MEMORY_EXCEEDED',
  'OUTPUT_TOO_LARGE',
  'HOST_CALLS_EXCEEDED',
  'RESULT_INVALID',
  'TOOL_FAILED',
  'PLUGIN_LOAD_FAILED',
  'PLUGIN_CRASHED',
]);

/** @type {ReadonlySet<unknown>} */
const END_CODE_SET = new Set(END_CODES);
const NAME_LENGTH_MAX = 64;

/** @param {unknown} value @returns {value is number} */
const isCount = (value) => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;

/** @param {unknown} value @returns {value is string} */
const isName = (value) => typeof value === 'string' && value.length <= NAME_LENGTH_MAX;

/** @param {unknown} value @returns {value is EndCode} */
const isEndCode = (value) => END_CODE_SET.has(value);

/**
 * A warden's message, or undefined for anything that is not exactly one. **Trust:** the header is hostile.
 *
 * @param {{ readonly [key: string]: unknown }} header
 * @returns {WardenMessage | undefined}
 */
export function parseWardenMessage(header) {
  const { t, id, call, name, code, cpuUs, heapBytes, isolatedVm } = header;
  const keys = Object.keys(header).length;
  switch (t) {
    case 'ready':
      return keys === 2 && isName(isolatedVm) ? { t, isolatedVm } : undefined;
    case 'call':
      return keys === 4 && isCount(id) && isCount(call) && isName(name) ? { t, id, call, name } : undefined;
    case 'end':
      return keys === 5 && isCount(id) && isEndCode(code) && isCount(cpuUs) && isCount(heapBytes)
        ? { t, id, code, cpuUs, heapBytes }
        : undefined;
    case 'pong':
      return keys === 1 ? { t } : undefined;
    case 'stuck':
      return keys === 3 && isCount(id) && isEndCode(code) ? { t, id, code } : undefined;
    default:
      return undefined;
  }
}
