// docs/sandbox-audit.md says what the audit would: every attack that there is and no other, and as open what is accepted.

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { IS_ROOT } from '#test/sandbox/launcher/harness.ts';
import { ACCEPTED } from './audit/accepted.ts';
import { BOMBS } from './audit/bombs.ts';
import { attackServer, CONFIGURATIONS } from './audit/configurations.ts';
import { ISOLATE_ATTACKS } from './audit/isolates.ts';
import { acceptedSection, titleOf } from './audit/page.ts';

const PAGE = readFileSync(new URL('../../docs/sandbox-audit.md', import.meta.url), 'utf8');
const AUDIT = fileURLToPath(new URL('./audit/main.ts', import.meta.url));

/** The cells of every table, by its title and the attack. */
function cellsOf(page: string): ReadonlyMap<string, readonly string[]> {
  const cells = new Map<string, readonly string[]>();
  for (const section of page.split('\n## ').slice(1)) {
    const [title = '', ...lines] = section.split('\n');
    for (const line of lines.filter((one) => one.startsWith('| ')).slice(2)) {
      const [name = '', ...rest] = line.slice(2, -2).split(' | ');
      cells.set(`${title}: ${name}`, rest);
    }
  }
  return cells;
}

test('it has every attack, and none that is not tried', async () => {
  const acts = await attackServer(IS_ROOT ? 'root' : 'ordinary', { isFree: false }, ['acts', 'wardens']);
  const tried = [
    ...acts,
    ...BOMBS.map(({ name }) => ({ group: 'bombs', name })),
    ...ISOLATE_ATTACKS.map(({ name }) => ({ group: 'isolates', name })),
  ].map(({ group, name }) => `${titleOf(group)}: ${name}`);
  expect([...cellsOf(PAGE).keys()].sort()).toEqual(tried.sort());
});

test('it has every configuration, and says what is accepted and why', () => {
  CONFIGURATIONS.forEach(({ title }, place) => {
    expect(PAGE).toContain(`\n${place + 1}. ${title}\n`);
  });
  expect(PAGE).toContain(acceptedSection());
});

test('what is open in it is what is accepted, in each configuration', () => {
  const open = [...cellsOf(PAGE)].flatMap(([key, cells]) =>
    cells.flatMap((cell, place) => (cell === '**open**' ? [`${key} ${place}`] : [])),
  );
  const accepted = ACCEPTED.flatMap((one) =>
    CONFIGURATIONS.flatMap((configuration, place) =>
      one.isIn(configuration) ? [`${titleOf(one.group)}: ${one.name} ${place}`] : [],
    ),
  );
  expect(open.sort()).toEqual(accepted.sort());
});

test.each([
  [['--only', 'root,none'], 'no configuration none'],
  [['--only', 'root', '--write'], 'the page is written whole'],
])('an audit is not begun with %j', (words, why) => {
  const { status, stderr } = spawnSync(process.execPath, [AUDIT, ...words], { encoding: 'utf8' });
  expect(status).toBe(2);
  expect(stderr).toContain(why);
});
