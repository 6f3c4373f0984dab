// The two commands of the README are `npm ci` and `npm start`: CI does the first, this the second.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { temporaryFolder } from './server.ts';

test('npm start serves with the bundled plugins, and prints how to connect', async () => {
  const folder = temporaryFolder();
  const child = spawn('npm', ['start', '--', '--port', '0', '--home', join(folder.path, 'home')], {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true,
  });
  const ended = once(child, 'exit');
  const said: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    said.push(line);
    if (line.startsWith('A new token later')) break;
  }
  const text = said.join('\n');
  expect(text).toMatch(/smcp serves 20 tools of 5 plugins on http:\/\/127\.0\.0\.1:\d+/);
  expect(text).toMatch(/export SMCP_DEMO_TOKEN=smcp_\S+/);
  const url = /http:\/\/127\.0\.0\.1:\d+/.exec(text)?.[0] ?? '';
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
  // npm, its shell and the server: the group that this test started.
  if (child.pid !== undefined) process.kill(-child.pid, 'SIGTERM');
  await ended;
  await expect
    .poll(() =>
      fetch(`${url}/healthz`).then(
        () => 'answers',
        () => 'gone',
      ),
    )
    .toBe('gone');
  folder.remove();
});
