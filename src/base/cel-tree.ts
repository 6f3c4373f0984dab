// A condition as a tree that can be looked at without the CEL library: for checks before it runs, and for advice. Pure.

/** `offset`: characters from the start of the source, at the node's own sign (the operator, the dot, the name). */
export type CelNode =
  | { readonly kind: 'constant'; readonly offset: number; readonly type: CelConstantType; readonly text: string }
  | { readonly kind: 'name'; readonly offset: number; readonly name: string }
  /** `operand.field`; `isTest`: inside `has()`. */
  | {
      readonly kind: 'select';
      readonly offset: number;
      readonly operand: CelNode;
      readonly field: string;
      readonly isTest: boolean;
    }
  /** Operators are calls too: `_+_`, `_[_]`, `_?_:_`, `@in`, `!_`. */
  | {
      readonly kind: 'call';
      readonly offset: number;
      readonly name: string;
      readonly target?: CelNode;
      readonly args: readonly CelNode[];
    }
  | { readonly kind: 'list'; readonly offset: number; readonly items: readonly CelNode[] }
  | { readonly kind: 'map'; readonly offset: number; readonly parts: readonly CelNode[] }
  | { readonly kind: 'message'; readonly offset: number; readonly name: string }
  /** `range.all(variable, …)`; `body`: what runs for each element. */
  | {
      readonly kind: 'macro';
      readonly offset: number;
      readonly variable: string;
      readonly range: CelNode;
      readonly body: readonly CelNode[];
    };

export type CelConstantType = 'bool' | 'bytes' | 'double' | 'int' | 'null' | 'string' | 'uint';

/** The node's parts, in reading order. */
export function childrenOf(node: CelNode): readonly CelNode[] {
  switch (node.kind) {
    case 'constant':
    case 'name':
    case 'message':
      return [];
    case 'select':
      return [node.operand];
    case 'call':
      return node.target === undefined ? node.args : [node.target, ...node.args];
    case 'list':
      return node.items;
    case 'map':
      return node.parts;
    case 'macro':
      return [node.range, ...node.body];
  }
}

/** The node and everything below it, in reading order. */
export function* walkCel(node: CelNode): Generator<CelNode> {
  yield node;
  for (const child of childrenOf(node)) yield* walkCel(child);
}

/**
 * The fields from a variable to this node: `args.a["b"].c` is `{variable: 'args', fields: ['a', 'b', 'c']}`. Undefined
 * for what is not such a path.
 */
export function pathOf(node: CelNode): { readonly variable: string; readonly fields: readonly string[] } | undefined {
  if (node.kind === 'name') return { variable: node.name, fields: [] };
  if (node.kind === 'select') return extend(node.operand, node.field);
  if (node.kind !== 'call' || node.name !== '_[_]') return undefined;
  const [operand, key] = node.args;
  if (operand === undefined || key?.kind !== 'constant' || key.type !== 'string') return undefined;
  return extend(operand, key.text);
}

function extend(operand: CelNode, field: string): ReturnType<typeof pathOf> {
  const path = pathOf(operand);
  return path === undefined ? undefined : { variable: path.variable, fields: [...path.fields, field] };
}
