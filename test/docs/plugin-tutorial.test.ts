// docs/plugin-tutorial.md, followed word for word by a reader who has nothing but a shell and the command.

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { afterAll, expect, test } from 'vitest';
import { temporaryFolder } from '#test/e2e/server.ts';
import { createReader } from './follow.ts';
import { readSteps } from './steps.ts';

const MARKDOWN = readFileSync(new URL('../../docs/plugin-tutorial.md', import.meta.url), 'utf8');
const folder = temporaryFolder();
afterAll(() => folder.remove());

/** Ports that nobody uses now. */
async function freePorts<const Named extends string>(named: readonly Named[]) {
  const servers = named.map(() => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  for (const server of servers) server.close();
  return Object.fromEntries(named.map((name, at) => [name, ports[at] ?? 0]));
}

test('every file is written and every command prints what the tutorial says', async () => {
  const steps = readSteps(MARKDOWN);
  expect(steps.filter(({ kind }) => kind === 'command').length).toBeGreaterThan(10);
  const reader = createReader(folder.path, await freePorts(['8000', '9077']));
  try {
    for (const step of steps) await reader.follow(step);
  } finally {
    await reader.leave();
  }
});
