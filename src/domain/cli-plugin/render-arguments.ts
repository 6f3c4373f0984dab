// The words after `cli.py` that carry out a call. No value can become an option, or a value of another argument: what can't
// be said so is refused. Called by what runs programs, right before it does. **Trust:** the plan was made at discovery;
// the arguments are an agent's.

import { SmcpError } from '#base/errors.ts';
import {
  type ExactJson,
  type ExactJsonObject,
  isExactObject,
  parseExactJson,
  pointerSegment,
} from '#base/exact-json.ts';
import { LIMITS } from '#base/limits.ts';
import { argumentText, argumentTexts, unpassable } from './argument-text.ts';
import type { ArgumentPlan, CommandPlan } from './plan.ts';
import { arrange, type Given } from './word-order.ts';

/**
 * The command's words and its arguments. `argsJson`: the arguments as JSON text, in which every number stands as the
 * agent wrote it; doubles would round integers beyond 2^53. `null` is as good as absent.
 *
 * @throws `ARGUMENTS_INVALID` for what the schema should have refused · `ARGUMENTS_UNPASSABLE` for what a command line
 * can't say, with `details.pointer` and `details.remedy`.
 */
export function renderArguments(plan: CommandPlan, argsJson: string): readonly string[] {
  const args = parseExactJson(argsJson);
  if (args === undefined || !isExactObject(args)) throw invalid(undefined, 'the arguments must be one JSON object');
  const known = new Set(plan.arguments.map(({ property }) => property));
  const stranger = Object.keys(args).find((key) => !known.has(key));
  if (stranger !== undefined) throw invalid(stranger, 'an argument is unknown to the tool');
  const given = plan.arguments.flatMap((argument) => {
    const value = givenValue(args, argument.property);
    return value === undefined ? [] : [give(plan, argument, value)];
  });
  const words = arrange(plan, given);
  checkSize(words, given);
  return words;
}

const invalid = (property: string | undefined, message: string): SmcpError =>
  new SmcpError('ARGUMENTS_INVALID', message, {
    details: {
      pointer: property === undefined ? '' : `/${pointerSegment(property)}`,
      remedy: "see the tool's input schema",
    },
  });

function givenValue(args: ExactJsonObject, property: string): ExactJson | undefined {
  return Object.hasOwn(args, property) ? (args[property] ?? undefined) : undefined;
}

/** The words of one argument, before it is known where they stand. */
function give(plan: CommandPlan, argument: ArgumentPlan, value: ExactJson): Given {
  const { property, spelling, style, negative } = argument;
  switch (style) {
    case 'flag':
    case 'flag-negated': {
      if (typeof value !== 'boolean') throw invalid(property, `${JSON.stringify(property)} must be true or false`);
      const isGiven = value === (style === 'flag');
      return { argument, place: 'fixed', words: isGiven ? [spelling] : negative === undefined ? [] : [negative] };
    }
    case 'value':
      return { argument, place: 'fixed', words: joined(plan, argument, argumentText(argument, value)) };
    case 'repeated': {
      const texts = argumentTexts(argument, value);
      return { argument, place: 'fixed', words: texts.flatMap((text) => joined(plan, argument, text)) };
    }
    case 'positional':
      return { argument, place: 'positional', words: [argumentText(argument, value)] };
    case 'positionals':
      return { argument, place: 'positional', words: checkCount(argument, argumentTexts(argument, value)) };
    case 'values':
    case 'remainder':
      return giveMany(plan, argument, argumentTexts(argument, value));
  }
}

/** `--f=v`; where it isn't known that the program takes that, `--f v`, unless the value looks like an option. */
function joined(plan: CommandPlan, argument: ArgumentPlan, text: string): readonly string[] {
  const { property, spelling, takesEquals } = argument;
  if (takesEquals) return [`${spelling}=${text}`];
  if (!plan.prefixes.includes(text.slice(0, 1)) || text === '') return [spelling, text];
  if (spelling.startsWith('--')) return [`${spelling}=${text}`];
  throw unpassable(
    property,
    `begins with ${JSON.stringify(text.slice(0, 1))}, as options do`,
    'begin it with something else',
  );
}

/** One flag, many values; or all that is left, with a flag or without. */
function giveMany(plan: CommandPlan, argument: ArgumentPlan, texts: readonly string[]): Given {
  const { spelling, style, takesEquals, countMax } = argument;
  checkCount(argument, texts);
  const [first] = texts;
  if (style === 'remainder' && spelling === '') return { argument, place: 'positional', words: texts };
  const isRest = style === 'remainder';
  if (first === undefined) {
    return { argument, place: isRest ? 'last' : 'open', words: argument.countMin === 0 ? [spelling] : [] };
  }
  const isFixed = countMax !== undefined && countMax > 1 && countMax === argument.countMin;
  if (texts.length === 1 && takesEquals && !isFixed)
    return { argument, place: 'fixed', words: [`${spelling}=${first}`] };
  if (isRest) return { argument, place: 'last', words: [spelling, ...texts] };
  for (const text of texts) checkLooks(plan, argument, text);
  return { argument, place: 'open', words: [spelling, ...texts] };
}

function checkCount({ property, countMin = 0, countMax }: ArgumentPlan, texts: readonly string[]): readonly string[] {
  const isTooFew = texts.length > 0 && texts.length < countMin;
  if (isTooFew || texts.length > (countMax ?? texts.length)) {
    const wanted = countMax === countMin ? `exactly ${countMin}` : `${countMin} to ${countMax ?? 'any number of'}`;
    throw invalid(property, `${JSON.stringify(property)} takes ${wanted} values`);
  }
  return texts;
}

/**
 * Among several values after one flag, argparse tells values from options by their looks. These are values to it in every
 * version: `-`, a word after `- `, and a plain negative number where no option looks like one.
 */
function checkLooks(plan: CommandPlan, { property }: ArgumentPlan, text: string): void {
  const isPlain = text === '' || !plan.prefixes.includes(text.slice(0, 1));
  const isNumber = /^-(\d+|\d*\.\d+)$/.test(text) && !plan.hasNumberOptions;
  if (isPlain || (plan.parser === 'argparse' && (text === '-' || text.startsWith('- ') || isNumber))) return;
  const message = `has several values, and one begins with ${JSON.stringify(text.slice(0, 1))}, as options do`;
  throw unpassable(property, message, 'send that value alone in a call, or begin it with something else');
}

/** What a child is started with: one word, all of them with a zero each, and how many they are. */
function checkSize(words: readonly string[], given: readonly Given[]): void {
  let total = 0;
  for (const word of words) {
    const bytes = Buffer.byteLength(word);
    total += bytes + 1;
    if (bytes <= LIMITS.programWordBytesMax) continue;
    const owner = given.find((one) => one.words.includes(word))?.argument.property ?? '';
    const message = `takes ${bytes} bytes on the command line; one argument may have ${LIMITS.programWordBytesMax}`;
    throw unpassable(owner, message, 'send it in smaller parts, or name a file that holds it, if the tool reads files');
  }
  if (words.length > LIMITS.programArgumentsMax)
    throw tooMuch(`${words.length} words on the command line`, LIMITS.programArgumentsMax);
  if (total > LIMITS.programArgumentBytesMax)
    throw tooMuch(`${total} bytes on the command line, with one for each word`, LIMITS.programArgumentBytesMax);
}

const tooMuch = (what: string, most: number): SmcpError =>
  new SmcpError('ARGUMENTS_UNPASSABLE', `the arguments take ${what}; at most ${most}`, {
    details: { pointer: '', remedy: 'make several calls with fewer values each' },
  });
