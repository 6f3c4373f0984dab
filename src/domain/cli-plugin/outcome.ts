// What the end of a program means: its standard output is the result, and a code other than 0 an error. Pure. Called by
// what runs programs. **Trust:** all of it is the plugin's; it is passed on as data, and bounded by whoever collected it.

import type { WireError } from '#base/errors.ts';
import { type ExactJson, type ExactJsonObject, isExactObject, parseExactJson } from '#base/exact-json.ts';
import { hasNumberOutOfRange } from '#base/json-fault.ts';
import { LIMITS } from '#base/limits.ts';
import { visibleLines, withoutEscapes } from '#base/visible.ts';

export type ProgramEnd = {
  /** `null` when a signal ended it. */
  readonly exitCode: number | null;
  /** `SIGKILL`, …; `null` when it ended by itself. */
  readonly signal: string | null;
  readonly stdout: Uint8Array;
  /** The end of it. */
  readonly stderr: Uint8Array;
  /** There was more on stdout after this. */
  readonly isStdoutCut: boolean;
  /** There was more on stderr before this. */
  readonly isStderrCut: boolean;
};

/** `notes`: what the bytes were changed in; also said at the end of `text`, unless that is JSON. */
export type ProgramOutcome =
  | {
      readonly kind: 'value';
      /** Standard output without the space around it. */
      readonly text: string;
      /** What it says, when it is a JSON object. */
      readonly structured?: ExactJsonObject;
      readonly notes: readonly string[];
    }
  | { readonly kind: 'error'; readonly error: WireError; readonly notes: readonly string[] };

/** Exit code 0 is a value; anything else an error with the best text that the program left. */
export function parseOutcome(end: ProgramEnd): ProgramOutcome {
  const stdout = decode(end.stdout);
  const text = stdout.text.trim();
  const notes = [
    ...(end.isStdoutCut ? [`the output was cut after ${end.stdout.length} bytes`] : []),
    ...(stdout.isMended ? ['bytes of the output that are not UTF-8 were replaced'] : []),
  ];
  const json = end.isStdoutCut ? undefined : objectIn(text);
  if (end.exitCode === 0) {
    if (json !== undefined) return { kind: 'value', text, structured: json, notes };
    return { kind: 'value', text: [text, ...notes.map((note) => `[${note}]`)].join('\n').trim(), notes };
  }
  const stderr = tailOf(end);
  const how = end.signal === null ? `exit code ${end.exitCode ?? 'unknown'}` : `signal ${end.signal}`;
  const message = toldBy(json, { text, stderr, how });
  return {
    kind: 'error',
    error: {
      code: 'TOOL_FAILED',
      message,
      details: {
        ...(end.exitCode === null ? {} : { exitCode: end.exitCode }),
        ...(end.signal === null ? {} : { signal: end.signal }),
        ...(stderr === undefined || stderr === message ? {} : { stderr }),
      },
    },
    notes,
  };
}

type Told = { readonly text: string; readonly stderr: string | undefined; readonly how: string };

/**
 * An error that the program printed as such, alone. Else all that it left: what it printed need not say that it failed, and why is
 * said on stderr.
 */
function toldBy(json: ExactJsonObject | undefined, { text, stderr, how }: Told): string {
  const error = errorIn(json);
  if (error !== undefined) return cut(error, LIMITS.errorMessageLengthMax);
  if (text === '') return stderr ?? `the program ended with ${how}`;
  const ending = [...(stderr === undefined ? [] : [stderr]), `(${how})`].join('\n');
  return `${cut(text, LIMITS.errorMessageLengthMax - ending.length)}\n${ending}`;
}

/** The end of stderr, safe for terminals and logs, in whole lines where possible; undefined when it is empty. */
export function tailOf({ stderr, isStderrCut }: Pick<ProgramEnd, 'stderr' | 'isStderrCut'>): string | undefined {
  // A character that was cut in two begins with continuation bytes.
  const start = isStderrCut ? stderr.findIndex((byte) => (byte & 0xc0) !== 0x80) : 0;
  const { text, isMended } = decode(start > 0 ? stderr.subarray(start) : stderr);
  const whole = withoutEscapes(text).replaceAll('\r\n', '\n').trim();
  const excess = whole.length - LIMITS.cliErrorTailLengthMax;
  const lineEnd = excess > 0 ? whole.indexOf('\n', excess) : -1;
  const tail = excess > 0 ? whole.slice(lineEnd === -1 ? excess : lineEnd + 1) : whole;
  if (tail === '') return undefined;
  const isCut = isStderrCut || excess > 0;
  const shown = visibleLines(tail.replaceAll('\t', '    ')).trimEnd();
  return [...(isCut ? ['…'] : []), shown, ...(isMended ? ['[bytes that are not UTF-8 were replaced]'] : [])].join('\n');
}

function decode(bytes: Uint8Array): { readonly text: string; readonly isMended: boolean } {
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes), isMended: false };
  } catch {
    return { text: new TextDecoder('utf-8').decode(bytes), isMended: true };
  }
}

function objectIn(text: string): ExactJsonObject | undefined {
  if (!text.startsWith('{')) return undefined;
  const parsed = parseExactJson(text);
  // What can't be recorded as a number is handed on as the text that it is.
  return isExactObject(parsed) && !hasNumberOutOfRange(text, parsed) ? parsed : undefined;
}

/** The `error` of what a program printed: a text, an object that has a message, or whatever it is as JSON. */
function errorIn(json: ExactJsonObject | undefined): string | undefined {
  const error: ExactJson | undefined = json !== undefined && Object.hasOwn(json, 'error') ? json['error'] : undefined;
  if (error === undefined || error === null || error === '' || error === false) return undefined;
  if (typeof error === 'string') return error;
  const message = isExactObject(error) && Object.hasOwn(error, 'message') ? error['message'] : undefined;
  return typeof message === 'string' && message !== '' ? message : JSON.stringify(error);
}

function cut(text: string, lengthMax: number): string {
  return text.length <= lengthMax ? text : `${text.slice(0, lengthMax)}… (${text.length - lengthMax} more)`;
}
