// What the wall adds to the start of a warden, and to its memory: `node bench/warden-start.ts [PAIRS]`. The same command line is
// started in turns by itself and behind the wall, from the start to the message that it is ready, so that what else the
// machine does falls on both.

import { type ChildProcess, spawn } from 'node:child_process';
import type { Duplex } from 'node:stream';
import { LIMITS } from '#base/limits.ts';
import { createConfinement, type StartedWarden, type WardenCommand } from '#sandbox/host/confinement.ts';
import { residentBytes } from '#sandbox/host/process-figures.ts';
import { openWall } from '#sandbox/host/wall.ts';
import { createFrameReader, encodeFrame } from '#sandbox/protocol/frame.js';
import { median, percentile } from './statistics.ts';

const PAIRS_BY_DEFAULT = 20;
/** The first few pay for what Node and the kernel keep. */
const WARM_UP_PAIRS = 2;
const BYTES_PER_MIB = 1024 * 1024;
const START = {
  ...{ t: 'start', entry: 'index.js', memoryMiB: 64, youngMiB: 8, callsPerIsolateMax: 10, hostCallBytesMax: 1000 },
  ...{ hostCallBytesTotalMax: 1000, settleMsMax: LIMITS.wardenSettleMs, contextsReady: 1 },
  ...{ logMessageLengthMax: 100, errorMessageLengthMax: 100, randomBytesMax: 10 },
} as const;

type Figures = { readonly ms: number[]; readonly mib: number[] };

/** Starts one, waits until it is ready and what is in force was read back, and ends it. */
async function measure(figures: Figures, command: WardenCommand, start: () => StartedWarden): Promise<void> {
  const fromMs = performance.now();
  const { child, begun } = start();
  await ready(child);
  await begun;
  const pid = child.pid ?? 0;
  command.inspect(pid);
  figures.ms.push(performance.now() - fromMs);
  figures.mib.push((residentBytes(pid) ?? 0) / BYTES_PER_MIB);
  const ended = new Promise((resolve) => child.once('close', resolve));
  child.kill('SIGKILL');
  await ended;
}

function ready(child: ChildProcess): Promise<void> {
  const channel = child.stdio[3] as Duplex;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const frameBytesMax = LIMITS.frameBytesMax;
  channel.on('data', createFrameReader({ frameBytesMax, onViolation: reject, onFrame: () => resolve() }).push);
  channel.on('error', () => {});
  channel.write(encodeFrame(START, '[["index.js",""]]'));
  return promise;
}

function show(name: string, unit: string, values: readonly number[]): void {
  const kept = values.slice(WARM_UP_PAIRS);
  const [p10, p50, p90] = [percentile(kept, 0.1), median(kept), percentile(kept, 0.9)];
  process.stdout.write(
    `${name.padEnd(12)} p10 ${p10.toFixed(1)}, p50 ${p50.toFixed(1)}, p90 ${p90.toFixed(1)} ${unit}\n`,
  );
}

async function main(pairs: number): Promise<void> {
  using wall = openWall();
  using confinement = createConfinement(wall);
  const [without, behind]: [Figures, Figures] = [
    { ms: [], mib: [] },
    { ms: [], mib: [] },
  ];
  const free = ({ profile }: WardenCommand): StartedWarden => {
    const [file, ...args] = profile.command;
    const stdio = ['ignore', 'pipe', 'pipe', 'pipe'] as const;
    return {
      child: spawn(file, args, { env: { ...profile.env }, cwd: '/', stdio: [...stdio] }),
      begun: Promise.resolve(),
    };
  };
  const commandOf = () => confinement.wardenCommand({ memoryMiB: 64, isolates: 16, owner: 'measured' });
  for (let pair = 0; pair < pairs + WARM_UP_PAIRS; pair++) {
    const both = [
      async () => {
        const command = commandOf();
        await measure(without, command, () => free(command));
      },
      async () => {
        const fromMs = performance.now();
        const command = commandOf();
        const madeMs = performance.now() - fromMs;
        await measure(behind, command, command.start);
        behind.ms[behind.ms.length - 1] = (behind.ms.at(-1) ?? 0) + madeMs;
      },
    ];
    for (const run of pair % 2 === 0 ? both : both.reverse()) await run();
  }
  show('by itself', 'ms', without.ms);
  show('behind', 'ms', behind.ms);
  show(
    'added',
    'ms',
    behind.ms.map((ms, place) => ms - (without.ms[place] ?? ms)),
  );
  show('by itself', 'MiB', without.mib);
  show('behind', 'MiB', behind.mib);
}

await main(Number(process.argv[2] ?? PAIRS_BY_DEFAULT));
