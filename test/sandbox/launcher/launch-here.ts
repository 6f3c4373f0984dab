// Starts one program under the launcher, as a host of its own, and tells as JSON what came of it. Run by tests, which can so
// be hosts of any user and end one at any moment. Its one argument is a `Request`.

import { once } from 'node:events';
import { asSmcpError } from '#base/errors.ts';
import { kernelOffers } from '#sandbox/host/launcher/kernel-offers.ts';
import { startLaunch } from '#sandbox/host/launcher/launch.ts';
import type { LaunchProfile } from '#sandbox/host/launcher/launch-profile.ts';
import { openLauncher } from '#sandbox/host/launcher/launcher.ts';
import { confinementShortfalls } from '#sandbox/host/launcher/read-back.ts';
import { buildFilter, type FilterOptions } from '#sandbox/host/seccomp/filter.ts';

export type Request = {
  readonly profile: LaunchProfile;
  /** The newest ABI of Landlock to use; absent: the kernel's. */
  readonly abiMax?: number;
  /** What the filter is told otherwise: for the holes that are there without it. */
  readonly filterChanges?: Partial<FilterOptions>;
  /** Says when the program begins, and lives on until it is ended. */
  readonly isLong?: boolean;
};

export type Report = {
  readonly pid: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** The step that failed. */
  readonly failed: string | undefined;
  readonly shortfalls: readonly string[];
};

async function text(stream: AsyncIterable<Buffer> | null): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream ?? []) chunks.push(chunk);
  return Buffer.concat(chunks).toString('latin1');
}

async function main({ profile, abiMax, filterChanges, isLong }: Request): Promise<void> {
  using launcher = openLauncher();
  const offered = kernelOffers(launcher);
  const kernel = { ...offered, landlockAbi: Math.min(offered.landlockAbi, abiMax ?? offered.landlockAbi) };
  const filterOf = (options: FilterOptions) => buildFilter({ ...options, ...filterChanges });
  const { child, begun } = startLaunch({ launcher, kernel, filterOf }, profile, ['pipe', 'pipe', 'pipe']);
  const uid = profile.uid ?? kernel.uid;
  const pid = child.pid ?? 0;
  const all = [text(child.stdout), text(child.stderr), once(child, 'exit')] as const;
  let failed: string | undefined;
  let shortfalls: readonly string[] = [];
  await begun.then(
    () => {
      shortfalls = confinementShortfalls(pid, { uid });
      if (isLong === true) process.stdout.write(`${JSON.stringify({ pid, shortfalls })}\n`);
      child.stdin?.end();
    },
    (thrown) => {
      failed = String(asSmcpError(thrown).details['step']);
    },
  );
  const [stdout, stderr, [exitCode, signal]] = await Promise.all(all);
  process.stdout.write(
    JSON.stringify({ pid, stdout, stderr, exitCode, signal, failed, shortfalls } satisfies Report & {
      failed: unknown;
    }),
  );
}

await main(JSON.parse(process.argv[2] ?? '') as Request);
