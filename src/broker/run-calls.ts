// The host call of the capability `run`: a program of the machine, in the sandbox. Called by the broker only. Which programs with
// which arguments is decided here; what they can reach is decided by the sandbox.

import { SmcpError } from '#base/errors.ts';
import type { Json } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import { matchesArgumentPattern } from '#domain/argument-pattern.ts';
import type { RunEntry } from '#domain/capability.ts';
import { denied, malformed } from '#domain/refusal.ts';
import type { ProgramOutcome, ProgramRunner } from '#domain/sandbox-ports.ts';
import type { CallContext, CallHandlers } from './call-handler.ts';
import { fieldsOf, invalid } from './params.ts';

export function createRunCalls(runner: ProgramRunner): CallHandlers {
  const running = new WeakMap<CallContext, number>();

  /** One of the places that a call has for programs. @throws `QUEUE_FULL` */
  const enter = (context: CallContext): (() => void) => {
    const count = running.get(context) ?? 0;
    if (count >= LIMITS.runAtOnceMax) {
      throw new SmcpError('QUEUE_FULL', `a call runs at most ${LIMITS.runAtOnceMax} programs at once`, {
        details: { remedy: 'await one before the next' },
      });
    }
    running.set(context, count + 1);
    return () => void running.set(context, (running.get(context) ?? 1) - 1);
  };

  return {
    run: (params, context) => {
      const { program, args = [], stdin = '' } = fieldsOf('run', params, ['program', 'args', 'stdin']);
      if (typeof program !== 'string') {
        throw invalid('run: program is the name of a program', 'name it without a path, as `run` in plugin.json does');
      }
      if (typeof stdin !== 'string' || !stdin.isWellFormed())
        throw invalid('run: stdin is a text', 'bytes that are no text have to be encoded as one');
      const words = readArguments(args);
      checkGiven(context.capabilities.run ?? [], program, words);
      return {
        target: program,
        perform: async (signal) => {
          const leave = enter(context);
          try {
            return answerOf(await runner.run({ agent: context.agent, program, args: words, stdin, signal }));
          } finally {
            leave();
          }
        },
      };
    },
  };
}

/** **Trust:** a guest's. A NUL would end an argument early; what can't be UTF-8 would be another argument. */
function readArguments(value: Json): readonly string[] {
  if (!Array.isArray(value) || value.length > LIMITS.programArgumentsMax) {
    throw invalid(
      `run: args is a list of at most ${LIMITS.programArgumentsMax} texts`,
      'write each argument as a text of its own; what is long goes into stdin',
    );
  }
  const words = value.map((word: Json) => {
    const isText = typeof word === 'string' && word.isWellFormed() && !word.includes('\0');
    if (!isText) {
      throw malformed({
        ...{
          asked: String(word),
          allowed: ['texts in UTF-8 without NUL'],
          message: 'run: an argument is no plain text',
        },
        remedy:
          'leave out the character U+0000 and halves of characters; bytes go into stdin as a text that encodes them',
      });
    }
    if (Buffer.byteLength(word) > LIMITS.programWordBytesMax) {
      throw malformed({
        asked: word,
        allowed: [`texts of at most ${LIMITS.programWordBytesMax} bytes`],
        ...{ message: 'run: an argument is too long', remedy: 'give the program what is long in stdin' },
      });
    }
    return word;
  });
  return words;
}

/** @throws `CAPABILITY_DENIED` */
function checkGiven(given: readonly RunEntry[], program: string, args: readonly string[]): void {
  const ofProgram = given.filter((entry) => entry.program === program);
  if (ofProgram.some(({ args: patterns = [] }) => isMatch(patterns, args))) return;
  throw denied({
    capability: 'run',
    asked: JSON.stringify([program, ...args]),
    allowed: (ofProgram.length > 0 ? ofProgram : given).map((entry) =>
      JSON.stringify([entry.program, ...(entry.args ?? [])]),
    ),
    message:
      ofProgram.length > 0
        ? 'this call was given the program, but not with these arguments'
        : 'this call was not given that program',
    remedy:
      'name the program under `run` in plugin.json with a pattern for each argument, and have the grant give it; what begins with `-` needs a pattern that does',
  });
}

function isMatch(patterns: readonly string[], args: readonly string[]): boolean {
  return (
    patterns.length === args.length &&
    patterns.every((pattern, index) => matchesArgumentPattern(pattern, args[index] ?? ''))
  );
}

/** What is no UTF-8 is replaced. */
function answerOf({ exitCode, signal, stdout, stderr, isCut }: ProgramOutcome): Json {
  const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('utf8');
  return {
    exitCode,
    ...(signal === null ? {} : { signal }),
    stdout: text(stdout),
    stderr: text(stderr),
    isCut,
  };
}
