// How one argument is given: what the help shows decides the style, since that is what argparse does; what the description
// says decides the type. Where they disagree a note says so. Pure.

import { isJsonObject, type Json, type JsonObject } from '#base/json.ts';
import type { Arity } from './arity.ts';
import type { HelpOption, HelpPositional } from './command-help.ts';
import { present } from './described-fields.ts';
import type { DescribedParameter, ParameterType } from './description.ts';
import { folded, longSpelling } from './names.ts';
import type { ArgumentPlan } from './plan.ts';

export type InferredArgument = {
  readonly plan: ArgumentPlan;
  readonly schema: JsonObject;
  readonly isRequired: boolean;
  readonly notes: readonly string[];
};

/** What the description says, or would say, of an argument. */
type Said = Omit<DescribedParameter, 'isRequired'> & { readonly isRequired?: boolean };

/** An option of the help; `said` is its described parameter, or only a name for it. */
export function optionArgument(said: Said, option: HelpOption, takesEquals: boolean): InferredArgument {
  const { arity } = option;
  const shown = showOption(said, option);
  const shared = { property: said.name, spelling: shown.spelling, takesEquals };
  const isRequired = said.isRequired === true || option.isRequired;
  const finish = (plan: ArgumentPlan, notes: readonly string[]): InferredArgument => ({
    plan: { ...plan, ...itemTypeOf(said, plan), ...present('choices', option.choices) },
    schema: schemaOf(said, plan, option),
    isRequired: isRequired && plan.style !== 'flag' && plan.style !== 'flag-negated' ? true : said.isRequired === true,
    notes: [
      ...notes,
      ...(option.isRequired && said.isRequired === false ? [`${said.name}: required by the help`] : []),
    ],
  });
  if (arity.kind === 'none') {
    const style = shown.isNegated ? 'flag-negated' : 'flag';
    const isOdd = said.type !== undefined && said.type !== 'boolean';
    const notes = isOdd
      ? [`${said.name}: described as ${said.type}, the help shows a flag; taken as true or false`]
      : [];
    return finish({ ...shared, style, type: 'boolean', ...present('negative', shown.negative) }, notes);
  }
  if (arity.kind === 'rest') return finish({ ...shared, ...restOf(said) }, []);
  if (arity.kind === 'many') return finish({ ...shared, ...manyOf(said, arity, 'values') }, disagreement(said));
  return finish({ ...shared, ...oneOf(said, option) }, oneNotes(said, option));
}

/** A positional argument of the help. */
export function positionalArgument(said: Said, positional: HelpPositional): InferredArgument {
  const { arity } = positional;
  const shared = { property: said.name, spelling: '', takesEquals: false };
  const plan: ArgumentPlan =
    arity.kind === 'rest'
      ? { ...shared, ...restOf(said) }
      : arity.kind === 'many'
        ? { ...shared, ...manyOf(said, arity, 'positionals') }
        : {
            ...shared,
            style: 'positional',
            type: said.type ?? 'string',
            countMin: arity.kind === 'one' ? 1 : 0,
            countMax: 1,
          };
  return {
    plan: { ...plan, ...itemTypeOf(said, plan), ...present('choices', positional.choices) },
    schema: schemaOf(said, plan, positional),
    isRequired: said.isRequired === true || positional.isRequired,
    notes: arity.kind === 'many' ? disagreement(said) : [],
  };
}

/** A described parameter that no help shows. */
export function unshownArgument(said: DescribedParameter, takesEquals: boolean): InferredArgument {
  const { name, action = '', nargs, argStyle, takesValue, type } = said;
  const shared = { property: name, spelling: longSpelling(name), takesEquals };
  const isFlag =
    argStyle === 'flag' ||
    takesValue === false ||
    /^store_(true|false|const)$/.test(action) ||
    (type === 'boolean' && argStyle === undefined && takesValue === undefined && action === '');
  const isMany = nargs === '+' || nargs === '*' || (typeof nargs === 'number' && nargs > 1);
  const plan: ArgumentPlan = isFlag
    ? { ...shared, style: action === 'store_false' ? 'flag-negated' : 'flag', type: 'boolean' }
    : isMany
      ? { ...shared, ...manyOf(said, describedArity(nargs), 'values') }
      : {
          ...shared,
          style: type === 'array' || action === 'append' ? 'repeated' : 'value',
          type: type ?? (action === 'append' ? 'array' : 'string'),
        };
  return {
    plan: { ...plan, ...itemTypeOf(said, plan) },
    schema: schemaOf(said, plan, undefined),
    isRequired: said.isRequired,
    notes: [],
  };
}

const describedArity = (nargs: string | number | undefined): Arity & { readonly kind: 'many' } =>
  typeof nargs === 'number' ? { kind: 'many', min: nargs, max: nargs } : { kind: 'many', min: nargs === '+' ? 1 : 0 };

type Shape = Pick<ArgumentPlan, 'style' | 'type' | 'countMin' | 'countMax'>;

/** Of the spellings the one that has the name, long ones first; and whether it says the opposite of what is described. */
function showOption({ name, action }: Said, option: HelpOption) {
  const { spellings, negative, arity } = option;
  const long = spellings.filter((spelling) => spelling.startsWith('--'));
  const same = long.filter((spelling) => folded(spelling) === folded(name));
  const spelling = same.find((one) => one === longSpelling(name)) ?? same[0] ?? long[0] ?? spellings[0] ?? '';
  // `no_x` of `--x, --no-x` is the flag `--no-x`.
  if (negative !== undefined && folded(negative) === folded(name))
    return { spelling: negative, negative: spelling, isNegated: false };
  const saysNo = folded(spelling) === `no_${folded(name)}`;
  const isNegated =
    arity.kind === 'none' && negative === undefined && (saysNo || (action === 'store_false' && !/^no[_-]/.test(name)));
  return { spelling, negative, isNegated };
}

const itemTypeOf = ({ items }: Said, { type }: ArgumentPlan): Pick<ArgumentPlan, 'itemType'> =>
  type === 'array' && items?.['type'] === 'integer' ? { itemType: 'integer' } : {};

/** A list of such items is handed over as JSON. */
const isNested = (items: JsonObject | undefined): boolean =>
  items?.['type'] === 'object' || items?.['type'] === 'array';

/** One value after its flag. An array of plain values gives the flag for each. */
function oneOf({ type, items }: Said, { isRepeatable }: HelpOption): Shape {
  if (type === 'array' && isNested(items)) return { style: 'value', type };
  if (type === 'array' || (type === undefined && isRepeatable)) return { style: 'repeated', type: 'array' };
  return { style: 'value', type: type ?? 'string' };
}

function oneNotes({ name, type, action, items }: Said, option: HelpOption): readonly string[] {
  if (type === 'boolean') return [`${name}: described as boolean, the help shows a value; it is handed true or false`];
  const isSure = option.isRepeatable || action === 'append' || isNested(items);
  if (type !== 'array' || isSure) return [];
  return [
    `${name}: described as array, the help shows one value; the flag is repeated, and a program that doesn't collect them sees the last`,
  ];
}

function manyOf({ type }: Said, arity: Arity & { readonly kind: 'many' }, style: 'values' | 'positionals'): Shape {
  const isExact = arity.max !== undefined && arity.max > 1;
  return {
    style,
    // What is described as one value can be given as one, unless the program wants more.
    type: type === undefined || isExact || arity.min > 1 ? 'array' : type,
    countMin: arity.min,
    ...present('countMax', arity.max),
  };
}

const restOf = ({ type }: Said): Shape => ({ style: 'remainder', type: type ?? 'array', countMin: 0 });

const disagreement = ({ name, type }: Said): readonly string[] =>
  type === undefined || type === 'array' ? [] : [`${name}: described as ${type}, the help shows several values`];

/** What agents are told of the argument, and what their values are checked against. */
function schemaOf(said: Said, plan: ArgumentPlan, shown: HelpOption | HelpPositional | undefined): JsonObject {
  const { type } = plan;
  const description = said.description ?? (shown?.help === '' ? undefined : shown?.help);
  const choices = said.choices ?? (said.type === undefined || said.type === 'string' ? shown?.choices : undefined);
  const fitting = choices?.filter((choice) => fits(choice, type === 'array' ? 'string' : type));
  const oneOfThem =
    fitting === undefined || fitting.length === 0 || fitting.length !== choices?.length ? undefined : fitting;
  if (type !== 'array') {
    return {
      type,
      ...present('description', description),
      ...present('enum', type === 'boolean' ? undefined : oneOfThem),
      ...(said.default !== undefined && fits(said.default, type) ? { default: said.default } : {}),
    };
  }
  const plainItems = said.type === 'array' ? {} : { type: 'string' };
  return {
    type,
    items: said.items ?? (oneOfThem === undefined ? plainItems : { type: 'string', enum: oneOfThem }),
    ...present('description', description),
    ...((plan.countMin ?? 0) > 0 ? { minItems: plan.countMin ?? 0 } : {}),
    ...present('maxItems', plan.countMax),
    ...(Array.isArray(said.default) ? { default: said.default } : {}),
  };
}

function fits(value: Json, type: ParameterType): boolean {
  if (type === 'array') return Array.isArray(value);
  if (type === 'object') return isJsonObject(value);
  if (type === 'integer') return Number.isSafeInteger(value);
  return typeof value === type;
}
