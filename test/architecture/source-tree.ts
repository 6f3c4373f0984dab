// Reads and parses the project's own sources for the architecture tests. The parser is the one that vitest brings:
// a real TypeScript parser, which compilers on the old TypeScript API are not under TypeScript 7.

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseAst } from 'vitest/node';

/** A node of the ESTree as far as the checks look: its type, where it starts and ends, and everything else by name. */
export type Node = {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
};

export type SourceFile = {
  /** From the root of the project, with `/`. */
  readonly path: string;
  readonly text: string;
  readonly program: Node;
};

export type Violation = { readonly path: string; readonly line: number; readonly rule: string; readonly what: string };

export const ROOT = join(import.meta.dirname, '../..');

/** Where code of ours lives. */
const ROOTS = ['src', 'sandbox', 'plugins', 'schemas', 'test', 'bench'];

const FOREIGN_FOLDERS = new Set(['node_modules']);

/** Ours, and not an input of a test: tests are TypeScript, the plugins they try are JavaScript and wrong on purpose. */
const isOurs = (path: string): boolean => /\.(ts|js|mjs|cjs)$/.test(path) && !/^test\/.*\.[cm]?js$/.test(path);

/** Every file under the roots, and the TypeScript at the top, sorted. Installed packages are left out. */
export function listFiles(): readonly string[] {
  const found: string[] = readdirSync(ROOT).filter((name) => name.endsWith('.ts'));
  const visit = (folder: string): void => {
    for (const entry of readdirSync(join(ROOT, folder), { withFileTypes: true })) {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory() && !FOREIGN_FOLDERS.has(entry.name)) visit(path);
      if (entry.isFile()) found.push(path);
    }
  };
  for (const folder of ROOTS) if (statSync(join(ROOT, folder), { throwIfNoEntry: false })?.isDirectory()) visit(folder);
  return found.sort();
}

/** @throws with the path when the text does not parse. */
export function parseSource(path: string, text: string): SourceFile {
  try {
    const program = parseAst(text, { lang: path.endsWith('.ts') ? 'ts' : 'js', astType: 'ts' }, path);
    return { path, text, program: program as unknown as Node };
  } catch (cause) {
    throw new Error(`${path} does not parse`, { cause });
  }
}

/** Every source file of the project. */
export function readSources(): readonly SourceFile[] {
  return listFiles()
    .filter(isOurs)
    .map((path) => parseSource(path, readFileSync(join(ROOT, path), 'utf8')));
}

export function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string';
}

/** The nodes right below one. */
export function childrenOf(node: Node): readonly Node[] {
  return Object.values(node)
    .flatMap((value) => (Array.isArray(value) ? value : [value]))
    .filter(isNode);
}

/** Calls `visit` for a node and everything below it, parents first. */
export function walk(node: Node, visit: (node: Node, parent: Node | undefined) => void, parent?: Node): void {
  visit(node, parent);
  for (const child of childrenOf(node)) walk(child, visit, node);
}

/** The line of an offset, from 1. */
export function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

/** One line for a person, as the tests print it. */
export function describeViolation(violation: Violation): string {
  return `${violation.path}:${violation.line}: ${violation.rule}: ${violation.what}`;
}
