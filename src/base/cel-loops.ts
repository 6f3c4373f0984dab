// The loops of a parsed condition, made to pay for their turns. Changes the tree in place. Called by cel.ts alone, whose
// functions `@range` and `@step` it puts in.

import type { Expr } from './cel.ts';

/** Every loop pays for each turn, and walks bounded lists only. */
export function boundLoops(expr: Expr): void {
  for (const part of partsOf(expr)) if (part !== undefined) boundLoops(part);
  if (expr.exprKind.case !== 'comprehensionExpr') return;
  const loop = expr.exprKind.value;
  if (loop.iterRange !== undefined) loop.iterRange = callOf('@range', loop.iterRange);
  if (loop.loopCondition !== undefined) loop.loopCondition = callOf('@step', loop.loopCondition);
}

function partsOf({ exprKind: { case: kind, value } }: Expr): readonly (Expr | undefined)[] {
  if (kind === 'comprehensionExpr') return [value.iterRange, value.loopCondition, value.loopStep, value.result];
  if (kind === 'callExpr') return [value.target, ...value.args];
  if (kind === 'selectExpr') return [value.operand];
  if (kind === 'listExpr') return value.elements;
  if (kind !== 'structExpr') return [];
  return value.entries.flatMap((entry) => [
    entry.keyKind.case === 'mapKey' ? entry.keyKind.value : undefined,
    entry.value,
  ]);
}

function callOf(name: string, arg: Expr): Expr {
  return {
    $typeName: 'cel.expr.Expr',
    id: arg.id,
    exprKind: { case: 'callExpr', value: { $typeName: 'cel.expr.Expr.Call', function: name, args: [arg] } },
  };
}
