// The parameters of one described command. Each fault is reported by its pointer, and keeps the command from being listed.

import { isJsonObject, type Json } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import { type Fields, fieldsOf, present } from './described-fields.ts';
import type { DescribedParameter, ParameterType } from './description.ts';
import { folded } from './names.ts';
import { type CliProblem, cliProblem, quote } from './problem.ts';

const TYPES: readonly ParameterType[] = ['string', 'number', 'integer', 'boolean', 'array', 'object'];
const STYLES = ['flag', 'value'] as const;

/** Names that mean something to the program or to JavaScript before they could mean an argument. */
const RESERVED: readonly string[] = ['help', '__proto__'];

/** Undefined where the command says nothing of parameters. */
export function parseParameters(command: Fields, problems: CliProblem[]): readonly DescribedParameter[] | undefined {
  const listed = command.list('parameters');
  if (listed === undefined) return undefined;
  if (listed.length > LIMITS.cliParametersMax) {
    command.report('parameters', `has ${listed.length}; at most ${LIMITS.cliParametersMax}`, 'split the command');
    return undefined;
  }
  const seen = new Map<string, string>();
  return listed.flatMap((item, index) => {
    const pointer = `${command.pointer}/parameters/${index}`;
    if (!isJsonObject(item)) {
      problems.push(cliProblem('--describe', pointer, 'must be an object', 'write an object that has "name"'));
      return [];
    }
    const fields = fieldsOf(item, pointer, problems);
    const name = readName(fields);
    const twin = seen.get(folded(name));
    if (name !== '' && twin !== undefined) {
      const message = `${quote(name)} would be spelled like ${quote(twin)} on a command line`;
      fields.report('name', message, 'rename one of them');
    }
    seen.set(folded(name), name);
    return [readParameter(fields, name)];
  });
}

/** '' when it can't be used, which was reported. */
function readName(fields: Fields): string {
  const name = fields.text('name');
  if (name === undefined) {
    if (fields.any('name') === undefined) fields.report('name', 'is missing', 'name the parameter');
    return '';
  }
  const isSound = /^[a-zA-Z0-9_.][a-zA-Z0-9_.-]*$/.test(name) && name.length <= LIMITS.cliNameLengthMax;
  if (!isSound) {
    const what = `of letters, digits, "_", "-" and ".", at most ${LIMITS.cliNameLengthMax}, and not begin with "-"`;
    fields.report('name', `${quote(name)} must be ${what}`, 'rename the parameter');
    return '';
  }
  if (RESERVED.includes(name)) fields.report('name', `${quote(name)} is reserved`, 'rename the parameter');
  return name;
}

function readParameter(fields: Fields, name: string): DescribedParameter {
  const nargs = fields.any('nargs');
  return {
    name,
    isRequired: fields.truth('required') ?? false,
    ...present('type', oneOf(fields, 'type', TYPES)),
    ...present('description', fields.text('description')),
    ...present('default', fields.any('default')),
    ...present('items', fields.object('items')),
    ...present('choices', readChoices(fields)),
    ...present('action', fields.text('action')),
    ...present('nargs', typeof nargs === 'string' || typeof nargs === 'number' ? nargs : undefined),
    ...present('argStyle', oneOf(fields, 'arg_style', STYLES)),
    ...present('takesValue', fields.truth('takes_value')),
  };
}

function oneOf<Word extends string>(fields: Fields, key: string, words: readonly Word[]): Word | undefined {
  const text = fields.text(key);
  const word = words.find((each) => each === text);
  if (text !== undefined && word === undefined) {
    fields.report(key, `${quote(text)} is none of ${words.join(', ')}`, `write one of ${words.join(', ')}`);
  }
  return word;
}

/** Undefined when there are none, or too many to be of use. */
function readChoices(fields: Fields): readonly Json[] | undefined {
  const given = fields.any('enum') ?? fields.any('choices');
  if (!Array.isArray(given) || given.length === 0 || given.length > LIMITS.cliChoicesMax) return undefined;
  const choices = given as readonly Json[];
  const texts = new Set(choices.map((choice) => JSON.stringify(choice)));
  return choices.every(isScalar) && texts.size === choices.length ? choices : undefined;
}

const isScalar = (value: Json): boolean => value === null || typeof value !== 'object';
