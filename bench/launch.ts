// What the launcher adds to the start of a program: `node bench/launch.ts [PAIRS]`. A program that does nothing is started
// in turns by itself and under the launcher, as the same user, so that what else the machine does falls on both.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { kernelOffers } from '#sandbox/host/launcher/kernel-offers.ts';
import { createFilterBook, type LaunchPorts, startLaunch } from '#sandbox/host/launcher/launch.ts';
import type { LaunchProfile } from '#sandbox/host/launcher/launch-profile.ts';
import { openLauncher } from '#sandbox/host/launcher/launcher.ts';
import { systemReadPaths } from '#sandbox/host/launcher/system-paths.ts';
import { median, percentile } from './statistics.ts';

const PAIRS_BY_DEFAULT = 100;
/** The first few pay for what Node and the kernel keep. */
const WARM_UP_PAIRS = 10;
const OWN_UID = 61_234;
const COMMAND = ['/usr/bin/true'] as const;

async function timed(start: () => { once(event: 'exit', listener: () => void): unknown }): Promise<number> {
  const fromMs = performance.now();
  await once(start() as never, 'exit');
  return performance.now() - fromMs;
}

async function main(pairs: number): Promise<void> {
  using launcher = openLauncher();
  const kernel = kernelOffers(launcher);
  const ports: LaunchPorts = { launcher, kernel, filterOf: createFilterBook() };
  const profile: LaunchProfile = {
    program: 'general',
    paths: systemReadPaths('native'),
    network: 'none',
    ...(kernel.uid === 0 ? { uid: OWN_UID } : {}),
    limits: { dataBytes: 2 ** 28, fileBytes: 2 ** 20, descriptors: 64, processes: 64, stackBytes: 2 ** 23 },
    env: {},
    cwd: '/',
    command: [...COMMAND],
    keptDescriptors: [0, 1, 2],
  };
  const direct: number[] = [];
  const launched: number[] = [];
  for (let pair = 0; pair < pairs + WARM_UP_PAIRS; pair++) {
    const both = [
      async () => direct.push(await timed(() => spawn(COMMAND[0], [], { env: {}, cwd: '/', stdio: 'ignore' }))),
      async () => launched.push(await timed(() => startLaunch(ports, profile, ['ignore', 'ignore', 'ignore']).child)),
    ];
    for (const run of pair % 2 === 0 ? both : both.reverse()) await run();
  }
  const added = launched.map((ms, place) => ms - (direct[place] ?? ms)).slice(WARM_UP_PAIRS);
  const show = (name: string, values: readonly number[]) => {
    const [p10, p50, p90] = [percentile(values, 0.1), median(values), percentile(values, 0.9)];
    const shown = [`p10 ${p10?.toFixed(2)}`, `p50 ${p50?.toFixed(2)}`, `p90 ${p90?.toFixed(2)}`];
    process.stdout.write(`${name.padEnd(10)} ${shown.join(', ')} ms\n`);
  };
  show('direct', direct.slice(WARM_UP_PAIRS));
  show('launcher', launched.slice(WARM_UP_PAIRS));
  show('added', added);
}

await main(Number(process.argv[2] ?? PAIRS_BY_DEFAULT));
