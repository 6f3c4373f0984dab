// One call as the host sees it while a warden runs it: its clock, its host calls, its outcome. Believes the warden
// nothing that it can check: limits are counted here once more, codes are accepted only where they can be true.

import { parseBoundedJson } from '#base/bounded-json.ts';
import type { Clock } from '#base/clock.ts';
import { asSmcpError, type ErrorCode, type WireError } from '#base/errors.ts';
import { isJsonObject, type Json, type JsonObject } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import { capabilityOf, isHostCallName } from '#domain/host-call.ts';
import type { EffectKnowledge, RunOutcome, Usage } from '#domain/invocation.ts';
import type { RunLimits } from '#domain/manifest.ts';
import { refusalOfCall } from '#domain/refusal.ts';
import type { RecordedReply, RunRequest } from '#domain/sandbox-ports.ts';
import type { AbortMessage, CallMessage, EndMessage } from '#sandbox/protocol/messages.js';
import { createHostCallRoom } from './host-call-room.ts';
import { createHostWork, type HostWork } from './host-work.ts';
import { createRefusals } from './refusals.ts';

/** What a plugin's author can do, by code. */
function remedyFor(code: ErrorCode, limits: RunLimits): string | undefined {
  switch (code) {
    case 'TIMEOUT':
      return "raise the tool's `timeoutMs` in plugin.json, or do less in one call";
    case 'CPU_EXCEEDED':
      return 'raise `runtime.cpuMs` in plugin.json, or do less in one call';
    case 'MEMORY_EXCEEDED':
      return 'raise `runtime.memoryMiB` in plugin.json, or keep less in memory';
    case 'OUTPUT_TOO_LARGE':
      return `return at most ${limits.outputBytes} bytes of JSON${raise('outputBytes', limits, LIMITS.outputBytesMax)}`;
    case 'HOST_CALLS_EXCEEDED':
      return `call the host less often than ${limits.hostCalls} times, log lines and progress reports included${raise('hostCalls', limits, LIMITS.hostCallsMax)}`;
    case 'RESULT_INVALID':
      return 'return a JSON value: no functions, no BigInt, no cycles';
    case 'PLUGIN_LOAD_FAILED':
      return "mend the plugin's code";
    default:
      return undefined;
  }
}

/** Where a manifest asks less than it may. */
function raise(key: 'outputBytes' | 'hostCalls', limits: RunLimits, max: number): string {
  return limits[key] < max ? `, or raise \`runtime.${key}\` in plugin.json` : '';
}

/** `left` is to be called when the answer has left the host; where it never does, because the guest is gone, it need not be. */
export type AnswerHostCall = (call: number, ok: boolean, body: string, left: () => void) => void;

const NOTHING = (): void => {};
const US_PER_MS = 1000;

export class RunningCall {
  readonly request: RunRequest;
  readonly id: number;
  readonly isolate: number;
  readonly startedMs: number;
  readonly outcome: Promise<RunOutcome>;
  /** Whether the process was told of it; until then nothing of it can have happened. */
  isSent = false;
  /** Why it was told to end; undefined while it may run. */
  abortedFor: AbortMessage['code'] | undefined;
  /** Called once its host calls have used more of the host's processor time than it may use: whoever made it ends it. */
  onOverworked: () => void = () => {};
  /** What the host does for it. */
  readonly work: HostWork;
  readonly #clock: Clock;
  #resolve: (outcome: RunOutcome) => void = () => {};
  #isOver = false;
  #hostCalls = 0;
  #hostCallBytes = 0;
  #lastCall = 0;
  /** Host calls that have an effect and are not answered yet. */
  #effectsUnderWay = 0;
  readonly #room = createHostCallRoom();
  readonly #refusals = createRefusals();

  constructor(request: RunRequest, options: { readonly id: number; readonly isolate: number; readonly clock: Clock }) {
    this.request = request;
    this.id = options.id;
    this.isolate = options.isolate;
    this.#clock = options.clock;
    this.startedMs = options.clock.monotonicMs();
    this.work = createHostWork(options.clock, request.limits.cpuMs, () => this.onOverworked());
    this.outcome = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  usage(cpuMs: number, heapBytesPeak: number): Usage {
    return { cpuMs, wallMs: this.#clock.monotonicMs() - this.startedMs, heapBytesPeak };
  }

  /** With what the host did for it since its guest was told last. */
  withWork(usage: Usage): Usage {
    return { ...usage, cpuMs: usage.cpuMs + this.work.take() / US_PER_MS };
  }

  /** It failed, with the remedy that belongs to the code. `effect` absent: its end was seen. */
  failed(
    usage: Usage,
    error: { readonly code: ErrorCode; readonly message: string; readonly details?: JsonObject },
    effect: EffectKnowledge = this.#effectAtEnd(),
  ): RunOutcome {
    const { code, message } = error;
    const remedy = remedyFor(code, this.request.limits);
    const details = { ...(remedy === undefined ? {} : { remedy }), ...error.details };
    const hasDetails = Object.keys(details).length > 0;
    return { kind: 'failed', usage, effect, error: { code, message, ...(hasDetails ? { details } : {}) } };
  }

  /** Whether a host call with an effect was made and is not answered yet. */
  isEffectUnderWay(): boolean {
    return this.#effectsUnderWay > 0;
  }

  /** A host call that was made goes on when its caller is gone. */
  #effectAtEnd(): EffectKnowledge {
    return this.#effectsUnderWay === 0 ? 'known' : 'unknown';
  }

  /** The first ending counts. */
  settle(outcome: RunOutcome): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#room.close();
    this.#resolve(outcome);
  }

  /**
   * A host call from the warden. False when the message can't be true: the warden is then no longer ours.
   * **Trust:** number, name and parameters are hostile; what comes in order and within the limit reaches the handler.
   */
  takeHostCall(message: CallMessage, body: string, answer: AnswerHostCall): boolean {
    return this.work.count(() => this.#take(message, body, answer));
  }

  #take({ call, name }: CallMessage, body: string, answer: AnswerHostCall): boolean {
    this.#hostCalls += 1;
    this.#hostCallBytes += body.length;
    if (this.#hostCalls > this.request.limits.hostCalls || body.length > LIMITS.hostCallBytesMax) return false;
    if (this.#hostCallBytes > LIMITS.hostCallBytesTotalMax) return false;
    if (call !== 0) {
      if (call <= this.#lastCall) return false;
      this.#lastCall = call;
    }
    // It is being ended for what was done before.
    this.work.came();
    if (this.work.isOver()) return true;
    const params = parseBoundedJson(body);
    if (params.kind !== 'value') return false;
    const { traffic, replies } = this.request;
    if (call !== 0) traffic?.asked(call, name, body);
    const deliver = (reply: Reply, left: () => void): void => {
      if (this.#isOver || this.work.isOver() || call === 0) {
        left();
        return;
      }
      this.work.sends(reply.body.length);
      traffic?.answered(call, reply.ok, reply.body);
      if (!reply.ok) this.#refusals.add(call, reply.code, reply.body);
      answer(call, reply.ok, reply.body, left);
    };
    const perform = () => this.#answerHostCall(name, params.value);
    if (replies !== undefined) {
      if (call !== 0) replies({ call, name, body }, (recorded) => deliver(replyOf(recorded), NOTHING));
    } else if (isHostCallName(name) && capabilityOf(name) !== undefined) {
      this.#room.enter(async () => {
        const reply = await perform();
        this.work.count(() => deliver(reply, this.#room.answered(reply.body.length)));
      });
    } else void perform().then((reply) => deliver(reply, NOTHING));
    return true;
  }

  /** How the call ended, by the warden's word. Undefined when it can't be true. */
  outcomeOf(message: EndMessage, body: string): RunOutcome | undefined {
    const usage = this.withWork(this.usage(message.cpuUs / US_PER_MS, message.heapBytes));
    const { outputBytes } = this.request.limits;
    switch (message.code) {
      case 'RETURNED':
        if (Buffer.byteLength(body) > outputBytes) {
          return this.failed(usage, {
            code: 'OUTPUT_TOO_LARGE',
            message: `the result is larger than ${outputBytes} bytes`,
          });
        }
        if (parseBoundedJson(body).kind !== 'value') {
          const message = `the result is not JSON, or nests deeper than ${LIMITS.jsonDepthMax}`;
          return this.failed(usage, { code: 'RESULT_INVALID', message });
        }
        return { kind: 'returned', resultJson: body, usage };
      case 'LOST':
        return { kind: 'lost', usage };
      case 'CANCELLED':
        return this.abortedFor === 'CANCELLED' ? { kind: 'cancelled', effect: this.#effectAtEnd(), usage } : undefined;
      default:
        return this.failed(usage, this.#errorOf(message.code, body));
    }
  }

  #errorOf(code: ErrorCode, body: string): WireError {
    const parsed = parseBoundedJson(body);
    const given = parsed.kind === 'value' && isJsonObject(parsed.value) ? parsed.value : {};
    const text = typeof given['message'] === 'string' ? given['message'] : 'the tool failed';
    const message = text.slice(0, LIMITS.errorMessageLengthMax);
    const { refusal } = isJsonObject(given['details']) ? given['details'] : {};
    // A refusal that the plugin did not catch ends the call under its own code, but only if we did refuse.
    if (!isJsonObject(refusal) || !this.#refusals.hasCode(String(refusal['code']))) return { code, message };
    const { details } = this.refusalOf(refusal['call']) ?? {};
    return { code: refusal['code'] as ErrorCode, message, ...(details === undefined ? {} : { details }) };
  }

  /** What a host call of this run was refused with, by its number. **Trust:** the number is a guest's or a warden's. */
  refusalOf(call: unknown): WireError | undefined {
    return typeof call === 'number' ? this.#refusals.of(call) : undefined;
  }

  async #answerHostCall(name: string, params: Json): Promise<Reply> {
    if (this.work.isOver()) return refuse({ code: 'CANCELLED', message: 'the call is being ended' });
    const refusal = refusalOfCall(name, this.request.capabilities);
    if (refusal !== undefined) return refuse(refusal.toWire());
    const hasEffect = isHostCallName(name) && capabilityOf(name) !== undefined;
    if (hasEffect) this.#effectsUnderWay += 1;
    try {
      const { onHostCall, signal } = this.request;
      const value = await this.work.count(() => onHostCall({ name, params }, signal, this.work.count));
      const body = this.work.count(() => JSON.stringify(value ?? null));
      if (body.length > LIMITS.hostAnswerBytesMax) throw new RangeError('answer too large');
      return { ok: true, body };
    } catch (thrown) {
      return refuse(asSmcpError(thrown).toWire());
    } finally {
      if (hasEffect) this.#effectsUnderWay -= 1;
    }
  }
}

type Reply = { readonly ok: true; readonly body: string } | Refusal;
type Refusal = { readonly ok: false; readonly code: string; readonly body: string };

function refuse(error: WireError): Refusal {
  return { ok: false, code: error.code, body: JSON.stringify(error) };
}

function replyOf({ isOk, body, code = 'INTERNAL' }: RecordedReply): Reply {
  return isOk ? { ok: true, body } : { ok: false, code, body };
}
