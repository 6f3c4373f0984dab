// Bounds and error codes must be in use: a row of a table that nothing reads is a promise that nothing keeps.

import { isNode, type SourceFile, type Violation, walk } from './source-tree.ts';

/** Names that some file reads off `objectName` (`LIMITS.x`, or `const { x } = LIMITS`). */
export function namesRead(files: readonly SourceFile[], objectName: string): ReadonlySet<string> {
  const found = new Set<string>();
  for (const file of files) {
    walk(file.program, (node) => {
      const object = node.type === 'MemberExpression' ? node['object'] : node['init'];
      if (!isNode(object) || object['name'] !== objectName) return;
      if (isNode(node['property'])) found.add(String(node['property']['name'] ?? node['property']['value']));
      if (!isNode(node['id']) || node['id'].type !== 'ObjectPattern') return;
      for (const { key } of node['id']['properties'] as readonly { readonly key?: { readonly name: string } }[]) {
        if (key !== undefined) found.add(key.name);
      }
    });
  }
  return found;
}

/** String literals of the files. */
export function stringsOf(files: readonly SourceFile[]): ReadonlySet<string> {
  const found = new Set<string>();
  for (const file of files) {
    walk(file.program, (node) => {
      if (node.type === 'Literal' && typeof node['value'] === 'string') found.add(node['value']);
    });
  }
  return found;
}

/** Rows of the table at `path` that are not among the names in use. */
export function checkUnused(path: string, rows: readonly string[], used: ReadonlySet<string>): readonly Violation[] {
  return rows
    .filter((name) => !used.has(name))
    .map((name) => ({ path, line: 1, rule: 'unused', what: `nothing uses ${name}` }));
}
