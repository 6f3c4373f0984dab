// The functions of CEL conditions: those of the library, paid for, and those that it has otherwise than CEL's definition. Called by cel.ts.
// Trust: texts and values are an agent's.

import {
  type CelFunc,
  type CelInput,
  CelScalar,
  type CelType,
  type celEnv,
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
import { durationBetween } from './cel-values.ts';
import { rfc3339 } from './clock.ts';
import type { ConditionHelpers } from './condition.ts';
import { LIMITS } from './limits.ts';
import type { LinearPattern } from './linear-pattern.ts';
import type { StepMeter } from './step-meter.ts';

type Run = ReturnType<typeof plan>;

const { BOOL, DOUBLE, DYN, INT, STRING, UINT } = CelScalar;
const LIST = listType(DYN);
const TIMESTAMP = objectType('google.protobuf.Timestamp');
const DURATION = objectType('google.protobuf.Duration');
/** Steps of a call that asks for a time zone (about 50 µs). */
const TIME_ZONE_STEPS = 64;

/** Every function of the library, paid for before it is called. */
export function meteredFunctions(functions: Iterable<CelFunc>, meter: StepMeter): readonly CelFunc[] {
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
export function ownFunctions(
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

/** About what reading a URL costs, beside its length. */
const READING_STEPS = 16;

/** What can't be read in one way is an error: it grants nothing, and denies. */
export function helperFunctions({ hostOf, isWithin }: ConditionHelpers, meter: StepMeter): readonly CelFunc[] {
  const read = (texts: readonly string[]): void => {
    meter.spend(texts.reduce((steps, text) => steps + (text.length >> 3), READING_STEPS));
  };
  return [
    celFunc('host', [STRING], STRING, (url) => {
      read([url]);
      const host = hostOf(url);
      if (host === undefined) throw new Error('host: this is no URL that is read in one way only');
      return host;
    }),
    celFunc('within', [STRING, STRING], BOOL, (path, root) => {
      read([path, root]);
      const isInside = isWithin(path, root);
      if (isInside === undefined) throw new Error('within: these are no two paths that are read in one way only');
      return isInside;
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
