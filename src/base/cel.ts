// CEL conditions: checked when they are compiled, bounded when they run. With cel-functions.ts the only importer of `@bufbuild/cel`.
// Trust: the source is a person's (a policy, a workflow); what it looks at is an agent's.

import { celEnv, isCelError, parse, plan } from '@bufbuild/cel';
import { checkCondition, vocabularyOf } from './cel-check.ts';
import { helperFunctions, meteredFunctions, ownFunctions } from './cel-functions.ts';
import { boundLoops } from './cel-loops.ts';
import type { CelConstantType, CelNode } from './cel-tree.ts';
import { rfc3339 } from './clock.ts';
import {
  CONDITION_VARIABLES,
  type CompiledCondition,
  type ConditionHelpers,
  type ConditionInput,
  type ConditionOutcome,
} from './condition.ts';
import { LIMITS } from './limits.ts';
import { compileLinearPattern, type LinearPattern } from './linear-pattern.ts';
import { createStepMeter } from './step-meter.ts';

export type ConditionCompiler = { readonly compile: (source: string) => CompiledCondition };

/**
 * Compiles any number of conditions; they share functions and compiled patterns, and never run at the same time.
 *
 * @param helpers for `host` and `within`; absent: there are no such functions.
 */
export function createConditionCompiler(helpers?: ConditionHelpers): ConditionCompiler {
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
    funcs: [
      ...meteredFunctions(standard.funcs, meter),
      ...ownFunctions(standard, meter, compilePattern),
      ...(helpers === undefined ? [] : helperFunctions(helpers, meter)),
    ],
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
    labels: input.labels ?? [],
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
