// A text of help taken apart: its usage, its sections, the entries of each. As argparse of Python 3.9 to 3.14 prints it, and
// what is written by hand in its manner. Takes time linear in the text. **Trust:** the text is the plugin's.

import { LIMITS } from '#base/limits.ts';
import { withoutEscapes } from '#base/visible.ts';
import type { Parser } from './plan.ts';
import { usageItems } from './usage.ts';

/** A thing and what is said of it: an option, a positional argument, a command. */
export type HelpEntry = {
  /** Whether it lies under the entry before it: a command under the argument that takes it. */
  readonly isInner: boolean;
  /** As it is written: `-o OUT, --output OUT`. */
  readonly invocation: string;
  /** In one line; '' when nothing is said. */
  readonly help: string;
};

export type HelpSection = {
  /** In lower case, without its colon. */
  readonly title: string;
  readonly entries: readonly HelpEntry[];
};

export type HelpText = {
  /** The words of the usage, after `usage:`; `[]` when there is none. */
  readonly usage: readonly string[];
  readonly sections: readonly HelpSection[];
  readonly parser: Parser;
};

/** A title that stands where it may be indented, since it was written by hand. */
const COMMANDS_TITLE = /^(?:available |sub-?)?(?:sub-?)?commands:$/i;
/** How much deeper an inner entry lies. What is said of an entry lies deeper yet. */
const INNER_INDENT = 2;

/** Undefined when the text is longer than `LIMITS.cliHelpLengthMax`, or its usage than `LIMITS.cliUsageItemsMax`. */
export function readHelpText(text: string): HelpText | undefined {
  if (text.length > LIMITS.cliHelpLengthMax) return undefined;
  const lines = withoutEscapes(text).replaceAll('\r\n', '\n').replaceAll('\t', '        ').split('\n').map(plain);
  const start = lines.findIndex((line) => /^usage:/i.test(line));
  const usage = start === -1 ? [] : usageLines(lines, start);
  const sections = readSections(lines.filter((_, at) => at < start || at >= start + usage.length));
  const items = usageItems(
    usage
      .join(' ')
      .replace(/^usage:/i, '')
      .replace(/ +/g, ' '),
  );
  if (items.length > LIMITS.cliUsageItemsMax) return undefined;
  return { usage: items, sections, parser: parserOf(usage[0] ?? '', items, sections) };
}

/** Argparse writes `usage:` small; optparse and click write it large, and say the same of their help. */
function parserOf(firstLine: string, usage: readonly string[], sections: readonly HelpSection[]): Parser {
  if (usage.includes('[-h]')) return 'argparse';
  const explainsHelp = sections.some(({ entries }) =>
    entries.some(({ help }) => /^show this (help )?message and exit\.?$/i.test(help)),
  );
  if (!explainsHelp) return 'unknown';
  return firstLine.startsWith('usage:') ? 'argparse' : 'alike';
}

/** Without what a terminal would act on, and without space at its end. */
const plain = (line: string): string => line.replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/gu, ' ').trimEnd();

const indentOf = (line: string): number => line.length - line.trimStart().length;

/** From `usage:` to the first line that is empty or not indented. */
function usageLines(lines: readonly string[], start: number): readonly string[] {
  const after = lines.slice(start + 1);
  const end = after.findIndex((line) => indentOf(line) === 0);
  return lines.slice(start, end === -1 ? lines.length : start + 1 + end);
}

function readSections(lines: readonly string[]): readonly HelpSection[] {
  const sections: { readonly title: string; readonly indent: number; readonly lines: string[] }[] = [];
  let isOpen = false;
  for (const line of lines) {
    const text = line.trimStart();
    const indent = indentOf(line);
    const section = sections.at(-1);
    if (text === '') continue;
    if ((indent === 0 && text.endsWith(':')) || COMMANDS_TITLE.test(text)) {
      sections.push({ title: text.slice(0, -1).toLowerCase(), indent, lines: [] });
      isOpen = true;
    } else if (section !== undefined && isOpen && indent > section.indent) {
      section.lines.push(line);
    } else {
      isOpen = false;
    }
  }
  return sections.map(({ title, lines: own }) => ({ title, entries: readEntries(own) }));
}

function readEntries(lines: readonly string[]): readonly HelpEntry[] {
  const base = Math.min(...lines.slice(0, 1).map(indentOf));
  const entries: { isInner: boolean; invocation: string; help: string[] }[] = [];
  for (const line of lines) {
    const indent = indentOf(line);
    const text = line.trimStart();
    if (indent > base + INNER_INDENT) {
      entries.at(-1)?.help.push(text);
      continue;
    }
    const gap = text.indexOf('  ');
    const invocation = gap === -1 ? text : text.slice(0, gap);
    entries.push({ isInner: indent > base, invocation, help: gap === -1 ? [] : [text.slice(gap).trimStart()] });
  }
  return entries.map(({ help, ...entry }) => ({ ...entry, help: help.join(' ').replace(/ +/g, ' ') }));
}
