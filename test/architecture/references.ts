// Finds every way in which a source file names another module: imports, re-exports, import types, dynamic imports,
// require, `new URL(…, import.meta.url)`, import.meta.resolve, and imports inside JSDoc types.

import { isNode, lineOf, type Node, type SourceFile, walk } from './source-tree.ts';

export type Reference = {
  /** `code` runs it · `type` is erased · `location` points at the file · `opaque` can't be told by reading. */
  readonly kind: 'code' | 'type' | 'location' | 'opaque';
  /** As written; for `opaque`, what stands there. */
  readonly specifier: string;
  /** Names taken from it; `*` when it is all of them. */
  readonly names: readonly string[];
  readonly line: number;
};

const isMember = (node: unknown, object: string, property: string): boolean =>
  isNode(node) &&
  node.type === 'MemberExpression' &&
  isNode(node['object']) &&
  nameOf(node['object']) === object &&
  nameOf(node['property']) === property;

/** An identifier's name, `import.meta` for that; '' for anything else. */
function nameOf(node: unknown): string {
  if (!isNode(node)) return '';
  if (node.type === 'MetaProperty') return nameOf(node['meta']) === 'import' ? 'import.meta' : 'new.target';
  return node.type === 'Identifier' && typeof node['name'] === 'string' ? node['name'] : '';
}

function literalOf(node: unknown): string | undefined {
  if (!isNode(node)) return undefined;
  if (node.type === 'Literal' && typeof node['value'] === 'string') return node['value'];
  if (node.type !== 'TemplateLiteral') return undefined;
  const quasis = node['quasis'] as readonly { readonly value: { readonly cooked: string } }[];
  return quasis.length === 1 ? quasis[0]?.value.cooked : undefined;
}

function importedNames(node: Node): readonly string[] {
  const specifiers = (node['specifiers'] ?? []) as readonly Node[];
  return specifiers.map((specifier) => {
    const imported = specifier['imported'] ?? specifier['local'];
    const isAll = specifier.type === 'ImportNamespaceSpecifier' || specifier.type === 'ImportDefaultSpecifier';
    return isAll ? '*' : nameOf(imported) || (literalOf(imported) ?? '*');
  });
}

type Found = Omit<Reference, 'line'> | undefined;

const named = (kind: Reference['kind'], source: unknown, names: readonly string[], text: string): Found => {
  const specifier = literalOf(source);
  return specifier === undefined ? { kind: 'opaque', specifier: text, names } : { kind, specifier, names };
};

function referenceOf(node: Node, text: string): Found {
  const args = (node['arguments'] ?? []) as readonly unknown[];
  switch (node.type) {
    case 'ImportDeclaration':
      return named(node['importKind'] === 'type' ? 'type' : 'code', node['source'], importedNames(node), text);
    case 'ExportAllDeclaration':
      return named(node['exportKind'] === 'type' ? 'type' : 'code', node['source'], ['*'], text);
    case 'ExportNamedDeclaration':
      if (node['source'] === null || node['source'] === undefined) return undefined;
      return named(node['exportKind'] === 'type' ? 'type' : 'code', node['source'], importedNames(node), text);
    case 'ImportExpression':
      return named('code', node['source'], ['*'], text);
    case 'TSImportType':
      return named('type', node['source'], ['*'], text);
    case 'TSExternalModuleReference':
      return named('code', node['expression'], ['*'], text);
    case 'NewExpression':
      if (nameOf(node['callee']) !== 'URL' || !isMember(args[1], 'import.meta', 'url')) return undefined;
      return named('location', args[0], [], text);
    case 'CallExpression':
      if (nameOf(node['callee']) === 'require' || isMember(node['callee'], 'require', 'resolve')) {
        return named('code', args[0], ['*'], text);
      }
      if (isMember(node['callee'], 'import.meta', 'resolve')) return named('location', args[0], [], text);
      return undefined;
    default:
      return undefined;
  }
}

/** The `import.meta` inside a node that referenceOf has read, or that says nothing about other files. */
function accountedMeta(node: Node): unknown {
  const args = (node['arguments'] ?? []) as readonly Node[];
  if (node.type === 'NewExpression' && nameOf(node['callee']) === 'URL' && isMember(args[1], 'import.meta', 'url')) {
    return args[1]?.['object'];
  }
  if (node.type === 'CallExpression' && isMember(node['callee'], 'import.meta', 'resolve')) {
    return (node['callee'] as Node)['object'];
  }
  return isMember(node, 'import.meta', 'main') ? node['object'] : undefined;
}

/** Imports inside JSDoc types and `@import` tags: types only, and invisible to the parser. */
function referencesInComments(file: SourceFile): readonly Reference[] {
  const found: Reference[] = [];
  for (const [index, text] of file.text.split('\n').entries()) {
    if (!/^\s*(\/\*\*|\*|\/\/)/.test(text)) continue;
    const matches = [
      ...text.matchAll(/import\(\s*['"]([^'"]+)['"]\s*\)/g),
      ...text.matchAll(/@import\s.*?from\s+['"]([^'"]+)['"]/g),
    ];
    for (const match of matches) found.push({ kind: 'type', specifier: match[1] ?? '', names: ['*'], line: index + 1 });
  }
  return found;
}

/** Every reference of a file, in no particular order. */
export function referencesOf(file: SourceFile): readonly Reference[] {
  const found: Reference[] = [...(/\.(js|mjs|cjs)$/.test(file.path) ? referencesInComments(file) : [])];
  const accounted = new Set<unknown>();
  walk(file.program, (node, parent) => {
    accounted.add(accountedMeta(node));
    const line = (): number => lineOf(file.text, node.start);
    if (nameOf(node) === 'import.meta' && !accounted.has(node)) {
      const what = parent === undefined ? 'import.meta' : file.text.slice(parent.start, parent.end);
      found.push({ kind: 'opaque', specifier: what, names: [], line: line() });
    }
    const reference = referenceOf(node, file.text.slice(node.start, node.end));
    if (reference !== undefined) found.push({ ...reference, line: line() });
  });
  return found;
}
