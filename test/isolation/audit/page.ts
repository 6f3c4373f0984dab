// The audit as a page for people: a table for each kind of attack, what is accepted, and what could not be tried. Pure.

import { ACCEPTED } from './accepted.ts';
import type { Configuration } from './configurations.ts';
import { keyOf, type Row, type Verdict } from './judge.ts';

export type Audit = {
  /** Of the machine, in words. */
  readonly machine: string;
  readonly configurations: readonly Configuration[];
  readonly rows: readonly Row[];
  readonly left: readonly { readonly title: string; readonly why: string }[];
};

const SIGNS: { readonly [verdict in Verdict]: string } = { blocked: '·', open: '**open**', unproven: '–' };

const TITLES: { readonly [group: string]: string } = {
  bombs: 'restricted children: bombs',
  isolates: 'isolates: guests',
  wardens: 'wardens: arbitrary code after an escape from V8',
};

export const titleOf = (group: string): string => TITLES[group] ?? `restricted children: ${group}`;

function tableOf(group: string, rows: readonly Row[], configurations: readonly Configuration[]): string {
  const head = ['attack', ...configurations.map((_, place) => String(place + 1))];
  const lines = rows.map(({ name, verdicts }) => [
    name,
    ...configurations.map(({ id }) => {
      const verdict = verdicts[id];
      return verdict === undefined ? '' : SIGNS[verdict];
    }),
  ]);
  const text = [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
  return `## ${titleOf(group)}\n\n${text}\n`;
}

/** Written by `npm run sandbox:audit -- --write`, held against the data by a test. */
export function acceptedSection(): string {
  const lines = ACCEPTED.map((one) => `- **${keyOf(one)}** (${one.where}): ${one.reason}`);
  return `## What is open, and accepted\n\n${lines.join('\n')}\n`;
}

export function pageOf({ machine, configurations, rows, left }: Audit): string {
  const groups = [...new Set(rows.map(({ group }) => group))];
  const count = (verdict: Verdict) =>
    rows.flatMap(({ verdicts }) => Object.values(verdicts)).filter((one) => one === verdict).length;
  const kinds = configurations.map(({ title }, place) => `${place + 1}. ${title}`).join('\n');
  const missing = left.map(({ title, why }) => `- ${title}: ${why}`).join('\n');
  return [
    '# The sandbox, audited\n',
    `\`npm run sandbox:audit\` attacks the sandbox of the machine that it runs on and prints this page. The attacks are run by
the real runtime, each of a restricted child in a process of its own; each was also run with no sandbox, as the same user in the same
place. This is the outcome of
${machine}.\n`,
    `${SIGNS.blocked} blocked, and works with no sandbox (${count('blocked')}) · ${SIGNS.open} works (${count('open')}) · ${SIGNS.unproven} fails with no sandbox too, since this
kernel lacks it or refuses it to that user, and so proves nothing (${count('unproven')})\n`,
    `The server is\n\n${kinds}\n`,
    ...(missing === '' ? [] : [`Not tried:\n\n${missing}\n`]),
    acceptedSection(),
    ...groups.map((group) =>
      tableOf(
        group,
        rows.filter((row) => row.group === group),
        configurations,
      ),
    ),
  ].join('\n');
}
