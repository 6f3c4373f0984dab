// The input schema that a manifest declares for a command, held against what the program takes: which values may come, and
// how they then become words. Called by the registry. Pure. **Trust:** the schema is the plugin author's, and foreign.

import { isJsonObject, type Json, type JsonObject } from '#base/json.ts';
import { nearest } from '#base/nearest.ts';
import type { CliTool } from './cli-tool.ts';
import type { ParameterType } from './description.ts';
import type { ArgumentPlan, CommandPlan } from './plan.ts';
import { quote } from './problem.ts';

export type InputFault = {
  /** Into the input schema. */
  readonly pointer: string;
  readonly message: string;
  readonly remedy: string;
};

export type DeclaredInput = {
  /** As the program's, with the types of the manifest. */
  readonly plan: CommandPlan;
  readonly notes: readonly string[];
  /** `[]` when every value that the schema takes can be handed over as what it is. */
  readonly faults: readonly InputFault[];
};

/** `input`: the schema of the manifest's tool of this name. */
export function declareInput({ plan, inputSchema }: CliTool, input: JsonObject): DeclaredInput {
  const properties = isJsonObject(input['properties']) ? input['properties'] : {};
  const known = new Map(plan.arguments.map((argument) => [argument.property, argument]));
  const declared = Object.entries(properties).map(([name, schema]): DeclaredArgument => {
    const pointer = `/properties/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    const argument = known.get(name);
    if (argument !== undefined) return declareArgument(argument, schema, pointer);
    const near = nearest(name, known.keys());
    const remedy =
      near === undefined ? 'remove the property, or let the program take it' : `did you mean ${quote(near)}?`;
    return { faults: [{ pointer, message: `the command takes no argument ${quote(name)}`, remedy }], notes: [] };
  });
  const changed = new Map(declared.flatMap(({ plan: own }) => (own === undefined ? [] : [[own.property, own]])));
  return {
    plan: { ...plan, arguments: plan.arguments.map((argument) => changed.get(argument.property) ?? argument) },
    notes: declared.flatMap(({ notes }) => notes),
    faults: [
      ...declared.flatMap(({ faults }) => faults),
      ...missing(input, properties, inputSchema['required']),
      ...openings(input),
    ],
  };
}

/** What the program must be given, and the schema doesn't ask for. */
function missing(input: JsonObject, properties: JsonObject, needed: Json | undefined): readonly InputFault[] {
  const required = listOf(input['required']);
  return listOf(needed)
    .filter((name): name is string => typeof name === 'string' && !required.includes(name))
    .map((name) => ({
      pointer: Object.hasOwn(properties, name) ? '/required' : '/properties',
      message: `the command needs the argument ${quote(name)}`,
      remedy: `${Object.hasOwn(properties, name) ? '' : 'declare it, and '}name it in "required"`,
    }));
}

/** Where the schema takes properties that it doesn't name, though the command has none. */
function openings(input: JsonObject): readonly InputFault[] {
  const faults: InputFault[] = [];
  const remedy = 'write "additionalProperties": false, and name each argument in "properties"';
  if (input['additionalProperties'] !== false) {
    faults.push({
      pointer: '/additionalProperties',
      message: 'must be false: a command takes no other arguments',
      remedy,
    });
  }
  if (input['patternProperties'] !== undefined) {
    faults.push({ pointer: '/patternProperties', message: 'is not for commands, whose arguments have names', remedy });
  }
  return faults;
}

type DeclaredArgument = {
  readonly plan?: ArgumentPlan;
  readonly notes: readonly string[];
  readonly faults: readonly InputFault[];
};

function declareArgument(argument: ArgumentPlan, schema: Json, pointer: string): DeclaredArgument {
  const { property, style } = argument;
  const refuse = (message: string, remedy: string): DeclaredArgument => ({
    notes: [],
    faults: [{ pointer, message: `${quote(property)} ${message}`, remedy }],
  });
  const types = isJsonObject(schema) ? typesOf(schema)?.filter((type) => type !== 'null') : undefined;
  if (types === undefined || types.length === 0 || !isJsonObject(schema)) {
    return refuse('does not say of which type it is, so it can not be told how it is given', 'give it a "type"');
  }
  const [type, ...others] = types;
  const isOne = others.length === 0;
  if (style === 'flag' || style === 'flag-negated') {
    if (isOne && type === 'boolean') return { plan: argument, notes: [], faults: [] };
    return refuse('is a flag of the program, which is given or not', 'write "type": "boolean"');
  }
  const plan = { ...argument, type: isOne && isParameterType(type) ? type : argument.type };
  const isSame = argument.type === plan.type;
  const takesOne = style === 'value' || style === 'positional';
  if (takesOne && types.includes('array') && argument.type !== 'array') {
    const isPlain = !hasNestedItems(schema);
    if (style === 'value' && isOne && isPlain) {
      const note = `${property}: declared as array, the help shows one value; the flag is repeated, and a program that doesn't collect them sees the last`;
      return { plan: { ...plan, style: 'repeated' }, notes: [note], faults: [] };
    }
    if (isPlain || !isOne)
      return refuse('is one value to the program, and not several', 'declare the type of one value');
  }
  const isMany = (argument.countMin ?? 0) > 1;
  if (!takesOne && isMany && !(isOne && type === 'array')) {
    return refuse(`is ${argument.countMin} values or more to the program`, 'write "type": "array"');
  }
  const isJson = !isSame && types.some((one) => one === 'object' || (takesOne && one === 'array'));
  const note = `${property}: the program gets it as JSON text`;
  return { plan, notes: isJson ? [note] : [], faults: [] };
}

const isParameterType = (type: string | undefined): type is ParameterType =>
  ['string', 'number', 'integer', 'boolean', 'array', 'object'].includes(type ?? '');

const listOf = (value: Json | undefined): readonly Json[] => (Array.isArray(value) ? (value as readonly Json[]) : []);

/** Whether items of the list are lists or objects, which go as one JSON text. */
function hasNestedItems({ items }: JsonObject): boolean {
  const types = isJsonObject(items) ? typesOf(items) : undefined;
  return types?.some((type) => type === 'object' || type === 'array') === true;
}

/** The types of the values that a schema takes; undefined where it can't be told. Of what only narrows, nothing is needed. */
function typesOf(schema: JsonObject): readonly string[] | undefined {
  const { type, anyOf, oneOf, enum: among, const: only } = schema;
  if (typeof type === 'string') return [type];
  if (Array.isArray(type)) return type.filter((one) => typeof one === 'string');
  if (Array.isArray(among)) return [...new Set((among as readonly Json[]).map(typeOf))];
  if (only !== undefined) return [typeOf(only)];
  const branches = Array.isArray(anyOf) ? anyOf : oneOf;
  if (!Array.isArray(branches) || branches.length === 0) return undefined;
  // One level, as generators write what is optional: deeper ones are not needed to say a type.
  const types = (branches as readonly Json[]).map((one) => {
    if (!isJsonObject(one)) return undefined;
    if (typeof one['type'] === 'string') return one['type'];
    return one['const'] === undefined ? undefined : typeOf(one['const']);
  });
  return types.every((one) => one !== undefined) ? [...new Set(types)] : undefined;
}

function typeOf(value: Json): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return typeof value;
}
