// The controls of the law of administration: in a build in which one check is weakened, the very sequences that CI runs find somebody who got
// more. A law that no weakened check breaks would say nothing.

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, test } from 'vitest';
import { WEAK_CHECKS } from './laws-mutants.ts';
import type { LawOptions, LawResult } from './laws-property.ts';
import { LAW } from './laws-seed.ts';
import { type Mutant, mutatedCopy } from './mutants.ts';
import { temporaryFolder } from './server.ts';

const run = promisify(execFile);
const folder = temporaryFolder();
afterAll(folder.remove);

/** The law over a build with these lines changed, in a process of its own. */
async function lawWith(name: string, mutants: readonly Mutant[], options: LawOptions): Promise<LawResult> {
  const root = mutatedCopy(folder.path, name.replaceAll(/\W+/g, '-'), mutants);
  const { stdout } = await run(process.execPath, [join(root, 'test/e2e/laws-run.ts'), JSON.stringify(options)], {
    cwd: root,
    env: { PATH: process.env['PATH'] ?? '' },
  });
  return JSON.parse(stdout) as LawResult;
}

// Each is a build with a server of its own, which mostly waits.
describe.concurrent('the law is broken where', () => {
  test.for(WEAK_CHECKS)('$title', async ({ title, mutants, finds }, { expect }) => {
    const { failed, error, runs } = await lawWith(title, mutants, LAW);
    expect({ failed, error }).toEqual({ failed: true, error: expect.stringMatching(finds) });
    expect(runs).toBeLessThanOrEqual(LAW.numRuns);
  });
});
