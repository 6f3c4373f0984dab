// What is wrong with a condition before it runs: unknown names and functions, macros too deep, patterns that are no
// patterns. Pure.

import { type CelNode, childrenOf } from './cel-tree.ts';
import { LIMITS } from './limits.ts';
import { nearest } from './nearest.ts';

/** `offset`: characters from the start of the condition. */
export type ConditionProblem = { readonly offset: number; readonly message: string; readonly remedy?: string };

export type ConditionVocabulary = {
  readonly variables: readonly string[];
  /** How each function may be called: `f/2` with two arguments, `.f/1` on a value with one. */
  readonly signatures: ReadonlySet<string>;
  /** Names that a person can write, macros included. */
  readonly functions: readonly string[];
  /** @throws where the text is no pattern. */
  readonly compilePattern: (source: string) => void;
};

const MACROS = ['all', 'exists', 'exists_one', 'filter', 'has', 'map'];
const TYPE_NAMES = ['bool', 'bytes', 'double', 'int', 'list', 'map', 'null_type', 'string', 'type', 'uint'];
/** The library's own name for what a macro gathers. */
const ACCUMULATOR = '@result';
/** Operators and what macros are made of; people write signs for them. */
const OPERATOR = /^(_|@|!_|-_)/;

/** A function that a condition may call; `target` undefined: not on a value. */
type Callable = { readonly name: string; readonly target: unknown; readonly arguments: readonly unknown[] };

export function vocabularyOf(
  variables: readonly string[],
  functions: Iterable<Callable>,
  compilePattern: (source: string) => void,
): ConditionVocabulary {
  const all = [...functions];
  const signatures = all.map((func) => `${func.target === undefined ? '' : '.'}${func.name}/${func.arguments.length}`);
  const names = all.map((func) => func.name).filter((name) => /^[a-z]/i.test(name));
  return { variables, signatures: new Set(signatures), functions: [...new Set([...names, ...MACROS])], compilePattern };
}

/** Problems in reading order; `[]` when the condition may run. */
export function checkCondition(tree: CelNode, vocabulary: ConditionVocabulary): readonly ConditionProblem[] {
  const problems: ConditionProblem[] = [];
  visit(tree, { names: new Set(vocabulary.variables), depth: 0 }, vocabulary, problems);
  return problems;
}

type Scope = { readonly names: ReadonlySet<string>; readonly depth: number };

function visit(node: CelNode, scope: Scope, vocabulary: ConditionVocabulary, problems: ConditionProblem[]): void {
  const { offset } = node;
  if (node.kind === 'name') problems.push(...checkName(node.name, offset, scope));
  if (node.kind === 'message') problems.push({ offset, message: `${node.name}{…} can't be made in a condition` });
  if (node.kind === 'call') problems.push(...checkCall(node, vocabulary));
  if (node.kind === 'constant' && node.type === 'int' && BigInt.asIntN(64, BigInt(node.text)) !== BigInt(node.text)) {
    problems.push({ offset, message: `${node.text} is beyond 64 bits` });
  }
  if (node.kind !== 'macro') {
    for (const child of childrenOf(node)) visit(child, scope, vocabulary, problems);
    return;
  }
  if (vocabulary.variables.includes(node.variable)) {
    problems.push({ offset, message: `${node.variable} is taken`, remedy: 'give the element another name' });
  }
  const depth = scope.depth + 1;
  if (depth === LIMITS.conditionMacroDepthMax + 1) {
    problems.push({ offset, message: 'macros (all, exists, map, …) nest at most once', remedy: 'split the rule' });
  }
  visit(node.range, scope, vocabulary, problems);
  const inner = { names: new Set([...scope.names, node.variable]), depth };
  for (const part of node.body) visit(part, inner, vocabulary, problems);
}

function checkName(name: string, offset: number, scope: Scope): readonly ConditionProblem[] {
  if (name === ACCUMULATOR || scope.names.has(name) || TYPE_NAMES.includes(name)) return [];
  const near = nearest(name, scope.names);
  const remedy =
    near === undefined ? `the variables here are: ${[...scope.names].join(', ')}` : `did you mean ${near}?`;
  return [{ offset, message: `there is no variable ${JSON.stringify(name)}`, remedy }];
}

function checkCall(
  node: Extract<CelNode, { readonly kind: 'call' }>,
  vocabulary: ConditionVocabulary,
): readonly ConditionProblem[] {
  const { name, offset, target, args } = node;
  if (OPERATOR.test(name)) return [];
  if (name === 'has') {
    return [{ offset, message: 'has() takes one property', remedy: 'write it as has(args.name)' }];
  }
  if (!vocabulary.signatures.has(`${target === undefined ? '' : '.'}${name}/${args.length}`)) {
    if (vocabulary.functions.includes(name)) return [{ offset, message: `${name} can't be called like this` }];
    const near = nearest(name, vocabulary.functions);
    const problem = { offset, message: `there is no function ${JSON.stringify(name)}` };
    return [near === undefined ? problem : { ...problem, remedy: `did you mean ${near}?` }];
  }
  return name === 'matches' ? checkPattern(args[0], vocabulary) : [];
}

/** A pattern is the author's, never an agent's: that keeps its cost known. */
function checkPattern(pattern: CelNode | undefined, vocabulary: ConditionVocabulary): readonly ConditionProblem[] {
  if (pattern?.kind !== 'constant' || pattern.type !== 'string') {
    const remedy = 'write the pattern itself between quotes';
    return [{ offset: pattern?.offset ?? 0, message: 'the pattern of matches() must be a literal', remedy }];
  }
  try {
    vocabulary.compilePattern(pattern.text);
    return [];
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : 'it is no pattern';
    return [{ offset: pattern.offset, message: reason, remedy: 'write the pattern as RE2 takes it' }];
  }
}
