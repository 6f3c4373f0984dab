// One call as the host sees it while a warden runs it: its clock, its host calls, its outcome. Believes the warden
// nothing that it can check: limits are counted here once more, codes are accepted only where they can be true.

import type { Clock } from '#base/clock.ts';
import { asSmcpError, type ErrorCode, type WireError } from '#base/errors.ts';
import { isJsonObject, type Json, type JsonObject } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import type { RunOutcome, Usage } from '#domain/invocation.ts';
import type { RunRequest } from '#domain/ports.ts';
import type { CallMessage, EndMessage } from '#sandbox/protocol/messages.js';
import { parseJsonText } from './json-text.ts';

/** Host calls that need no capability: they go to the log and to the caller, never into the world. */
const FREE_HOST_CALLS: ReadonlySet<string> = new Set(['log', 'progress']);
/** Which capability a host call needs. A name that is neither here nor free is refused. */
const CAPABILITY_OF: ReadonlyMap<string, 'clock' | 'random'> = new Map([
  ['now', 'clock'],
  ['random', 'random'],
]);

const REMEDIES: { readonly [code in ErrorCode]?: string } = {
  TIMEOUT: "raise the tool's `timeoutMs` in plugin.json, or do less in one call",
  CPU_EXCEEDED: 'raise `runtime.cpuMs` in plugin.json, or do less in one call',
  MEMORY_EXCEEDED: 'raise `runtime.memoryMiB` in plugin.json, or keep less in memory',
  OUTPUT_TOO_LARGE: `return at most ${LIMITS.outputBytesMax} bytes of JSON`,
  HOST_CALLS_EXCEEDED: 'call the host less often: fewer progress reports, fewer log lines',
  RESULT_INVALID: 'return a JSON value: no functions, no BigInt, no cycles',
  PLUGIN_LOAD_FAILED: "mend the plugin's code",
};

/** The failure of a call, with the remedy that belongs to its code. */
export function failure(code: ErrorCode, message: string, details: JsonObject = {}): WireError {
  const remedy = REMEDIES[code];
  const all = { ...(remedy === undefined ? {} : { remedy }), ...details };
  return { code, message, ...(Object.keys(all).length > 0 ? { details: all } : {}) };
}

export type AnswerHostCall = (call: number, ok: boolean, body: string) => void;

export class RunningCall {
  readonly request: RunRequest;
  readonly id: number;
  readonly isolate: number;
  readonly startedMs: number;
  readonly outcome: Promise<RunOutcome>;
  /** Why it was told to end; undefined while it may run. */
  abortedFor: 'TIMEOUT' | 'CANCELLED' | undefined;
  readonly #clock: Clock;
  #resolve: (outcome: RunOutcome) => void = () => {};
  #isOver = false;
  #hostCalls = 0;
  #lastCall = 0;
  readonly #answeredCodes = new Set<string>();

  constructor(request: RunRequest, options: { readonly id: number; readonly isolate: number; readonly clock: Clock }) {
    this.request = request;
    this.id = options.id;
    this.isolate = options.isolate;
    this.#clock = options.clock;
    this.startedMs = options.clock.monotonicMs();
    this.outcome = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  usage(cpuMs: number, heapBytesPeak: number): Usage {
    return { cpuMs, wallMs: this.#clock.monotonicMs() - this.startedMs, heapBytesPeak };
  }

  /** The first ending counts. */
  settle(outcome: RunOutcome): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#resolve(outcome);
  }

  /**
   * A host call from the warden. False when the message can't be true: the warden is then no longer ours.
   * **Trust:** number, name and parameters are hostile; what comes in order and within the limit reaches the handler.
   */
  takeHostCall({ call, name }: CallMessage, body: string, answer: AnswerHostCall): boolean {
    this.#hostCalls += 1;
    if (this.#hostCalls > this.request.limits.hostCalls || body.length > LIMITS.hostCallBytesMax) return false;
    if (call !== 0) {
      if (call <= this.#lastCall) return false;
      this.#lastCall = call;
    }
    const params = parseJsonText(body);
    if (params === undefined) return false;
    void this.#answerHostCall(name, params.value).then((reply) => {
      if (this.#isOver || call === 0) return;
      if (!reply.ok) this.#answeredCodes.add(reply.code);
      answer(call, reply.ok, reply.body);
    });
    return true;
  }

  /** How the call ended, by the warden's word. Undefined when it can't be true. */
  outcomeOf(message: EndMessage, body: string): RunOutcome | undefined {
    const usage = this.usage(message.cpuUs / 1000, message.heapBytes);
    const { outputBytes } = this.request.limits;
    switch (message.code) {
      case 'RETURNED':
        if (Buffer.byteLength(body) > outputBytes) {
          return { kind: 'failed', usage, error: failure('OUTPUT_TOO_LARGE', 'the result is larger than its limit') };
        }
        if (parseJsonText(body) === undefined) {
          const message = `the result is not JSON, or nests deeper than ${LIMITS.jsonDepthMax}`;
          return { kind: 'failed', usage, error: failure('RESULT_INVALID', message) };
        }
        return { kind: 'returned', resultJson: body, usage };
      case 'LOST':
        return { kind: 'lost', usage };
      case 'CANCELLED':
        return this.abortedFor === 'CANCELLED' ? { kind: 'cancelled', usage } : undefined;
      default:
        return { kind: 'failed', usage, error: this.#errorOf(message.code, body) };
    }
  }

  #errorOf(code: ErrorCode, body: string): WireError {
    const parsed = parseJsonText(body)?.value;
    const given = isJsonObject(parsed) ? parsed : {};
    const text = typeof given['message'] === 'string' ? given['message'] : 'the tool failed';
    const message = text.slice(0, LIMITS.errorMessageLengthMax);
    const details = isJsonObject(given['details']) ? given['details'] : {};
    const hostCall = details['hostCall'];
    // A refusal that the plugin did not catch ends the call under its own code, but only if we did refuse.
    const isRefusal = typeof hostCall === 'string' && this.#answeredCodes.has(hostCall);
    return failure(isRefusal ? (hostCall as ErrorCode) : code, message);
  }

  async #answerHostCall(name: string, params: Json): Promise<{ ok: true; body: string } | Refusal> {
    const kind = CAPABILITY_OF.get(name);
    const isAllowed =
      FREE_HOST_CALLS.has(name) || (kind !== undefined && this.request.capabilities[kind] !== undefined);
    if (!isAllowed) {
      const asked = kind ?? name;
      return refuse({
        code: 'CAPABILITY_DENIED',
        message: `host.${name} needs the capability \`${asked}\`, which this call does not have`,
        details: { remedy: `ask for \`${asked}\` in plugin.json, and grant it in the policy` },
      });
    }
    try {
      const value = await this.request.onHostCall({ name, params });
      const body = JSON.stringify(value ?? null);
      if (body.length > LIMITS.hostCallBytesMax) throw new RangeError('answer too large');
      return { ok: true, body };
    } catch (thrown) {
      return refuse(asSmcpError(thrown).toWire());
    }
  }
}

type Refusal = { readonly ok: false; readonly code: string; readonly body: string };

function refuse(error: WireError): Refusal {
  return { ok: false, code: error.code, body: JSON.stringify(error) };
}
