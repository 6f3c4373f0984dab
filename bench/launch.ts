// What the launcher adds to the start of a program: `node bench/launch.ts [PAIRS]`. A program that does nothing is run to its
// exit in turns: by itself, under the launcher, and as a restricted child is, with a keeper and in a group of the kernel where one
// can be made. As the same user, so that what else the machine does falls on all. The exit is that of the process started; then
// where the time of a start goes.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { silentLogger } from '#base/log.ts';
import { kernelOffers } from '#sandbox/host/launcher/kernel-offers.ts';
import { createFilterBook, instruct, type LaunchPorts, startLaunch } from '#sandbox/host/launcher/launch.ts';
import type { KernelOffers, LaunchProfile } from '#sandbox/host/launcher/launch-profile.ts';
import { openLauncher } from '#sandbox/host/launcher/launcher.ts';
import { profileBytes } from '#sandbox/host/launcher/profile-bytes.ts';
import { systemReadPaths } from '#sandbox/host/launcher/system-paths.ts';
import { startKept } from '#sandbox/host/process/kept-program.ts';
import { openTreeGroups } from '#sandbox/host/process/tree-groups.ts';
import { median, percentile } from './statistics.ts';

const PAIRS_BY_DEFAULT = 100;
/** The first few pay for what Node and the kernel keep. */
const WARM_UP_PAIRS = 10;
const OWN_UID = 61_234;
const COMMAND = ['/usr/bin/true'] as const;
const BOUNDS = { memoryBytes: 2 ** 28, processes: 64 };
const NOTHING = ['ignore', 'ignore', 'ignore'] as const;

const profileOn = ({ uid }: KernelOffers): LaunchProfile => ({
  program: 'general',
  paths: systemReadPaths('native'),
  network: 'none',
  ...(uid === 0 ? { uid: OWN_UID } : {}),
  limits: { dataBytes: 2 ** 28, fileBytes: 2 ** 20, descriptors: 64, processes: 64, stackBytes: 2 ** 23 },
  env: {},
  cwd: '/',
  command: [...COMMAND],
  keptDescriptors: [0, 1, 2],
});

type Run = () => Promise<unknown>;

/** In turns, forwards and backwards; the times of each in the order of rounds. */
async function timed(runs: { readonly [name: string]: Run }, rounds: number): Promise<Map<string, number[]>> {
  const times = new Map(Object.keys(runs).map((name): [string, number[]] => [name, []]));
  for (let round = 0; round < rounds + WARM_UP_PAIRS; round++) {
    const all = Object.entries(runs);
    for (const [name, run] of round % 2 === 0 ? all : all.reverse()) {
      const fromMs = performance.now();
      await run();
      if (round >= WARM_UP_PAIRS) times.get(name)?.push(performance.now() - fromMs);
    }
  }
  return times;
}

function show(name: string, values: readonly number[]): void {
  const [p10, p50, p90] = [percentile(values, 0.1), median(values), percentile(values, 0.9)];
  const shown = [`p10 ${p10?.toFixed(2)}`, `p50 ${p50?.toFixed(2)}`, `p90 ${p90?.toFixed(2)}`];
  process.stdout.write(`${name.padEnd(26)} ${shown.join(', ')} ms\n`);
}

/** A start by its parts, as `startLaunch` does it. */
async function stages({ launcher, kernel, filterOf }: LaunchPorts, profile: LaunchProfile, rounds: number) {
  const found = new Map<string, number[]>();
  for (let round = 0; round < rounds + WARM_UP_PAIRS; round++) {
    let lastMs = performance.now();
    const tell = (name: string) => {
      const nowMs = performance.now();
      if (round >= WARM_UP_PAIRS) found.set(name, [...(found.get(name) ?? []), nowMs - lastMs]);
      lastMs = nowMs;
    };
    const specification = profileBytes(profile, kernel, filterOf);
    tell('  specification');
    const file = launcher.path();
    tell('  a look at the launcher');
    const child = spawn(file, ['3'], { env: {}, cwd: '/', stdio: [...NOTHING, 'pipe'] });
    const exited = once(child, 'exit');
    tell('  fork, execute launcher');
    const begun = instruct(child, child.stdio[3] as Duplex, specification);
    tell('  tell it');
    await begun;
    tell('  confine, execute program');
    await exited;
    tell('  the program');
  }
  for (const [name, values] of found) show(name, values);
}

async function main(pairs: number): Promise<void> {
  using launcher = openLauncher();
  const kernel = kernelOffers(launcher);
  const ports: LaunchPorts = { launcher, kernel, filterOf: createFilterBook() };
  const profile = profileOn(kernel);
  const place = mkdtempSync(join(tmpdir(), 'smcp-bench-'));
  const groups = openTreeGroups({ logger: silentLogger }, { parent: kernel.cgroup, place });
  const kept = (group = groups?.create(BOUNDS)) =>
    startKept({ ...ports, logger: silentLogger }, profile, NOTHING, group).ended;
  const times = await timed(
    {
      direct: () => once(spawn(COMMAND[0], [], { env: {}, cwd: '/', stdio: 'ignore' }), 'exit'),
      launcher: () => once(startLaunch(ports, profile, [...NOTHING]).child, 'exit'),
      keeper: () => startKept({ ...ports, logger: silentLogger }, profile, NOTHING).ended,
      ...(groups === undefined ? {} : { 'keeper and group': () => kept() }),
    },
    pairs,
  );
  const direct = times.get('direct') ?? [];
  for (const [name, values] of times) show(name, values);
  for (const [name, values] of times) {
    if (name === 'direct') continue;
    const added = values.map((ms, round) => ms - (direct[round] ?? ms));
    show(`added by ${name}`, added);
  }
  process.stdout.write('a start under the launcher\n');
  await stages(ports, profile, pairs);
  await groups?.close();
  rmSync(place, { recursive: true, force: true });
}

await main(Number(process.argv[2] ?? PAIRS_BY_DEFAULT));
