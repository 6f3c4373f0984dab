// Which commands a text of help names: argparse's `{a,b} ...` with the list under it, or a list written by hand. Pure.
// **Trust:** the text is the plugin's; names are checked by those who list them.

import { LIMITS } from '#base/limits.ts';
import { readValues } from './arity.ts';
import type { HelpEntry, HelpText } from './help-text.ts';
import { choicesOf, isEnclosed, usageItems } from './usage.ts';

export type HelpCommand = {
  readonly name: string;
  /** Absent where the help says nothing. */
  readonly description?: string;
  readonly aliases: readonly string[];
};

/** The argument that takes a command. */
export type CommandSlot = {
  /** As it is written: `{a,b}`, `COMMAND`. */
  readonly metavar: string;
  /** `subparsers`: each command has arguments of its own · `choices`: a positional argument like any other. */
  readonly kind: 'subparsers' | 'choices';
  readonly commands: readonly HelpCommand[];
};

/** The first argument that takes a command; undefined where there is none. Subparsers go before choices. */
export function commandSlot(help: HelpText): CommandSlot | undefined {
  const items = help.usage;
  const hasRest = isRestNamed(help);
  const isValue = (at: number): boolean => items[at - 1]?.startsWith('-') === true;
  const isFollowed = (at: number): boolean => items[at + 1] === '...';
  const braces = items.flatMap((item, at) => (choicesOf(item) === undefined || isValue(at) ? [] : [at]));
  const at = braces.find((index) => isFollowed(index) && !hasRest);
  const metavar = at === undefined ? undefined : items[at];
  if (metavar !== undefined)
    return slot(
      'subparsers',
      metavar,
      listed(help, (entry) => entry.invocation === metavar),
    );
  // A name of the author's own in place of the braces: only the list under it says what it is.
  const owner = ownerOfInner(help);
  if (owner !== undefined && (items.length === 0 || items.some((item, index) => item === owner && isFollowed(index)))) {
    return slot(
      'subparsers',
      owner,
      listed(help, (entry) => entry.invocation === owner),
    );
  }
  const choices = braces[0] === undefined ? undefined : items[braces[0]];
  return choices === undefined ? undefined : slot('choices', choices, []);
}

/** Whether the list names an argument that the usage doesn't: the one that stands there as `...`. */
function isRestNamed({ sections, usage }: HelpText): boolean {
  const named = new Set(usage.flatMap((item) => [item, ...(isEnclosed(item, '[') ? [readValues(item).metavar] : [])]));
  return sections
    .filter(({ title }) => title === 'positional arguments')
    .flatMap(({ entries }) => entries)
    .filter(({ isInner }) => !isInner)
    .slice(0, LIMITS.cliParametersMax)
    .some(({ invocation }) => !named.has(usageItems(invocation)[0] ?? ''));
}

/** The commands of sections that are titled so, and written by hand. */
export function handWrittenCommands(help: HelpText): readonly HelpCommand[] {
  return help.sections
    .filter(({ title }) => /(^|[ -])(sub-?)?commands$/.test(title))
    .flatMap(({ entries }) => entries)
    .filter(({ invocation }) => !invocation.startsWith('{') && !invocation.startsWith('-'))
    .map(({ invocation, help: said }) => {
      const [word = '', ...rest] = invocation.split(' ');
      // `name: what it does`, `name - what it does`, `name ARG  what it does`
      const isSentence = word.endsWith(':') || rest[0] === '-' || rest[0] === '–';
      const sentence = isSentence ? rest.join(' ').replace(/^[-–] /, '') : '';
      return helpCommand(word.replace(/:$/, ''), [], `${sentence} ${said}`);
    });
}

function slot(kind: CommandSlot['kind'], metavar: string, described: readonly HelpCommand[]): CommandSlot {
  const known = new Set(described.flatMap(({ name, aliases }) => [name, ...aliases]));
  const others = [...new Set(choicesOf(metavar) ?? [])].filter((name) => !known.has(name));
  return { kind, metavar, commands: [...described, ...others.map((name) => helpCommand(name, [], ''))] };
}

/** The first entry that has others under it, and takes no option. */
function ownerOfInner(help: HelpText): string | undefined {
  for (const { entries } of help.sections) {
    const first = entries.findIndex(({ isInner }) => isInner);
    const owner = entries[first - 1]?.invocation;
    if (owner !== undefined && !owner.startsWith('-')) return owner;
  }
  return undefined;
}

/** The entries under the first one that is the owner. */
function listed(help: HelpText, isOwner: (entry: HelpEntry) => boolean): readonly HelpCommand[] {
  for (const { entries } of help.sections) {
    const at = entries.findIndex(isOwner);
    if (at === -1) continue;
    const after = entries.slice(at + 1);
    const end = after.findIndex(({ isInner }) => !isInner);
    return (end === -1 ? after : after.slice(0, end)).map(({ invocation, help: said }) => {
      const gap = invocation.indexOf(' (');
      if (gap === -1 || !invocation.endsWith(')')) return helpCommand(invocation, [], said);
      const aliases = invocation.slice(gap + 2, -1).split(',');
      return helpCommand(
        invocation.slice(0, gap),
        aliases.map((alias) => alias.trim()),
        said,
      );
    });
  }
  return [];
}

function helpCommand(name: string, aliases: readonly string[], said: string): HelpCommand {
  const description = said.trim();
  return { name, aliases, ...(description === '' ? {} : { description }) };
}
