// Writes docs/admin-api.md from the table of operations and its examples. Run by `npm run docs:admin-api`; a test compares the two.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Example, loadExamples } from '#admin/examples.ts';
import { TOPICS } from '#admin/openapi.ts';
import { ADMIN_PREFIX, fillPath, type Operation, pathParameters, type Topic } from '#operations/operation.ts';
import { OPERATIONS } from '#operations/table.ts';
import { ADMIN_API_INTRODUCTION } from './admin-api-introduction.ts';

/** Where the page lies. */
export const ADMIN_API_DOC_PATH = join(import.meta.dirname, '../../docs/admin-api.md');

/** Commands that are written by hand over the same requests. */
const BY_HAND: { readonly [operation: string]: string } = {
  plugin_approve: 'plugin approve NAME',
  plugin_review: '',
  approvals_approve: 'approvals approve ID',
  policy_check: 'policy check FILE',
  log_prove: 'log prove ID',
  log_keys: '',
};

/** The whole page. */
export function renderAdminApiDoc(): string {
  const examples = loadExamples();
  const topics = (Object.keys(TOPICS) as Topic[]).map((topic) => {
    const own = OPERATIONS.filter((operation) => operation.topic === topic);
    return [
      `## ${topic}`,
      '',
      TOPICS[topic],
      '',
      '| operation | command | request | agents | effect |',
      '|---|---|---|---|---|',
      ...own.map(row),
      '',
      ...own.flatMap((operation) => exampleOf(operation, examples[operation.name])),
    ].join('\n');
  });
  return `${ADMIN_API_INTRODUCTION}\n${topics.join('\n')}`;
}

function row(operation: Operation): string {
  const { name, method, path, isForPeople, effect, isStop, summary } = operation;
  const command = BY_HAND[name] ?? commandOf(operation);
  const cells = [
    `**${name}**: ${summary.replaceAll('|', '\\|')}`,
    command === '' ? '' : `\`smcp ${command}\``,
    `\`${method} ${path}\``,
    isForPeople ? 'a person only' : `\`smcp__${name}\``,
    isStop ? 'stop' : effect,
  ];
  return `| ${cells.join(' | ')} |`;
}

function commandOf({ command = [], positional, fileProperty }: Operation): string {
  return [...command, ...positional.map((name) => (name === fileProperty ? 'FILE' : name.toUpperCase()))].join(' ');
}

function exampleOf(operation: Operation, example: Example | undefined): readonly string[] {
  if (example === undefined) throw new Error(`no example of ${operation.name}`);
  const { method, path, name } = operation;
  const inPath = pathParameters(path);
  const filled = fillPath(path, (part) => encodeURIComponent(String(example.input[part])));
  const rest = Object.fromEntries(Object.entries(example.input).filter(([part]) => !inPath.includes(part)));
  const query = Object.entries(rest).map(([part, value]) => `${part}=${encodeURIComponent(String(value))}`);
  const target = method !== 'POST' && query.length > 0 ? `${filled}?${query.join('&')}` : filled;
  const body = method === 'POST' && Object.keys(rest).length > 0 ? [JSON.stringify(rest)] : [];
  return [
    `\`${name}\``,
    '',
    '```http',
    ...[`${method} ${ADMIN_PREFIX}${target}`, ...body],
    '```',
    '```json',
    JSON.stringify(example.answer, undefined, 1).replace(/\n\s*/g, ' '),
    '```',
    '',
  ];
}

if (import.meta.main) writeFileSync(ADMIN_API_DOC_PATH, renderAdminApiDoc());
