// CEL conditions: checked when they are compiled, bounded when they run. The only importer of `@bufbuild/cel`.
// Trust: the source is a person's (a policy, a workflow); what it looks at is an agent's.

import {
  type CelFunc,
  type CelInput,
  CelScalar,
  type CelType,
  celEnv,
  celFunc,
  celMethod,
  isCelError,
  isCelList,
  isCelMap,
  listType,
  objectType,
  parse,
  plan,
} from '@bufbuild/cel';
import { checkCondition, vocabularyOf } from './cel-check.ts';
import { boundLoops } from './cel-loops.ts';
import type { CelConstantType, CelNode } from './cel-tree.ts';
import { durationBetween } from './cel-values.ts';
import { rfc3339 } from './clock.ts';
import {
  CONDITION_VARIABLES,
  type CompiledCondition,
  type ConditionInput,
  type ConditionOutcome,
} from './condition.ts';
import { LIMITS } from './limits.ts';
import { compileLinearPattern, type LinearPattern } from './linear-pattern.ts';
import { createStepMeter, type StepMeter } from './step-meter.ts';

export type ConditionCompiler = { readonly compile: (source: string) => CompiledCondition };

/** Compiles any number of conditions; they share functions and compiled patterns, and never run at the same time. */
export function createConditionCompiler(): ConditionCompiler {
  const meter = createStepMeter();
  const patterns = new Map<string, LinearPattern>();
  const compilePattern = (source: string): LinearPattern => {
    const known = patterns.get(source);
    if (known !== undefined) return known;
    const compiled = compileLinearPattern(source, 're2');
    patterns.set(source, compiled);
    return compiled;
  };
  const standard = celEnv();
  const env = celEnv({
    funcs: [...meteredFunctions(standard.funcs, meter), ...ownFunctions(standard, meter, compilePattern)],
  });
  const vocabulary = vocabularyOf(CONDITION_VARIABLES, env.funcs, compilePattern);
  const timestamp = plan(env, parse('timestamp(source)'));
  const compile = (source: string): CompiledCondition => {
    if (source.length > LIMITS.conditionLengthMax) {
      return refused(0, `a condition has at most ${LIMITS.conditionLengthMax} characters`);
    }
    try {
      const parsed = parse(source);
      if (parsed.expr === undefined) return refused(0, 'there is nothing in the condition');
      const tree = treeOf(parsed.expr, parsed.sourceInfo?.positions ?? {});
      const problems = checkCondition(tree, vocabulary);
      if (problems.length > 0) return { kind: 'problems', problems };
      boundLoops(parsed.expr);
      const run = plan(env, parsed);
      const evaluate = (input: ConditionInput): ConditionOutcome => {
        meter.use(input.budget);
        if (meter.isEmpty()) return SPENT;
        input.budget.left -= EVALUATION_STEPS;
        return outcomeOf(run(activationOf(input, timestamp)));
      };
      return { kind: 'condition', condition: { source, tree, evaluate } };
    } catch (thrown) {
      return parseFailure(thrown);
    }
  };
  return { compile };
}

const refused = (offset: number, message: string): CompiledCondition => ({
  kind: 'problems',
  problems: [{ offset, message }],
});

function parseFailure(thrown: unknown): CompiledCondition {
  if (thrown instanceof RangeError) return refused(0, 'the condition is nested too deeply');
  const { location, message } = thrown as {
    readonly location?: { readonly start?: { readonly offset?: number } };
    readonly message?: string;
  };
  return refused(location?.start?.offset ?? 0, (message ?? 'it is no CEL').replace(/^<input>:\d+:\d+: /, ''));
}

type Run = ReturnType<typeof plan>;
type Variables = NonNullable<Parameters<Run>[0]>;

/** Only what the condition names is made. */
function activationOf(input: ConditionInput, timestamp: Run): Variables {
  const variables = {
    agent: input.agent,
    tool: input.tool,
    session: input.session ?? '',
    get args() {
      return input.celArgs();
    },
    get now() {
      return timestamp({ source: rfc3339(input.nowMs) });
    },
  };
  return variables as unknown as Variables;
}

const TRUE: ConditionOutcome = { kind: 'true' };
const FALSE: ConditionOutcome = { kind: 'false' };
const SPENT: ConditionOutcome = {
  kind: 'error',
  message: 'the conditions before it took too many steps for these arguments',
};
/** What every evaluation costs, however little it looks at (3 µs measured). */
const EVALUATION_STEPS = 4;

/** An error of CEL is an object, and so truthy: only the two booleans count. */
function outcomeOf(result: ReturnType<Run>): ConditionOutcome {
  if (result === true) return TRUE;
  if (result === false) return FALSE;
  if (!isCelError(result)) return { kind: 'error', message: 'it is neither true nor false' };
  return { kind: 'error', message: result.message.replace(/^Unsupported input /, '') };
}

const { BOOL, DOUBLE, DYN, INT, STRING, UINT } = CelScalar;
const LIST = listType(DYN);
const TIMESTAMP = objectType('google.protobuf.Timestamp');
const DURATION = objectType('google.protobuf.Duration');
/** Steps of a call that asks for a time zone (about 50 µs). */
const TIME_ZONE_STEPS = 64;

/** Every function of the library, paid for before it is called. */
function meteredFunctions(functions: Iterable<CelFunc>, meter: StepMeter): readonly CelFunc[] {
  return [...functions].map((original) => {
    const call = (target: unknown, args: readonly unknown[]): CelInput => {
      meter.spend(stepsOf(original.name, target, args, meter));
      const result = original.call(0, target as never, args as never);
      if (result === undefined || isCelError(result)) throw result ?? new Error('no such function');
      return result as CelInput;
    };
    const { name, target, result } = original;
    const parameters: readonly CelType[] = original.arguments;
    if (target === undefined) {
      return celFunc(name, parameters, result, (...args: unknown[]) => call(undefined, args) as never);
    }
    return celMethod(name, target, parameters, result, function (...args: unknown[]) {
      return call(this, args) as never;
    });
  });
}

/** About a step per microsecond. */
function stepsOf(name: string, target: unknown, args: readonly unknown[], meter: StepMeter): number {
  const texts = target === undefined ? args : [target, ...args];
  let steps = 1;
  for (const text of texts) if (typeof text === 'string') steps += text.length >> 5;
  if (name === 'contains') steps += (lengthOf(target) * lengthOf(args[0])) >> 12;
  if (name === '_==_' || name === '_!=_' || name === '@in') for (const arg of args) spendOnValues(arg, meter);
  if (name.startsWith('get') && args.length > 0) steps += TIME_ZONE_STEPS;
  return steps;
}

const lengthOf = (value: unknown): number => (typeof value === 'string' ? value.length : 0);

/** One step for each value that a comparison may look at. */
function spendOnValues(value: unknown, meter: StepMeter): void {
  meter.spend(1);
  if (isCelList(value)) for (const item of value) spendOnValues(item, meter);
  else if (isCelMap(value)) for (const [, item] of value) spendOnValues(item, meter);
}

/** What the library does otherwise than CEL's definition, or without a bound. */
function ownFunctions(
  standard: ReturnType<typeof celEnv>,
  meter: StepMeter,
  compilePattern: (source: string) => LinearPattern,
): readonly CelFunc[] {
  const [toTimestamp, toDuration, toInt, toUint] = (['timestamp', 'duration', 'int', 'uint'] as const).map((name) =>
    plan(standard, parse(`${name}(source)`)),
  ) as [Run, Run, Run, Run];
  const number = (text: string, pattern: RegExp): string => {
    if (!pattern.test(text)) throw new Error('the text is no number');
    return text;
  };
  return [
    celMethod('matches', STRING, [STRING], BOOL, function (source) {
      const pattern = compilePattern(source);
      meter.spend((this.length * pattern.size) >> 6);
      return pattern.test(this);
    }),
    // The library reads '' as 0 and ' 0x10 ' as 16, and what is no number as NaN.
    celFunc('int', [STRING], INT, (text) => toInt({ source: number(text, /^-?[0-9]{1,19}$/) }) as never),
    celFunc('uint', [STRING], UINT, (text) => toUint({ source: number(text, /^[0-9]{1,20}$/) }) as never),
    celFunc('double', [STRING], DOUBLE, (text) => Number(number(text, /^-?[0-9]+([.][0-9]+)?([eE][+-]?[0-9]+)?$/))),
    // The library takes milliseconds; CEL's definition says seconds.
    celFunc('timestamp', [INT], TIMESTAMP, (s) => toTimestamp({ source: rfc3339(Number(s) * 1000) }) as never),
    // The library answers with a timestamp, which no duration compares with.
    celFunc('_-_', [TIMESTAMP, TIMESTAMP], DURATION, (left, right) => {
      return toDuration({ source: durationBetween(left, right) }) as never;
    }),
    // The library nests a list in the next one, which is slow to read after many additions.
    celFunc('_+_', [LIST, LIST], LIST, (left, right) => {
      meter.spend((left.size + right.size) >> 3);
      return [...left, ...right] as never;
    }),
    // The library compares the double next to an integer, and converts to it.
    ...ordersOfIntegersAndDoubles(meter),
    celFunc('double', [INT], DOUBLE, (integer) => {
      const double = Number(integer);
      if (BigInt(double) !== integer) throw new Error('no double holds the integer');
      return double;
    }),
    celFunc('@step', [DYN], DYN, (value) => {
      meter.spend(1);
      return value as never;
    }),
    celFunc('@range', [DYN], DYN, (value) => {
      const isOver =
        (isCelList(value) && value.size > LIMITS.conditionListLengthMax) ||
        (isCelMap(value) && value.size > LIMITS.conditionMapSizeMax);
      if (isOver) throw new Error(`it walks more than ${LIMITS.conditionListLengthMax} elements`);
      return value as never;
    }),
  ];
}

/** JavaScript compares a bigint with a number exactly; NaN comes before and after nothing. */
function ordersOfIntegersAndDoubles(meter: StepMeter): readonly CelFunc[] {
  const orders: readonly (readonly [string, (left: bigint | number, right: bigint | number) => boolean])[] = [
    ['_<_', (left, right) => left < right],
    ['_<=_', (left, right) => left <= right],
    ['_>_', (left, right) => left > right],
    ['_>=_', (left, right) => left >= right],
  ];
  return orders.flatMap(([name, isSo]) => {
    const metered = (left: bigint | number, right: bigint | number): boolean => {
      meter.spend(1);
      return isSo(left, right);
    };
    return [
      celFunc(name, [INT, DOUBLE], BOOL, metered),
      celFunc(name, [DOUBLE, INT], BOOL, metered),
      celFunc(name, [UINT, DOUBLE], BOOL, (left, right) => metered(left.value, right)),
      celFunc(name, [DOUBLE, UINT], BOOL, (left, right) => metered(left, right.value)),
    ];
  });
}

/** A parsed condition. */
export type Expr = NonNullable<ReturnType<typeof parse>['expr']>;
type Positions = { readonly [id: string]: number };

function treeOf(expr: Expr | undefined, positions: Positions): CelNode {
  const offset = positions[String(expr?.id)] ?? 0;
  const sub = (part: Expr | undefined): CelNode => treeOf(part, positions);
  const kind = expr?.exprKind;
  switch (kind?.case) {
    case 'constExpr': {
      const { constantKind } = kind.value;
      const type = (constantKind.case ?? 'nullValue').replace(/(64)?Value$/, '') as CelConstantType;
      return { kind: 'constant', offset, type, text: String(constantKind.value ?? null) };
    }
    case 'identExpr':
      return { kind: 'name', offset, name: kind.value.name };
    case 'selectExpr':
      return {
        kind: 'select',
        offset,
        operand: sub(kind.value.operand),
        field: kind.value.field,
        isTest: kind.value.testOnly,
      };
    case 'callExpr': {
      const { function: name, target, args } = kind.value;
      const call = { kind: 'call', offset, name, args: args.map(sub) } as const;
      return target === undefined ? call : { ...call, target: sub(target) };
    }
    case 'listExpr':
      return { kind: 'list', offset, items: kind.value.elements.map(sub) };
    case 'structExpr': {
      if (kind.value.messageName !== '') return { kind: 'message', offset, name: kind.value.messageName };
      const parts = kind.value.entries.flatMap(({ keyKind, value }) =>
        keyKind.case === 'mapKey' ? [sub(keyKind.value), sub(value)] : [sub(value)],
      );
      return { kind: 'map', offset, parts };
    }
    case 'comprehensionExpr': {
      const { iterVar, iterRange, loopStep } = kind.value;
      return { kind: 'macro', offset, variable: iterVar, range: sub(iterRange), body: [sub(loopStep)] };
    }
    default:
      throw new Error('it is no CEL');
  }
}
