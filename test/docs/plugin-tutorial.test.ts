// docs/plugin-tutorial.md, followed word for word by a reader who has nothing but a shell and the command.

import { readFileSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { temporaryFolder } from '#test/e2e/server.ts';
import { createReader } from './follow.ts';
import { readSteps } from './steps.ts';

const MARKDOWN = readFileSync(new URL('../../docs/plugin-tutorial.md', import.meta.url), 'utf8');
const folder = temporaryFolder();
const reader = createReader(folder.path);

afterAll(async () => {
  await reader.leave();
  folder.remove();
});

test('every file is written and every command prints what the tutorial says', async () => {
  const steps = readSteps(MARKDOWN);
  expect(steps.filter(({ kind }) => kind === 'command').length).toBeGreaterThan(10);
  for (const step of steps) await reader.follow(step);
}, 180_000);
