// A host of an ordinary user, for tests that run as root: builds a runtime in the folder that is its first argument, makes the
// calls of its second, `[{source, words?, warm?, timeoutMs?}]`, and says as JSON how they ended and what is left.

import { codeOf, createTestProcesses, descendantsOf, TEST_LIMITS } from './harness.ts';

type Step = {
  readonly source: string;
  readonly words?: readonly string[];
  readonly warm?: boolean;
  readonly timeoutMs?: number;
};

async function main(place: string, steps: readonly Step[]): Promise<void> {
  const sandbox = await createTestProcesses({ users: null, place });
  const results: unknown[] = [];
  for (const { source, words = [], warm = false, timeoutMs } of steps) {
    const plugin = sandbox.plugin(source);
    if (warm) await sandbox.warmUp(plugin);
    const limits = timeoutMs === undefined ? TEST_LIMITS : { ...TEST_LIMITS, timeoutMs };
    const outcome = await sandbox.call(plugin, { args: { words: [...words] }, limits });
    results.push({
      code: codeOf(outcome),
      text: outcome.kind === 'returned' ? JSON.parse(outcome.resultJson) : outcome,
    });
  }
  await sandbox.close();
  process.stdout.write(JSON.stringify({ results, left: descendantsOf(process.pid).length }));
}

await main(process.argv[2] ?? '', JSON.parse(process.argv[3] ?? '[]') as readonly Step[]);
