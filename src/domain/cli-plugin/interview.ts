// What is asked of a `cli.py` at discovery, and what its answers come to. Called by the registry, which asks until nothing
// more is to be asked. Pure. **Trust:** every text is the plugin author's, and may be hostile.

import type { ErrorCode } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import { visibleText } from '#base/visible.ts';
import type { ProgramAnswer } from '#domain/discovery-ports.ts';
import type { CliSources, InferredTools } from './cli-tool.ts';
import type { CommandHelpReading } from './command-help.ts';
import type { Description, DescriptionReading } from './description.ts';
import { helpToAsk, inferTools } from './infer-tools.ts';
import { tailOf } from './outcome.ts';
import { parseCommandHelp } from './parse-command-help.ts';
import { parseDescription } from './parse-description.ts';
import { type Help, parseHelp } from './parse-help.ts';
import { type CliProblem, cliProblem } from './problem.ts';

/**
 * `text` it ended well · `silent` it ended with an error, so it does not answer that · `broken` what it printed can't be used ·
 * `stopped` it had to be ended. `reason` is the end of a sentence that begins with what was asked, safe to show. `isUsage`: by
 * its exit code it does not know the words; what failed otherwise may go well the next time.
 */
export type Answer =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'silent'; readonly reason: string; readonly isUsage?: true }
  | { readonly kind: 'broken'; readonly reason: string }
  | { readonly kind: 'stopped'; readonly code: ErrorCode; readonly reason: string };

/** By what was asked, with a space between the words. */
export type Answers = ReadonlyMap<string, Answer>;

/** An answer that was read: taking texts apart is most of the work, and is done once for each. */
export type HeardAnswer = Answer & {
  /** At most the one that was asked for; none where there is no text. */
  readonly says: {
    readonly description?: DescriptionReading;
    readonly help?: Help;
    readonly commandHelp?: CommandHelpReading;
  };
};

/** By what was asked, with a space between the words. */
export type HeardAnswers = ReadonlyMap<string, HeardAnswer>;

export type Interview = InferredTools & {
  readonly about: Description['plugin'];
  /** Why it had to be stopped while it described itself: then nothing of it is used. */
  readonly stopped?: { readonly code: ErrorCode; readonly reason: string };
};

export const DESCRIBE = '--describe';
export const HELP = '--help';

/** UTF-8 bytes that hold as many characters as are read of an answer, and one more. */
export const answerBytesMax = (words: readonly string[]): number =>
  3 * (words[0] === DESCRIBE ? LIMITS.cliDescriptionLengthMax : LIMITS.cliHelpLengthMax) + 1;

/** Reads one answer. **Trust:** the text is the plugin's; the work is linear in it. */
export function hear(words: readonly string[], answer: Answer): HeardAnswer {
  if (answer.kind !== 'text') return { ...answer, says: {} };
  const { text } = answer;
  if (words[0] === DESCRIBE) return { ...answer, says: { description: parseDescription(text) } };
  if (words[0] === HELP) return { ...answer, says: { help: parseHelp(text) } };
  return { ...answer, says: { commandHelp: parseCommandHelp(text, words.slice(0, -1)) } };
}

/** The words of every question that is open; `[]` when all is known. */
export function wordsToAsk(plugin: string, answers: HeardAnswers): readonly (readonly string[])[] {
  const first = [[DESCRIBE], [HELP]].filter(([word = '']) => !answers.has(word));
  if (first.length > 0) return first;
  if (answers.get(DESCRIBE)?.kind === 'stopped') return [];
  return helpToAsk(readAnswers(plugin, answers).sources).map((words) => [...words, HELP]);
}

/**
 * Whether they may serve again. A program needs no `--describe` and no `--help`; anything else that failed (a package that is
 * missing now, a disk that was full) is asked again, since the code and so the digest stay the same when it is mended.
 */
export function areWhole(answers: Answers): boolean {
  return [...answers].every(([asked, answer]) => {
    if (answer.kind === 'text') return true;
    return (asked === DESCRIBE || asked === HELP) && answer.kind === 'silent' && answer.isUsage === true;
  });
}

/** What argparse and click end with when they don't know a word. */
const USAGE_EXIT_CODE = 2;

/** The end of a program as an answer. */
export function answerOf({ end, stopped }: ProgramAnswer): Answer {
  if (stopped !== undefined) return { kind: 'stopped', code: stopped.code, reason: stopped.message };
  const tail = tailOf(end)?.split('\n').at(-1);
  const why = tail === undefined ? '' : `: ${visibleText(tail, LIMITS.cliErrorTailLengthMax)}`;
  if (end.signal !== null) return { kind: 'silent', reason: `was ended by ${end.signal}${why}` };
  if (end.exitCode !== 0) {
    const usage = end.exitCode === USAGE_EXIT_CODE ? { isUsage: true as const } : {};
    return { kind: 'silent', reason: `ended with exit code ${end.exitCode ?? 'unknown'}${why}`, ...usage };
  }
  if (end.isStdoutCut) return { kind: 'broken', reason: `is longer than ${end.stdout.length} bytes` };
  try {
    return { kind: 'text', text: new TextDecoder('utf-8', { fatal: true }).decode(end.stdout) };
  } catch {
    return { kind: 'broken', reason: 'is not UTF-8' };
  }
}

/** Everything that the answers say. One command with a fault is left out and told; the others stay. */
export function readInterview(plugin: string, answers: HeardAnswers): Interview {
  const described = answers.get(DESCRIBE);
  if (described?.kind === 'stopped') {
    const { code, reason } = described;
    return { tools: [], problems: [], about: {}, stopped: { code, reason } };
  }
  const { sources, problems, about } = readAnswers(plugin, answers);
  const inferred = inferTools(sources);
  const all = [...problems, ...inferred.problems];
  const isEmpty = inferred.tools.length === 0 && all.length === 0;
  return {
    tools: inferred.tools,
    problems: (isEmpty ? [nothingSaid(answers)] : all).slice(0, LIMITS.problemsPerPluginMax),
    about,
  };
}

type Read = {
  readonly sources: CliSources;
  readonly problems: readonly CliProblem[];
  readonly about: Description['plugin'];
};

function readAnswers(plugin: string, answers: HeardAnswers): Read {
  const described = answers.get(DESCRIBE);
  const reading = described?.says.description;
  const description = reading?.kind === 'description' ? reading : undefined;
  const commandHelps = new Map<string, CommandHelpReading>();
  for (const [key, answer] of answers) {
    if (key === DESCRIBE || key === HELP) continue;
    const command = key.slice(0, -` ${HELP}`.length);
    const { says } = answer;
    const reason = answer.kind === 'text' ? 'was not read' : answer.reason;
    commandHelps.set(command, says.commandHelp ?? { kind: 'unreadable', reason });
  }
  const help = answers.get(HELP)?.says.help;
  // Argparse refuses --describe as a wrong usage, and its help names no command: then the program itself is what can be called.
  const knowsNoDescribe = described?.kind === 'silent' && described.isUsage === true;
  if (knowsNoDescribe && help?.kind === 'help' && help.commands.length + help.problems.length === 0) {
    if (help.own?.parser === 'argparse') commandHelps.set('', help.own);
  }
  return {
    sources: {
      plugin,
      commandHelps,
      ...(description === undefined ? {} : { description }),
      ...(help === undefined ? {} : { help }),
    },
    problems: [
      ...(reading?.kind === 'unreadable' ? reading.problems : []),
      ...(described?.kind === 'broken' ? [cliProblem(DESCRIBE, '', described.reason, 'print UTF-8, and less')] : []),
    ],
    about: description?.plugin ?? {},
  };
}

/** Neither way says anything of a command: how each of them ended. */
function nothingSaid(answers: HeardAnswers): CliProblem {
  const how = (asked: string): string => {
    const answer = answers.get(asked);
    return answer === undefined || answer.kind === 'text' ? `${asked} names no command` : `${asked} ${answer.reason}`;
  };
  return cliProblem(DESCRIBE, '', `no command is known: ${how(DESCRIBE)}; ${how(HELP)}`, remedyOf(answers));
}

/** By what its last words on stderr say. */
function remedyOf(answers: HeardAnswers): string {
  const said = [...answers.values()].map((answer) => (answer.kind === 'text' ? '' : answer.reason)).join('\n');
  if (/\b(ModuleNotFoundError|ImportError)\b/.test(said)) {
    const where = 'virtual environments and packages of a user are not seen';
    return `install it for the python3 of the machine (${where}), or put it beside cli.py`;
  }
  if (/\b(SyntaxError|IndentationError|TabError)\b/.test(said))
    return 'mend cli.py, or write it for the python3 of the machine';
  return 'let `cli.py --describe` print its commands as JSON, or list them in its --help, or read arguments with argparse';
}
