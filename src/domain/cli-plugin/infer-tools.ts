// The tools of a `cli.py`: what it says with `--describe` joined with what its help shows. Called at discovery, which asks
// the program what `helpToAsk` names until it names nothing more. Pure. **Trust:** all of it is the plugin author's word.

import type { JsonObject } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import { visibleText } from '#base/visible.ts';
import type { CliSources, CliTool, InferredTools } from './cli-tool.ts';
import type { CommandHelp } from './command-help.ts';
import type { DescribedCommand } from './description.ts';
import { type InferredArguments, inferArguments } from './infer-arguments.ts';
import { type CliProblem, cliProblem, commandNameFault, quote, toolNameFault } from './problem.ts';

/** A command before its arguments are known. */
type Command = {
  readonly words: readonly string[];
  readonly described?: DescribedCommand;
  readonly description?: string;
};

/** What the help of commands is still to be asked for, as the words after `cli.py` and before `--help`; `[]` when all is known. */
export function helpToAsk(sources: CliSources): readonly (readonly string[])[] {
  return commandsOf(sources)
    .map(({ words }) => words)
    .filter((words) => !sources.commandHelps.has(words.join(' ')));
}

/** The tool of a program that is one command. */
const WHOLE_NAME = 'run';

/** Every command that can be called, as a tool. One that can't is left out whole and reported. */
export function inferTools(sources: CliSources): InferredTools {
  const commands = commandsOf(sources);
  const problems: CliProblem[] = [...(sources.description?.problems ?? []), ...(sources.help?.problems ?? [])];
  const names = commands.map(({ words }) => words.join('_') || WHOLE_NAME);
  const tools = commands.flatMap((command, index) => {
    const name = names[index] ?? '';
    const refuse = (message: string, remedy: string): readonly CliTool[] => {
      problems.push(problemOf(command, message, remedy));
      return [];
    };
    const fault = toolNameFault(sources.plugin, name);
    if (fault !== undefined) return refuse(fault, 'rename the command, or the directory of the plugin');
    if (names.some((other, at) => at !== index && other === name)) {
      return refuse(`two commands would be the tool ${quote(name)}; neither is listed`, 'rename one of them');
    }
    const tool = toolOf(sources, command, name);
    return typeof tool === 'string' ? refuse(tool, 'mend the command, or describe it with --describe') : [tool];
  });
  return { tools, problems: problems.slice(0, LIMITS.problemsPerPluginMax) };
}

function problemOf({ described, words }: Command, message: string, remedy: string): CliProblem {
  const pointer = described?.pointer ?? words.map((word) => `/${word}`).join('');
  return cliProblem(described === undefined ? '--help' : '--describe', pointer, message, remedy);
}

/** The commands of the description; without one those of the help, and below them those of their own help. */
function commandsOf({ description, help, commandHelps }: CliSources): readonly Command[] {
  const listed = help?.kind === 'help' ? help.commands : [];
  const saidOf = (name: string) => listed.find((command) => command.name === name)?.description;
  if (description !== undefined) {
    return description.commands.map((described) => ({
      words: [described.name],
      described,
      ...textOf(described.description ?? saidOf(described.name)),
    }));
  }
  if (listed.length === 0 && commandHelps.has('')) return [{ words: [] }];
  const all = listed.flatMap(({ name, description: said }): readonly Command[] => {
    const own = commandHelps.get(name);
    if (own?.kind !== 'command-help' || own.subcommands.length === 0) return [{ words: [name], ...textOf(said) }];
    return own.subcommands
      .filter((below) => commandNameFault(below.name) === undefined)
      .map((below) => ({ words: [name, below.name], ...textOf(below.description) }));
  });
  return all.slice(0, LIMITS.toolsPerPluginMax);
}

const textOf = (description: string | undefined) => (description === undefined ? {} : { description });

/** The tool, or why the command can't be one. */
function toolOf({ plugin, help: top, commandHelps }: CliSources, command: Command, name: string): CliTool | string {
  const { words, described, description } = command;
  const reading = commandHelps.get(words.join(' '));
  const help = reading?.kind === 'command-help' ? reading : undefined;
  const silence = reading?.kind === 'unreadable' ? reading.reason : 'is missing';
  if (help === undefined && described === undefined) return `its help ${silence}, so nothing is known of its arguments`;
  const parent = words.length > 1 ? commandHelps.get(words[0] ?? '') : undefined;
  const owners = [
    { name: 'the program', own: top?.kind === 'help' && words.length > 0 ? top.own : undefined },
    { name: quote(words[0] ?? ''), own: parent?.kind === 'command-help' ? parent : undefined },
  ];
  for (const { name: owner, own } of owners) {
    const needs = own === undefined ? [] : requiredOf(own);
    if (needs.length > 0) return `${owner} needs ${needs.join(', ')} before the command, which no tool can give`;
  }
  if (described === undefined && help !== undefined && help.subcommands.length > 0) {
    return 'it has commands below it, deeper than is looked at';
  }
  const inferred = inferArguments(described?.parameters, help);
  if (inferred.faults.length > 0) return inferred.faults.join('; ');
  const silenceNotes =
    help === undefined ? [`its help ${silence}: how arguments are given is taken from the description`] : [];
  const belowNotes =
    (help?.subcommands.length ?? 0) > 0 ? ['it has commands below it, which the description does not name'] : [];
  return {
    name,
    description: shortened(
      [
        description ?? `${words.length === 0 ? 'all' : words.join(' ')} of ${plugin}`,
        ...exclusions(help, inferred.arguments),
      ].join(' '),
    ),
    inputSchema: inputSchemaOf(inferred.arguments),
    plan: {
      command: words,
      commandSlot: help?.commandSlot ?? 'subparsers',
      parser: help?.parser ?? 'unknown',
      prefixes: help?.prefixes ?? '-',
      hasNumberOptions: help?.hasNumberOptions ?? false,
      arguments: inferred.arguments.map(({ plan }) => plan),
    },
    notes: [
      ...silenceNotes,
      ...belowNotes,
      ...owners.flatMap((owner) => beforeNotes(owner, help)),
      ...inferred.notes,
    ].map((note) => visibleText(note, LIMITS.errorMessageLengthMax)),
  };
}

/** What a schema doesn't say: which arguments exclude each other. */
function exclusions(help: CommandHelp | undefined, all: InferredArguments['arguments']): readonly string[] {
  const indexes = new Map(all.map(({ plan }, index) => [plan.spelling, index]));
  return (help?.exclusive ?? []).flatMap(({ spellings, isRequired }) => {
    const own = new Set(spellings.flatMap((spelling) => indexes.get(spelling) ?? []));
    const names = [...own].sort((a, b) => a - b).map((index) => all[index]?.plan.property ?? '');
    return names.length > 1 ? [`(Give ${isRequired ? 'one' : 'at most one'} of: ${names.join(', ')}.)`] : [];
  });
}

/** As long as a description may be. */
const shortened = (text: string): string => text.slice(0, LIMITS.descriptionLengthMax);

/** What could be said before the command, and no tool says. */
function beforeNotes(
  { name, own }: { readonly name: string; readonly own: CommandHelp | undefined },
  help: CommandHelp | undefined,
): readonly string[] {
  const taken = new Set(help?.options.flatMap((option) => option.spellings));
  const spellings =
    own?.options.map((option) => option.spellings[0] ?? '').filter((spelling) => !taken.has(spelling)) ?? [];
  return spellings.length === 0
    ? []
    : [`${name} takes ${spellings.join(', ')} before the command, which no tool gives`];
}

const requiredOf = ({ options, positionals, exclusive }: CommandHelp): readonly string[] => [
  ...exclusive.filter(({ isRequired }) => isRequired).map(({ spellings }) => `one of ${spellings.join(' and ')}`),
  ...options.filter(({ isRequired }) => isRequired).map(({ spellings }) => spellings[0] ?? ''),
  ...positionals.filter(({ isRequired }) => isRequired).map(({ name }) => name),
];

function inputSchemaOf(all: InferredArguments['arguments']): JsonObject {
  const required = all.filter(({ isRequired }) => isRequired).map(({ plan }) => plan.property);
  return {
    type: 'object',
    properties: Object.fromEntries(all.map(({ plan, schema }) => [plan.property, schema])),
    ...(required.length === 0 ? {} : { required }),
    additionalProperties: false,
  };
}
