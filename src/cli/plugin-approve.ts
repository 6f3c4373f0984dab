// smcp plugin approve: shows what differs from what was approved, asks, and approves exactly what it showed.
// **Trust:** names, descriptions, schemas and paths are the plugin author's: what is invisible in them is made visible.

import { SmcpError } from '#base/errors.ts';
import type { Json, JsonObject } from '#base/json.ts';
import { unifiedDiff } from '#base/text-diff.ts';
import { visible, visibleJson } from '#base/visible.ts';
import { ADMIN_PREFIX } from '#operations/operation.ts';
import { findServer, requestJson } from './admin-client.ts';
import { saysYes } from './ask-person.ts';
import { type Command, EXIT, text } from './command.ts';
import { list, object, str } from './render.ts';
import { renderOperation } from './render-operation.ts';

export const pluginApproveCommand: Command = {
  words: ['plugin', 'approve'],
  arguments: ['NAME'],
  options: {
    digest: { type: 'string', placeholder: 'D', help: 'approves only what this digest names, as it was shown before' },
    yes: { type: 'boolean', help: 'approves what is shown without asking' },
    without: {
      type: 'string',
      placeholder: 'KINDS',
      help: 'kinds of capability it is not to get: net,run; or none; absent: as before',
    },
  },
  summary: 'Shows what differs between a plugin and what was approved of it, and approves it.',
  isLocal: false,
  run: async ({ home, isJson, terminal, print }, input) => {
    const path = `${ADMIN_PREFIX}/plugins/${encodeURIComponent(input.positionals[0] ?? '')}`;
    const [given, without] = [text(input, 'digest'), text(input, 'without')];
    const server = await findServer(home, terminal);
    const review = object(await requestJson(server, 'GET', `${path}/review`));
    const isSure = given !== undefined || input.options['yes'] === true;
    if (!isJson) terminal.out(reviewText(review));
    // It is served, and as the person wants it: nothing is to be approved.
    if (review['state'] === 'approved' && without === undefined && !isSure) {
      if (isJson) print(review, () => '');
      return EXIT.done;
    }
    if (!isSure && (isJson || !process.stdin.isTTY)) {
      if (isJson) print(review, () => '');
      throw unsure(str(review['name']), str(review['digest']));
    }
    if (!isSure && !(await saysYes('Approve exactly this? [y/N] '))) {
      terminal.err('not approved\n');
      return EXIT.no;
    }
    const body = { digest: given ?? String(review['digest']), ...(without === undefined ? {} : { without }) };
    const answer = await requestJson(server, 'POST', `${path}/approve`, body);
    print(answer, () => renderOperation('plugin_approve', answer));
    return EXIT.done;
  },
};

/** What a person decides about, safe to show. */
export function reviewText(review: JsonObject): string {
  const before = object(review['before']);
  const lines = [
    `plugin ${str(review['name'])}: ${review['state'] === 'approved' ? 'approved' : 'WAITS to be approved'}\n`,
    review['before'] === null
      ? 'nothing was approved under this name\n'
      : `approved before by ${str(before['by'])} at ${str(before['time'])} (${str(before['digest'])})\n`,
    ...without(review),
    ...exposed(review),
    ...list(review['differences']).map(differenceText),
    `digest ${str(review['digest'])}\n`,
  ];
  return lines.join('');
}

function without({ without: kinds }: JsonObject): readonly string[] {
  return Array.isArray(kinds) && kinds.length > 0 ? [`left out of what it asks: ${kinds.map(str).join(', ')}\n`] : [];
}

function exposed({ exposed: names, without: kinds }: JsonObject): readonly string[] {
  const isLeftOut = Array.isArray(kinds) && kinds.includes('secrets');
  if (!Array.isArray(names) || names.length === 0 || isLeftOut) return [];
  return [`ITS PROGRAM GETS TO SEE THE VALUE OF: ${names.map(str).join(', ')}; it could keep or pass it on\n`];
}

function differenceText({ kind, subject, approved = null, present = null }: JsonObject): string {
  const how = approved === null ? 'added' : present === null ? 'removed' : 'changed';
  const title = `${how}: ${str(kind)} ${str(subject)}`.trimEnd();
  return `${title}\n${indented(unifiedDiff(shown(approved), shown(present), { from: 'approved', to: 'present' }))}`;
}

/** A line for each value, with nothing invisible in it. */
const shown = (value: Json): string => (value === null ? '' : `${visibleValue(value)}\n`);

const visibleValue = (value: Json): string => (typeof value === 'string' ? visible(value) : visibleJson(value, 2));

/** Without the two lines that name the sides. */
const indented = (diff: string): string =>
  diff
    .split('\n')
    .slice(2)
    .filter((line) => line !== '' && !line.startsWith('@@'))
    .map((line) => `  ${line}\n`)
    .join('');

const unsure = (name: string, digest: string): SmcpError =>
  new SmcpError('USAGE', 'nobody can be asked here', {
    details: { remedy: `look at what is shown, then: smcp plugin approve ${name} --digest ${digest} (or --yes)` },
  });
