// Three hundred lives of wardens (or as many as the argument says), two at a time. Exit code 1 when any call failed.
// Run: node test/stress/warden-lives.ts [count]

import { createTestSandbox } from '#test/sandbox/harness.ts';
import { liveAndDie } from '#test/sandbox/lives.ts';

const sandbox = createTestSandbox();
const from = performance.now();
const { lives, failures } = await liveAndDie(sandbox, Number(process.argv[2] ?? 300), 2);
await sandbox.close();
const seconds = ((performance.now() - from) / 1000).toFixed(1);
process.stdout.write(
  `${lives} lives in ${seconds} s, ${failures.length} failures ${JSON.stringify([...new Set(failures)])}\n`,
);
process.exitCode = failures.length === 0 ? 0 : 1;
