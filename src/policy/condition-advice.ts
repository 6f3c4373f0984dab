// What a condition takes for granted about a tool's arguments, compared with the tool's schema: for warnings. Pure.

import { type CelNode, childrenOf, pathOf, walkCel } from '#base/cel-tree.ts';
import { isRequired, schemasAt, schemasOfProperty, typesOf } from '#base/cel-values.ts';
import type { JsonObject } from '#base/json.ts';
import { nearest } from '#base/nearest.ts';

/** `within`: characters into the condition. */
export type ConditionAdvice = { readonly within: number; readonly message: string; readonly remedy?: string };

/** Advice for one tool; `[]` when the condition and the schema go together. */
export function adviseCondition(tree: CelNode, schema: JsonObject): readonly ConditionAdvice[] {
  return [...adviseProperties(tree, schema), ...adviseArithmetic(tree, schema)];
}

function adviseProperties(tree: CelNode, schema: JsonObject): readonly ConditionAdvice[] {
  const nodes = [...walkCel(tree)];
  const tested = new Set(nodes.flatMap(testedPath));
  const told = new Set<string>();
  return nodes.flatMap((node) => {
    const path = pathOf(node);
    if (path?.variable !== 'args' || path.fields.length === 0) return [];
    const key = path.fields.join('\0');
    if (told.has(key)) return [];
    told.add(key);
    return adviseProperty(node, path.fields, tested, schema);
  });
}

/** The path in `has(path)` and in `"name" in path`. */
function testedPath(node: CelNode): readonly string[] {
  if (node.kind === 'select' && node.isTest) return [pathOf(node)?.fields.join('\0') ?? ''];
  if (node.kind !== 'call' || node.name !== '@in') return [];
  const [name, map] = node.args;
  const path = map === undefined ? undefined : pathOf(map);
  if (path === undefined || name?.kind !== 'constant' || name.type !== 'string') return [];
  return [[...path.fields, name.text].join('\0')];
}

/** Only the last field: the ones before it are nodes of their own. */
function adviseProperty(
  node: CelNode,
  fields: readonly string[],
  tested: ReadonlySet<string>,
  schema: JsonObject,
): readonly ConditionAdvice[] {
  const name = fields.at(-1) ?? '';
  const around = schemasOfPath(fields.slice(0, -1), schema);
  const shown = `args.${fields.join('.')}`;
  const within = node.offset;
  const known = around.flatMap((part) => Object.keys((part['properties'] ?? {}) as JsonObject));
  if (!known.includes(name)) {
    if (around.length === 0 || around.some(takesOthers)) return [];
    const near = nearest(name, known);
    const remedy = near === undefined ? `its properties are: ${known.join(', ')}` : `did you mean ${near}?`;
    return [{ within, message: `the schema has no ${shown}`, ...(known.length > 0 ? { remedy } : {}) }];
  }
  if (isRequired(around, name) || tested.has(fields.join('\0'))) return [];
  const remedy = `write has(${shown}) && … where the call may be without it`;
  return [{ within, message: `${shown} is optional: a call without it makes the condition fail`, remedy }];
}

/** Whether more properties than those listed are foreseen. */
function takesOthers(schema: JsonObject): boolean {
  const others = schema['additionalProperties'];
  if (schema['patternProperties'] !== undefined || (others !== undefined && others !== false)) return true;
  const isCombined = ['$ref', 'anyOf', 'oneOf', 'allOf'].some((keyword) => schema[keyword] !== undefined);
  return others === undefined && schema['properties'] === undefined && !isCombined;
}

function schemasOfPath(fields: readonly string[], schema: JsonObject): readonly JsonObject[] {
  return fields.reduce(
    (known, field) => schemasOfProperty(known, field, schema),
    schemasAt(schema, schema) as readonly JsonObject[],
  );
}

const ARITHMETIC = ['_+_', '_-_', '_*_', '_/_', '_%_'];
const RESULTS: { readonly [name: string]: string } = { size: 'int', int: 'int', double: 'double', string: 'string' };

function adviseArithmetic(tree: CelNode, schema: JsonObject): readonly ConditionAdvice[] {
  return [...walkCel(tree)].flatMap((node) => {
    if (node.kind !== 'call' || !ARITHMETIC.includes(node.name) || node.args.length !== 2) return [];
    const sign = node.name.slice(1, -1);
    const [left, right] = node.args.map((arg) => typeOf(arg, schema));
    if (sign === '%' && (left === 'double' || right === 'double')) {
      return [{ within: node.offset, message: '% is not defined for doubles', remedy: 'make it whole with int(…)' }];
    }
    if (left === undefined || right === undefined || left === right) return [];
    const remedy = 'write 1.0 for 1 beside a double, or convert with int(…) or double(…)';
    return [{ within: node.offset, message: `${sign} does not mix ${left} and ${right}`, remedy }];
  });
}

/** The CEL type, where it is certain. */
function typeOf(node: CelNode, schema: JsonObject): string | undefined {
  if (node.kind === 'constant') return node.type;
  if (node.kind === 'call') {
    const named = RESULTS[node.name];
    if (named !== undefined) return named;
    if (!ARITHMETIC.includes(node.name)) return undefined;
    const types = new Set(childrenOf(node).map((child) => typeOf(child, schema)));
    return types.size === 1 ? [...types][0] : undefined;
  }
  const path = pathOf(node);
  if (path?.variable !== 'args') return undefined;
  const types = new Set(schemasOfPath(path.fields, schema).flatMap(typesOf));
  types.delete('null');
  if (types.size !== 1) return undefined;
  const [type] = types;
  if (type === 'integer') return 'int';
  if (type === 'number') return 'double';
  return type === 'string' ? type : undefined;
}
