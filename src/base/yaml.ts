// YAML 1.2 (and so JSON) documents that people write: to plain JSON, with the line and column of everything in them.
// What edits them is yaml-edit.ts. Trusts nothing: tags, directives and duplicate keys are problems, expansion is bounded.

import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument } from 'yaml';
import type { Json } from './json.ts';
import { LIMITS } from './limits.ts';

/** Line and column from 1. */
export type Position = { readonly line: number; readonly column: number };

/** Something that is wrong with the text itself. */
export type YamlProblem = Position & { readonly message: string; readonly remedy?: string };

export type YamlDocument = {
  /** The whole document; null when it is empty. */
  readonly value: Json;
  /** Whether something in it stands for something else in it, so that an edit of one is an edit of both. */
  readonly hasAliases: boolean;
  /**
   * Where a pointer's key or value stands; the nearest place around it when it is not in the document.
   * `within`: characters into the text of a scalar, where the text in the file is the scalar's own.
   */
  readonly locate: (pointer: string, of?: 'key' | 'value', within?: number) => Position;
};

/** A document, or at least one problem. */
export type YamlOutcome =
  | { readonly kind: 'document'; readonly document: YamlDocument }
  | { readonly kind: 'problems'; readonly problems: readonly YamlProblem[] };

export type YamlOptions = {
  /** Why an alias may stand for no map and no list, and what to write instead; absent: it may. */
  readonly tiesNothing?: { readonly message: string; readonly remedy: string };
};

/**
 * Parses one document.
 *
 * **Trust:** `text` may be anybody's; its length must have been bounded by the caller.
 */
export function parseYaml(text: string, options: YamlOptions = {}): YamlOutcome {
  const lines = new LineCounter();
  const position = (offset: number): Position => {
    const { line, col } = lines.linePos(Math.min(Math.max(offset, 0), text.length));
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const { doc, failure } = parseText(text, lines);
  if (doc === undefined) return { kind: 'problems', problems: [{ line: 1, column: 1, message: failure }] };
  const problems: YamlProblem[] = [...doc.errors, ...doc.warnings]
    .slice(0, LIMITS.yamlProblemsMax)
    .map((error) => ({ ...position(error.pos[0]), message: error.message }));
  if (doc.directives?.yaml.explicit === true) {
    problems.push({ line: 1, column: 1, message: 'a %YAML directive is not taken', remedy: 'remove the directive' });
  }
  const complain: Complain = (node, message, remedy) => {
    problems.push({ ...position(offsetOf(node)), message, ...(remedy === undefined ? {} : { remedy }) });
  };
  const reader = createReader(doc, complain, options);
  const value = problems.length === 0 ? reader.read(doc.contents, 0) : null;
  if (problems.length > 0) return { kind: 'problems', problems };
  const locate: YamlDocument['locate'] = (pointer, of = 'value', within = 0) => {
    const found = find(doc, pointer, of);
    return position(offsetOf(found) + offsetWithin(text, found, within));
  };
  return { kind: 'document', document: { value, hasAliases: reader.hasAliases(), locate } };
}

type Parsed = Document.Parsed;

function parseText(text: string, lineCounter: LineCounter): { readonly doc?: Parsed; readonly failure: string } {
  try {
    // Duplicate keys are found by the reader, in linear time.
    const doc = parseDocument(text, {
      lineCounter,
      prettyErrors: false,
      uniqueKeys: false,
      stringKeys: true,
      version: '1.2',
      schema: 'core',
      merge: false,
      resolveKnownTags: false,
      // At 'silent' the library takes the first of several documents without a word.
      logLevel: 'error',
    });
    return { doc, failure: '' };
  } catch {
    return { failure: 'the document is nested too deeply' };
  }
}

type Complain = (node: unknown, message: string, remedy?: string) => void;

/** Turns nodes into JSON; stops at the first problem of a kind that would multiply. */
function createReader(doc: Parsed, complain: Complain, { tiesNothing }: YamlOptions) {
  let valuesLeft: number = LIMITS.yamlValuesMax;
  let aliasesLeft: number = LIMITS.yamlAliasesMax;
  let isStopped = false;
  const stop = (node: unknown, message: string): null => {
    if (!isStopped) complain(node, message);
    isStopped = true;
    return null;
  };
  const read = (node: unknown, depth: number): Json => {
    if (isStopped || node === null || node === undefined) return null;
    valuesLeft -= 1;
    if (valuesLeft < 0) return stop(node, `the document has more than ${LIMITS.yamlValuesMax} values`);
    if (depth > LIMITS.jsonDepthMax) return stop(node, `the document is nested deeper than ${LIMITS.jsonDepthMax}`);
    if (isAlias(node)) {
      aliasesLeft -= 1;
      if (aliasesLeft < 0) return stop(node, `the document has more than ${LIMITS.yamlAliasesMax} aliases`);
      const target = node.resolve(doc);
      if (tiesNothing !== undefined && (isMap(target) || isSeq(target))) {
        complain(node, tiesNothing.message, tiesNothing.remedy);
        return null;
      }
      if (target !== undefined) return read(target, depth + 1);
      complain(node, `no anchor ${JSON.stringify(node.source)} stands before this alias`);
      return null;
    }
    if ((node as Node).tag !== undefined) {
      complain(node, 'tags are not taken', 'remove the tag; quote the value where it must be text');
    }
    if (isScalar(node)) return readScalar(node, complain);
    if (isSeq(node)) return node.items.map((item) => read(item, depth + 1));
    if (!isMap(node)) return stop(node, 'this is not taken');
    const entries = new Map<string, Json>();
    for (const pair of node.items) {
      const key = keyOf(pair);
      if (key === undefined) complain(pair.key ?? node, 'a key must be plain text');
      else if (entries.has(key)) complain(pair.key, `the key ${JSON.stringify(key)} is there twice`, 'remove one');
      else entries.set(key, read(pair.value, depth + 1));
    }
    return Object.fromEntries(entries);
  };
  return { read, hasAliases: () => aliasesLeft < LIMITS.yamlAliasesMax };
}

function readScalar(node: { readonly value: unknown }, complain: Complain): Json {
  const { value } = node;
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  complain(node, 'this value is not JSON', 'quote it where it must be text');
  return null;
}

export function keyOf(pair: Pair): string | undefined {
  return isScalar(pair.key) && typeof pair.key.value === 'string' ? pair.key.value : undefined;
}

function find(doc: Parsed, pointer: string, of: 'key' | 'value'): unknown {
  let node: unknown = doc.contents;
  const segments = pointer === '' ? [] : pointer.slice(1).split('/');
  for (const [index, raw] of segments.entries()) {
    const segment = raw.replaceAll('~1', '/').replaceAll('~0', '~');
    const isLast = index === segments.length - 1;
    const around = isAlias(node) ? node.resolve(doc) : node;
    if (isMap(around)) {
      const pair = around.items.find((candidate) => keyOf(candidate) === segment);
      if (pair === undefined) return around;
      node = isLast && of === 'key' ? pair.key : (pair.value ?? pair.key);
    } else if (isSeq(around)) {
      const item = around.items[Number(segment)];
      if (item === undefined) return around;
      node = item;
    } else {
      return around;
    }
  }
  return node;
}

function offsetOf(node: unknown): number {
  return (node as { readonly range?: readonly number[] | null } | null)?.range?.[0] ?? 0;
}

/** `within` where the scalar's text stands in the file as it is, else 0. */
function offsetWithin(text: string, node: unknown, within: number): number {
  if (within === 0 || !isScalar(node) || typeof node.value !== 'string') return 0;
  const start = offsetOf(node);
  const quote = node.type === 'QUOTE_SINGLE' || node.type === 'QUOTE_DOUBLE' ? 1 : 0;
  return text.startsWith(node.value, start + quote) ? quote + within : 0;
}
