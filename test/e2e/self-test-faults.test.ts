// A server one of whose checks is broken serves nobody: it says which door let something through, what was sent and what came back. Each fault
// is one changed line in a real server; the control is the same server with a line changed that breaks nothing.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { mutating } from './mutants.ts';
import { FAULTS } from './self-test-faults.ts';
import { smcp, startServer, temporaryFolder } from './server.ts';

const folder = temporaryFolder();
afterAll(folder.remove);

test.each(FAULTS)('does not start where $title', async ({ title, says, ...mutant }) => {
  const name = title.replaceAll(/\W+/g, '-');
  const home = join(folder.path, name, 'home');
  const { code, stdout, stderr } = await smcp(
    ['serve', '--json', '--port', '0', '--home', home],
    mutating(folder.path, name, [mutant]),
  );
  expect(stderr).toContain('SELF_TEST_FAILED');
  for (const part of says) expect(stderr).toContain(part);
  expect(stderr).toContain('install the release anew');
  expect([code, stdout]).toEqual([3, '']);
  expect(existsSync(join(home, 'server.json'))).toBe(false);
});

test('starts where a line is changed that breaks nothing', async () => {
  const mutant = {
    file: 'src/identity/tokens.ts',
    from: 'if (isAdmin) return admin;',
    to: 'if (isAdmin === true) return admin;',
  };
  const server = await startServer(join(folder.path, 'control'), [], mutating(folder.path, 'harmless', [mutant]));
  expect(await server.stop()).toBe(0);
});
