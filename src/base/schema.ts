// JSON Schema 2020-12. The only importer of ajv. Our own schemas are checked strictly; tools' schemas are
// foreign: any 2020-12, formats annotate. Patterns run in linear time, since plugin authors and agents write them, and
// every check is counted.

import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import { boundedSchema, meteredKeywords } from './bounded-schema.ts';
import { SmcpError } from './errors.ts';
import { pointerSegment } from './exact-json.ts';
import type { JsonObject } from './json.ts';
import { LIMITS } from './limits.ts';
import { compileLinearPattern } from './linear-pattern.ts';
import { nearest } from './nearest.ts';
import { createStepBudget, createStepMeter, type StepMeter } from './step-meter.ts';

/**
 * One thing wrong with a value: where (JSON pointer, '' for the whole), what and, for a key that a schema of ours does
 * not know, what to do.
 */
export type Problem = { readonly pointer: string; readonly message: string; readonly remedy?: string };

export type Validator = (value: unknown) => readonly Problem[];

type RegExpLike = { readonly test: (text: string) => boolean; readonly toString: () => string };

/**
 * ajv's hook for patterns. A pattern that the linear-time engine can't take throws, and the schema is refused.
 * ajv keeps compiled patterns by their `toString()`: without one of its own, every pattern would be the first one.
 */
const linearRegExp = Object.assign(
  (pattern: string): RegExpLike => {
    const compiled = compileLinearPattern(pattern, 'ecmascript');
    return { test: (text) => compiled.test(text), toString: () => pattern };
  },
  { code: 'linearRegExp' },
);

const describeError = (error: ErrorObject): Problem => {
  const name =
    error.params['missingProperty'] ?? error.params['additionalProperty'] ?? error.params['unevaluatedProperty'];
  const allowed = error.params['allowedValues'];
  const only = error.params['allowedValue'];
  const values = Array.isArray(allowed)
    ? `: ${allowed.map((value) => JSON.stringify(value)).join(', ')}`
    : only === undefined
      ? ''
      : `: ${JSON.stringify(only)}`;
  const what = typeof name === 'string' && error.keyword !== 'required' ? ` (${JSON.stringify(name)})` : '';
  const remedy = remedyForUnknownKey(error);
  return {
    pointer: error.instancePath,
    message: `${error.message ?? 'is invalid'}${what}${values}`,
    ...(remedy === undefined ? {} : { remedy }),
  };
};

/** Only for schemas compiled with `verbose`, where an error carries the schema that it broke. */
function remedyForUnknownKey(error: ErrorObject): string | undefined {
  const unknown = error.params['additionalProperty'];
  const properties = error.parentSchema?.['properties'];
  if (typeof unknown !== 'string' || typeof properties !== 'object' || properties === null) return undefined;
  const keys = Object.keys(properties);
  const near = nearest(unknown, keys);
  return near === undefined ? `the keys here are: ${keys.join(', ')}` : `did you mean ${JSON.stringify(near)}?`;
}

const asValidator =
  (validate: ValidateFunction): Validator =>
  (value) => {
    if (validate(value)) return [];
    const errors = validate.errors ?? [];
    // An `if` only repeats what its branch says; what stands alone is kept, so that nothing invalid looks valid.
    const telling = errors.filter((error) => error.keyword !== 'if');
    return (telling.length > 0 ? telling : errors).map(describeError);
  };

/** A validator for a schema of ours: unknown keywords and formats are bugs. Reports every problem. */
export function compileOwnSchema(schema: JsonObject): Validator {
  const ajv = new Ajv2020({
    strict: true,
    allowUnionTypes: true,
    allErrors: true,
    verbose: true,
    code: { regExp: linearRegExp },
  });
  return asValidator(ajv.compile(schema));
}

/** Makes validators of schemas that plugins brought. One compiler for many schemas is about ten times as fast. */
export type ForeignSchemaCompiler = (schema: JsonObject) => Validator;

/**
 * A compiler of foreign schemas. No schema can refer to, or collide with, another one: those that give names
 * (`$id` and the like) are compiled apart. A check of a value takes at most `LIMITS.schemaStepsMax` steps, whatever the
 * schema and the value; a value that would take more does not fit.
 *
 * **Trust:** the schemas are plugin authors', the values are an agent's or a guest's.
 * @throws (when called) `PATTERN_UNSUPPORTED` with `details.pointer` of the pattern · `MANIFEST_INVALID` when it is no usable
 * schema or over a bound.
 */
export function createForeignSchemaCompiler(): ForeignSchemaCompiler {
  const meter = createStepMeter();
  const shared = createForeignAjv(meter, { isForOne: false });
  return (schema) => {
    const unsupported = findUnsupportedPattern(schema, '');
    if (unsupported !== undefined) {
      throw new SmcpError(
        'PATTERN_UNSUPPORTED',
        `the pattern at ${unsupported.pointer} needs what no linear-time engine takes: ${unsupported.reason}`,
        {
          details: {
            pointer: unsupported.pointer,
            remedy: 'write the pattern without look-around and back-references',
          },
        },
      );
    }
    try {
      meter.use(createStepBudget(LIMITS.schemaStepsMax));
      const validate = (needsItsOwn(schema) ? createForeignAjv(meter, { isForOne: true }) : shared).compile(
        boundedSchema(schema),
      );
      if ('$async' in validate) throw new Error('$async schemas are not taken');
      return bounded(asValidator(validate), meter);
    } catch (cause) {
      if (cause instanceof SmcpError) throw cause;
      const reason = cause instanceof Error ? cause.message : 'unknown';
      throw new SmcpError('MANIFEST_INVALID', `not a usable JSON Schema 2020-12: ${reason}`, {
        cause,
        details: { pointer: '' },
      });
    }
  };
}

/** What ends early has not been found to fit. */
const bounded =
  (validate: Validator, meter: StepMeter): Validator =>
  (value) => {
    meter.use(createStepBudget(LIMITS.schemaStepsMax));
    try {
      return validate(value);
    } catch (thrown) {
      if (meter.isEmpty()) return [{ pointer: '', message: 'takes too many steps to check' }];
      if (thrown instanceof RangeError) return [{ pointer: '', message: 'is nested too deeply for the schema' }];
      throw thrown;
    }
  };

function createForeignAjv(meter: StepMeter, { isForOne }: { readonly isForOne: boolean }): Ajv2020 {
  const ajv = new Ajv2020({
    strict: false,
    validateFormats: false,
    allErrors: false,
    addUsedSchema: isForOne,
    // What is inlined wherever it is referred to would grow with the square of the schema.
    inlineRefs: false,
    logger: false,
    $comment: (cost) => meter.spend(Number(cost) || 1),
    code: { regExp: meteredRegExp(meter) },
  });
  for (const keyword of meteredKeywords(meter)) {
    ajv.removeKeyword(keyword.keyword);
    ajv.addKeyword(keyword);
  }
  return ajv;
}

/** A pattern's work is paid for by text and pattern; a unit is about 16 ns. */
function meteredRegExp(meter: StepMeter): typeof linearRegExp {
  return Object.assign(
    (pattern: string): RegExpLike => {
      const compiled = compileLinearPattern(pattern, 'ecmascript');
      const test = (text: string): boolean => {
        meter.spend(1 + ((text.length * compiled.size) >> 2));
        return compiled.test(text);
      };
      return { test, toString: () => pattern };
    },
    { code: linearRegExp.code },
  );
}

/**
 * Whether the text of the schema holds a keyword that ajv would remember by name, or refers to itself, which ajv resolves
 * only for a schema that it remembers; too often yes does no harm.
 */
const needsItsOwn = (schema: JsonObject): boolean =>
  /"\$(id|anchor|dynamicAnchor|schema)":|"\$ref":"#\/?"/.test(JSON.stringify(schema));

function findUnsupportedPattern(node: unknown, pointer: string): { pointer: string; reason: string } | undefined {
  if (typeof node !== 'object' || node === null) return undefined;
  for (const [key, value] of Object.entries(node)) {
    const here = `${pointer}/${pointerSegment(key)}`;
    if (key === 'enum' || key === 'const' || key === 'default' || key === 'examples') continue;
    const patterns =
      key === 'pattern' && typeof value === 'string'
        ? [value]
        : key === 'patternProperties' && typeof value === 'object' && value !== null
          ? Object.keys(value)
          : [];
    for (const pattern of patterns) {
      try {
        linearRegExp(pattern);
      } catch (cause) {
        return { pointer: here, reason: cause instanceof Error ? cause.message : 'unsupported' };
      }
    }
    const found = findUnsupportedPattern(value, here);
    if (found !== undefined) return found;
  }
  return undefined;
}
