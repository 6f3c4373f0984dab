// Enforces the layer table: every reference of every file is one that the file's area allows.

import { isBuiltin } from 'node:module';
import { posix } from 'node:path';
import { AMBIENT_NAMES, type Area, GUARDED_NAMES, OPAQUE } from './layers.ts';
import { type Reference, referencesOf } from './references.ts';
import { isNode, lineOf, type Node, type SourceFile, type Violation, walk } from './source-tree.ts';

/** The `imports` map of package.json: `#base/*` → `./src/base/*`. */
export type ImportMap = { readonly [pattern: string]: string };

const liesUnder = (path: string, area: string): boolean => path === area || path.startsWith(`${area}/`);

/** The area that a path belongs to: the longest that it lies under. */
export function areaOf(path: string, areas: readonly Area[]): Area | undefined {
  return areas.filter((area) => liesUnder(path, area.path)).sort((a, b) => b.path.length - a.path.length)[0];
}

/** The path from the root that a `#…` or relative specifier names; undefined when the map has no such entry. */
export function resolveOwn(from: string, specifier: string, map: ImportMap): string | undefined {
  if (specifier.startsWith('.')) return posix.join(posix.dirname(from), specifier).replace(/\/$/, '');
  for (const [pattern, target] of Object.entries(map)) {
    const prefix = pattern.replace(/\*$/, '');
    if (pattern === specifier) return posix.normalize(target);
    if (pattern.endsWith('*') && specifier.startsWith(prefix)) {
      return posix.normalize(target.replace('*', specifier.slice(prefix.length)));
    }
  }
  return undefined;
}

/** The package of a bare specifier: `@scope/name` or `name`. */
export function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

export const isOwn = (specifier: string): boolean => specifier.startsWith('.') || specifier.startsWith('#');

function checkBuiltin(file: SourceFile, area: Area, reference: Reference): string | undefined {
  const name = reference.specifier.replace(/^node:/, '');
  if (!reference.specifier.startsWith('node:')) return `write node:${name}`;
  if (area.builtins === 'none' || (area.builtins !== 'all' && !area.builtins.includes(name))) {
    return `${area.path} may not use ${reference.specifier}`;
  }
  const guarded = GUARDED_NAMES.find((row) => row.module === name && reference.names.includes(row.name));
  if (guarded === undefined || area.imports === 'all' || guarded.by.includes(file.path)) return undefined;
  return `${guarded.name} of ${reference.specifier} gets round the layers`;
}

function checkOwn(file: SourceFile, area: Area, reference: Reference, map: ImportMap, areas: readonly Area[]) {
  const isLocation = reference.kind === 'location';
  if (!isLocation && reference.specifier.includes('../')) return `write #layer/file.ts, not ${reference.specifier}`;
  const target = resolveOwn(file.path, reference.specifier, map);
  if (target === undefined) return `${reference.specifier} is not in the imports map of package.json`;
  const allowed = isLocation ? area.locates : area.imports;
  if (allowed === 'all' || allowed.includes('all')) return undefined;
  const targetArea = areaOf(target, areas);
  if (targetArea === undefined)
    return `${reference.specifier} leads to ${target}, which no area of the layer table holds`;
  if (targetArea.path === area.path || allowed.includes(targetArea.path) || allowed.includes(target)) return undefined;
  return `${area.path} may not ${isLocation ? 'point at' : 'import'} ${targetArea.path} (${reference.specifier})`;
}

function checkReference(file: SourceFile, area: Area, reference: Reference, map: ImportMap, areas: readonly Area[]) {
  if (reference.kind === 'opaque') {
    const isAllowed = OPAQUE.some((row) => row.path === file.path && reference.specifier.startsWith(row.what));
    return area.imports === 'all' || isAllowed ? undefined : `can't be told by reading: ${reference.specifier}`;
  }
  if (isBuiltin(reference.specifier)) return checkBuiltin(file, area, reference);
  return isOwn(reference.specifier) ? checkOwn(file, area, reference, map, areas) : undefined;
}

/** A dotted name (`Date.now`) or an identifier that is read as a value, not as a property or a key. */
function ambientName(node: Node, parent: Node | undefined): string | undefined {
  if (node.type === 'MemberExpression' && isNode(node['object']) && isNode(node['property'])) {
    return `${node['object']['name'] ?? ''}.${node['property']['name'] ?? ''}`;
  }
  if (node.type !== 'Identifier') return undefined;
  const isProperty = parent?.type === 'MemberExpression' && parent['property'] === node && parent['computed'] !== true;
  const isKey =
    parent !== undefined && parent['key'] === node && parent['computed'] !== true && parent['shorthand'] !== true;
  const isTypeName = parent?.type.startsWith('TS') === true;
  return isProperty || isKey || isTypeName ? undefined : String(node['name']);
}

function checkAmbient(file: SourceFile, area: Area): readonly Violation[] {
  if (!area.isPure) return [];
  const found: Violation[] = [];
  walk(file.program, (node, parent) => {
    const name = ambientName(node, parent);
    if (name === undefined || !AMBIENT_NAMES.includes(name)) return;
    const what = `${area.path} depends on its arguments only, not on ${name}`;
    found.push({ path: file.path, line: lineOf(file.text, node.start), rule: 'pure', what });
  });
  return found;
}

/** Every reference, and every ambient name, that the layer table does not allow. */
export function checkLayers(
  files: readonly SourceFile[],
  areas: readonly Area[],
  map: ImportMap,
): readonly Violation[] {
  return files.flatMap((file) => {
    const area = areaOf(file.path, areas);
    if (area === undefined) {
      return [{ path: file.path, line: 1, rule: 'layer', what: 'no area of the layer table holds this file' }];
    }
    const wrong = referencesOf(file).flatMap((reference) => {
      const what = checkReference(file, area, reference, map, areas);
      return what === undefined ? [] : [{ path: file.path, line: reference.line, rule: 'layer', what }];
    });
    return [...wrong, ...checkAmbient(file, area)];
  });
}
