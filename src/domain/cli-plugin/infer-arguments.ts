// The arguments of one command: each described parameter is joined with what the help shows of it. Pure.

import { LIMITS } from '#base/limits.ts';
import type { CommandHelp, HelpOption, HelpPositional } from './command-help.ts';
import type { DescribedParameter } from './description.ts';
import { type InferredArgument, optionArgument, positionalArgument, unshownArgument } from './infer-argument.ts';
import { folded, withoutDashes } from './names.ts';

export type InferredArguments = {
  /** What is positional stands in the order in which it is taken. */
  readonly arguments: readonly InferredArgument[];
  readonly notes: readonly string[];
  /** Why the command can't be listed; `[]` when it can. */
  readonly faults: readonly string[];
};

/** `described` absent: everything that the help shows is taken. `help` absent: nothing is known of the program's parser. */
export function inferArguments(
  described: readonly DescribedParameter[] | undefined,
  help: CommandHelp | undefined,
): InferredArguments {
  if (help === undefined) {
    return { arguments: (described ?? []).map((said) => unshownArgument(said, false)), notes: [], faults: [] };
  }
  const pairs = pairUp(described ?? [], help);
  const own = (described ?? []).map((said) => argumentOf(said, pairs.get(said), help));
  const taken = new Set(pairs.values());
  const isMissing = (shown: HelpOption | HelpPositional): boolean =>
    !taken.has(shown) && (described === undefined || shown.isRequired);
  const names = namesOf([...help.options, ...help.positionals].filter(isMissing), described ?? []);
  const added = [...names].map(([shown, name]) => argumentOf({ name }, shown, help));
  const notes =
    described === undefined
      ? guessNotes(added)
      : [...names.values()].map((name) => `${name}: required by the help, not described`);
  const unshown = (described ?? [])
    .filter((said) => !pairs.has(said))
    .map(({ name }) => `${name}: described, but the help doesn't show it`);
  const all = [...own, ...added];
  return {
    arguments: inOrder(all, help, pairs, names),
    notes: [...notes, ...unshown, ...all.flatMap((argument) => argument.notes)],
    faults: faultsOf(all),
  };
}

/** What no help tells of an option with a value: whether it is a text, and whether it may be given again (`append`). */
function guessNotes(added: readonly InferredArgument[]): readonly string[] {
  const names = added.flatMap(({ plan }) =>
    plan.style === 'value' && plan.choices === undefined ? [plan.property] : [],
  );
  return names.length === 0
    ? []
    : [`${names.join(', ')}: taken as one text each, since a help does not tell types, or that a flag may be repeated`];
}

type Shown = HelpOption | HelpPositional;

const isOption = (shown: Shown): shown is HelpOption => 'spellings' in shown;

type Named = { readonly name: string } & Partial<DescribedParameter>;

function argumentOf(said: Named, shown: Shown | undefined, help: CommandHelp): InferredArgument {
  if (shown === undefined) return unshownArgument({ isRequired: false, ...said }, help.parser !== 'unknown');
  if (!isOption(shown)) return positionalArgument(said, shown);
  const hasLong = shown.spellings.some((spelling) => spelling.startsWith('--'));
  // Only argparse takes `-n=v` for the value `v`.
  return optionArgument(said, shown, help.parser === 'argparse' || (help.parser === 'alike' && hasLong));
}

/** Which option or positional argument each parameter is. */
function pairUp(described: readonly DescribedParameter[], help: CommandHelp): ReadonlyMap<DescribedParameter, Shown> {
  const pairs = new Map<DescribedParameter, Shown>();
  const taken = new Set<Shown>();
  const shownFor = createFinder(help);
  for (const said of described) {
    const shown = shownFor(said);
    if (shown === undefined || taken.has(shown)) continue;
    pairs.set(said, shown);
    taken.add(shown);
  }
  // One that must be given and has no flag, and one that must be given and has no name: they are each other.
  const nameless = help.positionals.filter((shown) => shown.isRequired && !taken.has(shown));
  const flagless = described.filter((said) => said.isRequired && !pairs.has(said));
  const [shown] = nameless;
  const [said] = flagless;
  if (nameless.length === 1 && flagless.length === 1 && shown !== undefined && said !== undefined)
    pairs.set(said, shown);
  return pairs;
}

/** Finds what has the name of a parameter: an option, else a positional argument. Of several, the first of the help. */
function createFinder({ options, positionals }: CommandHelp): (said: DescribedParameter) => Shown | undefined {
  const flags = new Map<string, HelpOption>();
  const byName = new Map<string, HelpOption>();
  for (const option of options) {
    for (const spelling of [...option.spellings, ...(option.negative === undefined ? [] : [option.negative])]) {
      const name = folded(spelling);
      if (!byName.has(name)) byName.set(name, option);
      if (option.arity.kind === 'none' && !flags.has(name)) flags.set(name, option);
    }
  }
  const byPlace = new Map<string, HelpPositional>();
  for (const shown of positionals) {
    const name = propertyName(shown.name).toLowerCase();
    if (!byPlace.has(name)) byPlace.set(name, shown);
  }
  return ({ name, type }) => {
    const wanted = folded(name);
    // A truth value whose only flag says no: `cache` of `--no-cache`.
    const negated = type === 'boolean' ? flags.get(`no_${wanted}`) : undefined;
    return byName.get(wanted) ?? negated ?? byPlace.get(wanted.toLowerCase());
  };
}

/** Names for what is not described, each its own. */
function namesOf(shown: readonly Shown[], described: readonly DescribedParameter[]): ReadonlyMap<Shown, string> {
  const used = new Set(described.map(({ name }) => folded(name)));
  const names = new Map<Shown, string>();
  for (const one of shown) {
    const base = isOption(one) ? optionName(one) : propertyName(one.name);
    let name = base;
    for (let count = 2; used.has(folded(name)) && !isOption(one); count += 1) name = `${base}_${count}`;
    used.add(folded(name));
    names.set(one, name);
  }
  return names;
}

/** As argparse names its value: by the first long spelling, else the first. */
function optionName({ spellings }: HelpOption): string {
  const long = spellings.find((spelling) => spelling.startsWith('--'));
  return folded(long ?? spellings[0] ?? '');
}

/** `FILE` → `file`, `<source file>` → `source_file`, `{a,b}` → `choice`. */
function propertyName(metavar: string): string {
  if (metavar.startsWith('{')) return 'choice';
  const name = withoutDashes(metavar.replace(/[^a-zA-Z0-9_.-]+/g, '_').replace(/^_|_$/g, '')).replaceAll('-', '_');
  const isLoud = name === name.toUpperCase();
  return (isLoud ? name.toLowerCase() : name).slice(0, LIMITS.cliNameLengthMax) || 'value';
}

/** Options as described, then what is positional in the order of the help. */
function inOrder(
  all: readonly InferredArgument[],
  help: CommandHelp,
  pairs: ReadonlyMap<DescribedParameter, Shown>,
  names: ReadonlyMap<Shown, string>,
): readonly InferredArgument[] {
  const nameOf = new Map<Shown, string>(names);
  for (const [said, shown] of pairs) nameOf.set(shown, said.name);
  const ranks = new Map(help.positionals.map((shown, index) => [nameOf.get(shown), index]));
  const rank = ({ plan }: InferredArgument): number => (plan.spelling === '' ? (ranks.get(plan.property) ?? 0) : -1);
  return all.toSorted((a, b) => rank(a) - rank(b));
}

function faultsOf(all: readonly InferredArgument[]): readonly string[] {
  const names = all.map(({ plan }) => plan.property);
  const wrong = names.filter((name, index) => names.indexOf(name) !== index || !isSoundName(name));
  const excess =
    all.length > LIMITS.cliParametersMax ? [`it has ${all.length} arguments; at most ${LIMITS.cliParametersMax}`] : [];
  return [
    ...excess,
    ...wrong.map((name) => `${JSON.stringify(name)} can't be the name of an argument, or is that of two`),
  ];
}

const isSoundName = (name: string): boolean =>
  /^[a-zA-Z0-9_.][a-zA-Z0-9_.-]*$/.test(name) &&
  name.length <= LIMITS.cliNameLengthMax &&
  name !== '__proto__' &&
  name !== 'help';
