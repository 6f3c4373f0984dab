// Small edits of YAML documents that people wrote: one entry more, one value another; comments and layout stay as they are.
// An edit that would say anything else than was asked is thrown away. **Trust:** the text's length must have been bounded.

import { isDeepStrictEqual } from 'node:util';
import { type Document, isMap, isScalar, type Pair, parseDocument } from 'yaml';
import { isJsonObject, type Json } from './json.ts';
import { keyOf, parseYaml } from './yaml.ts';

type Parsed = Document.Parsed;

/**
 * The text with `key: {}` added to the map that `mapName` names at the top of the document; comments and layout stay.
 * Undefined when the text is of a shape in which this can't be done without changing anything else.
 */
export function addEmptyEntry(text: string, mapName: string, key: string): string | undefined {
  return edit(text, withValue({ section: mapName, key }, {}), (doc) => spliceEntry(text, doc, mapName, key));
}

/** Where a scalar is to stand: `section: {key: value}`. */
export type ScalarPlace = { readonly section: string; readonly key: string };

/**
 * The text with the scalar `value` under `section.key`; comments and layout stay. Undefined when the text is of a shape in which this
 * can't be done without changing anything else.
 */
export function setScalar(text: string, place: ScalarPlace, value: string | number | boolean): string | undefined {
  return edit(text, withValue(place, value), (doc) => spliceScalar(text, doc, { ...place, literal: value }));
}

/** An edit whose text does not say what it should is thrown away. */
function edit(
  text: string,
  wanted: (value: Json) => Json,
  splice: (doc: Parsed) => string | undefined,
): string | undefined {
  const before = parseYaml(text);
  if (before.kind === 'problems') return undefined;
  const edited = splice(parseDocument(text, { prettyErrors: false, stringKeys: true, logLevel: 'error' }));
  if (edited === undefined) return undefined;
  const after = parseYaml(edited);
  if (after.kind === 'problems') return undefined;
  return isDeepStrictEqual(after.document.value, wanted(before.document.value)) ? edited : undefined;
}

/** What the document should say after the edit. */
function withValue({ section, key }: ScalarPlace, value: Json): (before: Json) => Json {
  return (before) => {
    const top = isJsonObject(before) ? before : {};
    const map = top[section];
    return { ...top, [section]: { ...(isJsonObject(map) ? map : {}), [key]: value } };
  };
}

function spliceScalar(
  text: string,
  doc: Parsed,
  { section, key, literal }: ScalarPlace & { readonly literal: string | number | boolean },
): string | undefined {
  const top = doc.contents;
  if (!isMap(top) || top.items.length === 0) return undefined;
  const plain = typeof literal === 'string' ? plainKey(literal) : String(literal);
  // Between braces as JSON has it: the document may be JSON.
  const quoted = JSON.stringify(literal);
  const pair = top.items.find((candidate) => keyOf(candidate) === section);
  if (pair === undefined) {
    if (top.flow === true)
      return insertInFlow(text, top, `${JSON.stringify(section)}: {${JSON.stringify(key)}: ${quoted}}`);
    return `${text}${text.endsWith('\n') ? '' : '\n'}${section}:\n  ${plainKey(key)}: ${plain}\n`;
  }
  const { value: map } = pair;
  if (!isMap(map) || map.items.length === 0) return undefined;
  const known = map.items.find((candidate) => keyOf(candidate) === key);
  if (known === undefined) {
    return map.flow === true
      ? insertInFlow(text, map, `${JSON.stringify(key)}: ${quoted}`)
      : insertInBlock(text, map, `${plainKey(key)}: ${plain}`);
  }
  const range = isScalar(known.value) ? rangeOf(known.value) : undefined;
  if (range === undefined || range[0] === range[1]) return undefined;
  return `${text.slice(0, range[0])}${map.flow === true ? quoted : plain}${text.slice(range[1])}`;
}

function spliceEntry(text: string, doc: Parsed, mapName: string, key: string): string | undefined {
  const top = doc.contents;
  if (!isMap(top) || top.items.length === 0) return undefined;
  const pair = top.items.find((candidate) => keyOf(candidate) === mapName);
  if (pair === undefined) {
    if (top.flow === true) return insertInFlow(text, top, `${JSON.stringify(mapName)}: {${JSON.stringify(key)}: {}}`);
    return `${text}${text.endsWith('\n') ? '' : '\n'}${mapName}:\n  ${plainKey(key)}: {}\n`;
  }
  const { value } = pair;
  if (isMap(value) && value.items.length > 0) {
    if (value.flow === true) return insertInFlow(text, value, `${JSON.stringify(key)}: {}`);
    return insertInBlock(text, value, `${plainKey(key)}: {}`);
  }
  const [start, end] = rangeOf(isMap(value) ? value : undefined) ?? [0, 0];
  if (isMap(value) && top.flow !== true) {
    return `${text.slice(0, start).trimEnd()}\n  ${plainKey(key)}: {}${text.slice(end)}`;
  }
  if (isMap(value)) return `${text.slice(0, start)}{${JSON.stringify(key)}: {}}${text.slice(end)}`;
  // `agents:` with nothing behind it: the entry goes on the next line.
  const colon = text.indexOf(':', rangeOf(pair.key)?.[1] ?? 0);
  const endOfLine = lineEnd(text, colon);
  return `${text.slice(0, endOfLine)}\n  ${plainKey(key)}: {}${text.slice(endOfLine)}`;
}

type Collection = { readonly items: readonly Pair[] };

/** Behind the last entry, on a line of its own where the last entry has one. */
function insertInFlow(text: string, map: Collection, entry: string): string | undefined {
  const last = map.items.at(-1);
  const start = rangeOf(last?.key)?.[0];
  const end = rangeOf(last?.value)?.[1];
  if (start === undefined || end === undefined) return undefined;
  const indent = /\n([ \t]*)$/.exec(text.slice(0, start))?.[1];
  return `${text.slice(0, end)},${indent === undefined ? ' ' : `\n${indent}`}${entry}${text.slice(end)}`;
}

/** Below the last entry and the comments that are indented under it. */
function insertInBlock(text: string, map: Collection, entry: string): string | undefined {
  const last = map.items.at(-1);
  const start = rangeOf(last?.key)?.[0];
  const end = rangeOf(last?.value)?.[1] ?? rangeOf(last?.key)?.[1];
  if (start === undefined || end === undefined) return undefined;
  const indent = /(?:^|\n)( *)$/.exec(text.slice(0, start))?.[1];
  if (indent === undefined) return undefined;
  let at = lineEnd(text, text.slice(0, end).trimEnd().length);
  for (;;) {
    const next = text.slice(at + 1, lineEnd(text, at + 1));
    const comment = /^( *)#/.exec(next)?.[1];
    if (at >= text.length || comment === undefined || comment.length <= indent.length) break;
    at = lineEnd(text, at + 1);
  }
  return `${text.slice(0, at)}\n${indent}${entry}${text.slice(at)}`;
}

/** `[start, end of the value]`. */
function rangeOf(node: unknown): readonly [number, number] | undefined {
  const range = (node as { readonly range?: readonly number[] | null } | null | undefined)?.range;
  return range?.[0] === undefined || range[1] === undefined ? undefined : [range[0], range[1]];
}

function lineEnd(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end === -1 ? text.length : end;
}

/** Quoted where a reader of YAML might take it for something else than text. */
function plainKey(key: string): string {
  const isPlain = /^[a-z][a-zA-Z0-9_-]*$/.test(key) && !/^(true|false|null|yes|no|on|off|y|n)$/.test(key);
  return isPlain ? key : JSON.stringify(key);
}
