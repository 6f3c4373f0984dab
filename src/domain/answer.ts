// Turns how a run ended into the answer that the agent gets. **Trust:** result text and errors are the guest's.

import { isWritableTime, rfc3339 } from '#base/clock.ts';
import { SmcpError, type WireError } from '#base/errors.ts';
import { type ExactJson, exactValue, roundedJson } from '#base/exact-json.ts';
import type { Json, JsonObject } from '#base/json.ts';
import { hasNumberOutOfRange } from '#base/json-fault.ts';
import { LIMITS } from '#base/limits.ts';
import type { Problem } from '#base/schema.ts';
import type { Deny } from './decision.ts';
import type { RunOutcome, ToolAnswer } from './invocation.ts';
import type { SeenLabel } from './labels.ts';
import type { PluginTool } from './manifest.ts';
import { exceededView } from './usage.ts';

export function errorAnswer(error: WireError): ToolAnswer {
  return { kind: 'error', error };
}

/** Why a call is denied: which rule, why, and what would change it. Of a limit how full it is, too: it passes. */
export function denialError({ reason, rule, remedy, exceeded, forbidden = [] }: Deny): WireError {
  if (exceeded === undefined) {
    return { code: 'DENIED', message: reason, details: { rule, ...labelDetails(forbidden), remedy } };
  }
  return {
    code: exceeded.unit === 'repeats' ? 'LOOP_DETECTED' : 'RATE_LIMITED',
    message: reason,
    details: { rule, ...exceededView(exceeded), remedy },
  };
}

/** Which label came from which call; nothing where there is none. */
export function labelDetails(forbidden: readonly SeenLabel[]): { readonly labels?: JsonObject[] } {
  if (forbidden.length === 0) return {};
  return {
    labels: forbidden.map(({ label, invocation, tool, sinceMs, session, from }) => ({
      ...{ label, invocation, tool, since: isWritableTime(sinceMs) ? rfc3339(sinceMs) : '' },
      ...(session === '' ? {} : { session }),
      ...(from === undefined ? {} : { from }),
    })),
  };
}

export function argumentsInvalid(toolName: string, problems: readonly Problem[]): WireError {
  const first = problems[0];
  const where = first === undefined || first.pointer === '' ? '' : `${first.pointer} `;
  return {
    code: 'ARGUMENTS_INVALID',
    message: `the arguments don't fit ${toolName}: ${where}${first?.message ?? 'invalid'}`,
    details: {
      problems: problems.slice(0, LIMITS.argumentProblemsMax).map(({ pointer, message }) => ({ pointer, message })),
      remedy: "send arguments that fit the tool's inputSchema, as tools/list shows it",
    },
  };
}

/** The answer to a run that ended by itself or was stopped. `abortReason`: of the signal that may have stopped it. */
export function runAnswer(tool: PluginTool, outcome: RunOutcome, abortReason: unknown): ToolAnswer {
  switch (outcome.kind) {
    case 'returned':
      return valueAnswer(tool, outcome);
    case 'failed':
      return failureAnswer(tool, outcome.error);
    case 'cancelled':
      return errorAnswer(cancellation(abortReason));
    case 'lost':
      return errorAnswer({
        code: 'INTERRUPTED',
        message: 'the process of the tool was ended, maybe for the fault of another call',
        details: { remedy: 'call again' },
      });
  }
}

/** Our own reason to stop a call (a shutdown) as it is; any other is its caller's. */
function cancellation(reason: unknown): WireError {
  const isOurs = reason instanceof SmcpError && reason.code !== 'INTERNAL';
  return isOurs ? reason.toWire() : { code: 'CANCELLED', message: 'the call was cancelled while it ran' };
}

/** The answer to a run of which nobody knows whether it took effect: says so, and what to do before another try. */
export function inDoubt(answer: ToolAnswer): ToolAnswer {
  if (answer.kind === 'value') return answer;
  const { code, message, details = {} } = answer.error;
  const given = typeof details['remedy'] === 'string' ? `; then: ${details['remedy']}` : '';
  const remedy = `look first whether the call took effect${given}`;
  return errorAnswer({ code, message, details: { ...details, effect: 'unknown', remedy } });
}

/** A `cli.py` tells of its failures in its own words, which those who call it know: they get them as they are. */
function failureAnswer({ plan }: PluginTool, error: WireError): ToolAnswer {
  const isToldByProgram = plan !== undefined && error.code === 'TOOL_FAILED';
  return isToldByProgram ? { kind: 'error', error, text: error.message } : errorAnswer(error);
}

function valueAnswer(
  tool: PluginTool,
  { resultJson, text }: Extract<RunOutcome, { readonly kind: 'returned' }>,
): ToolAnswer {
  let value: ExactJson;
  let rounded: Json;
  try {
    value = exactValue(resultJson);
    rounded = roundedJson(value);
  } catch {
    return errorAnswer({ code: 'RESULT_INVALID', message: 'the tool returned something that is not JSON' });
  }
  if (hasNumberOutOfRange(resultJson, value)) {
    return errorAnswer({ code: 'RESULT_INVALID', message: 'the tool returned a number that is out of range' });
  }
  const problem = tool.checkOutput(rounded)[0];
  if (problem !== undefined) {
    return errorAnswer({
      code: 'RESULT_INVALID',
      message: `the result of ${tool.name} does not fit its output schema: ${problem.pointer} ${problem.message}`,
      details: { pointer: problem.pointer, remedy: 'this is a defect of the plugin; tell its author' },
    });
  }
  return { kind: 'value', value, ...(text === undefined ? {} : { text }) };
}

/** What was thrown before a run began, as an answer; a bug of ours is thrown on. */
export function refusalAnswer(thrown: unknown): ToolAnswer {
  if (!(thrown instanceof SmcpError) || thrown.code === 'INTERNAL') throw thrown;
  return errorAnswer(thrown.toWire());
}
