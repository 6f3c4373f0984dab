// What a run of a program comes to for the dispatcher: its bounds first, then how it ended, then what it says. Pure. Believes
// the program only what it alone can know: its result.

import type { ErrorCode, WireError } from '#base/errors.ts';
import { type ExactJsonObject, isExactObject, parseExactJson } from '#base/exact-json.ts';
import { isJsonObject, type JsonObject } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import type { ProgramEnd } from '#domain/cli-plugin/outcome.ts';
import type { EffectKnowledge, RunOutcome, Usage } from '#domain/invocation.ts';
import type { Plugin, RunLimits } from '#domain/manifest.ts';
import type { CliProtocol } from './protocol-ports.ts';
import type { Stop } from './supervise.ts';

export type Finished = {
  readonly end: ProgramEnd;
  readonly stopped?: Stop;
  readonly usage: Usage;
  readonly plugin: Pick<Plugin, 'name' | 'isDiscovered'>;
  readonly limits: RunLimits;
  /** Whether anything of the program can have run. */
  readonly hasBegun: boolean;
  /** Host calls with an effect that were not answered when it ended. */
  readonly isEffectUnderWay: boolean;
  /** What one of its host calls was refused with, by its id. Absent: it makes none. */
  readonly refusalOf?: (call: unknown) => WireError | undefined;
};

const REMEDIES: { readonly [code in ErrorCode]?: string } = {
  TIMEOUT: "raise the tool's `timeoutMs` in plugin.json, or do less in one call",
  CPU_EXCEEDED: 'do less in one call',
  MEMORY_EXCEEDED: 'raise `runtime.memoryMiB` in plugin.json, or keep less in memory',
  DISK_EXCEEDED: `write at most ${LIMITS.workBytesMax} bytes in ${LIMITS.workEntriesMax} files in one call`,
  OUTPUT_TOO_LARGE: 'print less',
  HOST_CALLS_EXCEEDED: 'call the host less often, log lines and progress reports included',
  PLUGIN_CRASHED: "mend the plugin's code",
  RESULT_INVALID: 'print one JSON object with `result` or `error` and nothing else',
};

/** Of a plugin without a manifest: there is no line of one to change before it has one. */
function discoveredRemedy(code: ErrorCode, plugin: string): string | undefined {
  const adopt = `give it a manifest (smcp plugin adopt ${plugin})`;
  switch (code) {
    case 'TIMEOUT':
      return `raise MCP_PLUGIN_TIMEOUT, or ${adopt} and raise the tool's \`timeoutMs\` in it, or do less in one call`;
    case 'MEMORY_EXCEEDED':
      return `${adopt} and raise \`runtime.memoryMiB\` in it, or keep less in memory`;
    default:
      return undefined;
  }
}

/** What it comes to when its bounds or a signal ended it; undefined when it ended by itself. */
function endedByForce(cli: CliProtocol, finished: Finished): RunOutcome | undefined {
  const { end, stopped, usage, limits } = finished;
  const effect: EffectKnowledge = finished.hasBegun ? 'unknown' : 'known';
  const stderr = cli.tailOf(end);
  const fail = (error: WireError) =>
    failed(withDetails(finished, error, stderr === undefined ? {} : { stderr }), { effect, usage });
  if (stopped?.code === 'CANCELLED') return { kind: 'cancelled', effect, usage };
  if (stopped !== undefined) return fail(stopped);
  if (end.signal === null) return undefined;
  const message = `the program was ended by ${end.signal}`;
  // What the kernel does at the limits that each process has of its own.
  if (end.signal === 'SIGXCPU' || (end.signal === 'SIGKILL' && usage.cpuMs >= limits.cpuMs)) {
    return fail({ code: 'CPU_EXCEEDED', message: 'used more processor time than it may' });
  }
  if (end.signal === 'SIGXFSZ') return fail({ code: 'DISK_EXCEEDED', message: 'wrote a larger file than it may' });
  return fail({ code: 'PLUGIN_CRASHED', message });
}

/** A program that found no memory left says so in its own words. A hint for the code; nothing else depends on it. */
const OUT_OF_MEMORY = /^(MemoryError|.*(out of memory|cannot allocate memory|bad_alloc).*)\s*$/im;

/** Of the protocol `smcp-cli`. */
export function cliOutcome(cli: CliProtocol, finished: Finished): RunOutcome {
  const forced = endedByForce(cli, finished);
  if (forced !== undefined) return forced;
  const { end, usage, limits } = finished;
  const outcome = cli.parseOutcome(end);
  const effect = finished.isEffectUnderWay ? 'unknown' : 'known';
  if (outcome.kind === 'error') {
    const stderr = cli.tailOf(end);
    const isMemory = stderr !== undefined && OUT_OF_MEMORY.test(stderr.split('\n').at(-1) ?? '');
    const error: WireError = isMemory ? { ...outcome.error, code: 'MEMORY_EXCEEDED' } : outcome.error;
    return failed(withDetails(finished, error, {}), { effect, usage });
  }
  return { kind: 'returned', ...fitting(cli, end, limits.outputBytes), usage };
}

/** A result as JSON text takes up to six times the bytes that were printed: it is cut further until it fits. */
function fitting(cli: CliProtocol, end: ProgramEnd, bytesMax: number): { resultJson: string; text: string } {
  for (let stdout = end.stdout; ; ) {
    const outcome = cli.parseOutcome({ ...end, stdout, isStdoutCut: end.isStdoutCut || stdout !== end.stdout });
    const text = outcome.kind === 'value' ? outcome.text : '';
    const resultJson = JSON.stringify(outcome.kind === 'value' ? (outcome.structured ?? text) : '');
    const bytes = Buffer.byteLength(resultJson);
    if (bytes <= bytesMax || stdout.length === 0) return { resultJson, text };
    // A little less than the share that would just fit: what is said at the end takes room too.
    stdout = stdout.subarray(0, Math.floor((stdout.length * bytesMax * 0.95) / bytes));
  }
}

/** Of the protocol `json`: one object with `result` or `error`. */
export function jsonOutcome(cli: CliProtocol, finished: Finished): RunOutcome {
  const forced = endedByForce(cli, finished);
  if (forced !== undefined) return forced;
  const { end, usage } = finished;
  const effect = finished.isEffectUnderWay ? 'unknown' : 'known';
  const stderr = cli.tailOf(end);
  const fail = (error: WireError): RunOutcome =>
    failed(withDetails(finished, error, stderr === undefined ? {} : { stderr }), { effect, usage });
  if (end.isStdoutCut) {
    return fail({ code: 'OUTPUT_TOO_LARGE', message: `the answer is larger than ${end.stdout.length} bytes` });
  }
  const answer = answerIn(end.stdout);
  if (answer !== undefined && Object.hasOwn(answer, 'error')) return fail(errorIn(answer['error'], finished));
  if (end.exitCode !== 0) {
    return fail({ code: 'TOOL_FAILED', message: `the program ended with exit code ${end.exitCode ?? 'unknown'}` });
  }
  if (answer === undefined || !Object.hasOwn(answer, 'result')) {
    return fail({ code: 'RESULT_INVALID', message: 'the program did not answer with one JSON object' });
  }
  return { kind: 'returned', resultJson: JSON.stringify(answer['result'] ?? null), usage };
}

function answerIn(stdout: Uint8Array): ExactJsonObject | undefined {
  const parsed = parseExactJson(Buffer.from(stdout).toString('utf8'));
  return isExactObject(parsed) ? parsed : undefined;
}

/** One that says of which host call it is (`hostCall`, its id) is that refusal itself, where there was one. */
function errorIn(error: unknown, { end, refusalOf }: Finished): WireError {
  const refusal = isJsonObject(error) ? refusalOf?.(error['hostCall']) : undefined;
  if (refusal !== undefined) return refusal;
  const message =
    typeof error === 'string'
      ? error
      : isJsonObject(error) && typeof error['message'] === 'string'
        ? error['message']
        : '';
  const text =
    message.slice(0, LIMITS.errorMessageLengthMax) || `the tool failed with exit code ${end.exitCode ?? 'unknown'}`;
  return { code: 'TOOL_FAILED', message: text };
}

function withDetails({ plugin }: Finished, error: WireError, details: JsonObject): WireError {
  const ofDiscovered = plugin.isDiscovered === true ? discoveredRemedy(error.code, plugin.name) : undefined;
  const remedy = ofDiscovered ?? REMEDIES[error.code];
  return { ...error, details: { ...(remedy === undefined ? {} : { remedy }), ...error.details, ...details } };
}

function failed(
  { code, message, details = {} }: WireError,
  { effect, usage }: { readonly effect: EffectKnowledge; readonly usage: Usage },
): RunOutcome {
  const hasDetails = Object.keys(details).length > 0;
  return { kind: 'failed', effect, usage, error: { code, message, ...(hasDetails ? { details } : {}) } };
}
