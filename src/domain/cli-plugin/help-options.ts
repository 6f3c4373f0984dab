// The options that a text of help lists. Pure; linear.

import { LIMITS } from '#base/limits.ts';
import { readValues } from './arity.ts';
import type { HelpOption } from './command-help.ts';
import type { HelpEntry, HelpText } from './help-text.ts';
import { usageItems } from './usage.ts';

/** An option before it is known whether it is required, and how many words of a usage the values after it are. */
export type ListedOption = Omit<HelpOption, 'isRequired'> & { readonly valueWords: number };

/** Every option of every section, in order; those that print help or a version are left out. */
export function listedOptions(help: HelpText): readonly ListedOption[] {
  return help.sections
    .flatMap(({ entries }) => entries)
    .filter(({ invocation }) => invocation.startsWith('-'))
    .map(readOption)
    .filter((option) => !isAboutProgram(option));
}

/** Characters besides `-` that options of the default section begin with. */
export function otherPrefixes(help: HelpText): readonly string[] {
  const firsts = help.sections
    .filter(({ title }) => title === 'options' || title === 'optional arguments')
    .flatMap(({ entries }) => entries.map(({ invocation }) => invocation.slice(0, 1)))
    .filter((first) => /^[^\w\s[({<-]$/.test(first));
  return [...new Set(firsts)];
}

/** `-o OUT, --output OUT`, `-o, --output OUT` (Python 3.13 and later), `--output=OUT`, `--colour, --no-colour`. */
function readOption({ invocation, help }: HelpEntry): ListedOption {
  const pieces = invocation.split(/, (?=-)/).slice(0, LIMITS.cliSpellingsMax);
  const parts = pieces.map((part) => {
    const end = part.search(/[ =]/);
    return end === -1 ? { spelling: part, values: '' } : { spelling: part.slice(0, end), values: part.slice(end + 1) };
  });
  const valuesText = parts.findLast(({ values }) => values !== '')?.values.trim() ?? '';
  const { arity, choices } = readValues(valuesText);
  const all = parts.map(({ spelling }) => spelling);
  const negative =
    arity.kind === 'none'
      ? all.find((one) => one.startsWith('--no-') && all.includes(one.replace('--no-', '--')))
      : undefined;
  const defaultText = /\(default: ([^()]*)\)/.exec(help)?.[1];
  return {
    spellings: all.filter((one) => one !== negative),
    ...(negative === undefined ? {} : { negative }),
    arity,
    ...(choices === undefined ? {} : { choices }),
    help,
    ...(defaultText === undefined ? {} : { defaultText }),
    // A default that is a list is one of `append`: several values after one flag are seen.
    isRepeatable:
      /^\[[\]'"\d-]/.test(defaultText ?? '') ||
      /\brepeat(ed|able)\b|\bmultiple times\b|\bmore than once\b|\bseveral times\b/i.test(help),
    valueWords: usageItems(valuesText).length,
  };
}

function isAboutProgram({ spellings, arity, help }: ListedOption): boolean {
  if (arity.kind !== 'none') return false;
  const isVersion = spellings.includes('--version') || /^show program's version number and exit$/i.test(help);
  return isVersion || spellings.includes('--help') || spellings.includes('--describe');
}
