// Runs the parts that were asked for, one after the other, with one load process for all of them.

import { arch, availableParallelism, cpus, platform, totalmem } from 'node:os';
import { checksOf } from './check.ts';
import { compare } from './compare.ts';
import { measureFreeze } from './freeze.ts';
import { type LoadProcess, startLoad } from './load/load-process.ts';
import { measureMemory } from './memory.ts';
import type { Options } from './options.ts';
import { measureProfile } from './profile/profile.ts';
import type { Report } from './report.ts';

const BYTES_PER_GIB = 1024 ** 3;

/** `say`: what is under way, for a person who waits. @throws for a wrong answer; nothing is then left running. */
export async function runBench(options: Options, say: (sentence: string) => void): Promise<Report> {
  await using load = startLoad();
  // Without it everything under way fails, and what was started is ended on the way out.
  const interrupt = () => void load[Symbol.asyncDispose]();
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  try {
    return await runParts(options, load, say);
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
}

async function runParts(options: Options, load: LoadProcess, say: (sentence: string) => void): Promise<Report> {
  const { memoryCalls, isComparing, isProfiling, freezeCalls, isCheck } = options;
  let report: Report = { version: 1, date: new Date().toISOString(), machine: machine(), options: { ...options } };
  if (isComparing) {
    say(`compare: ${options.rounds} pairs of ${options.seconds} s at ${options.connections.join(', ')} connections`);
    report = { ...report, compare: await compare(options, load) };
  }
  if (isProfiling) {
    say('profile: parts by themselves, then the server under load');
    report = { ...report, profile: await measureProfile(options, load) };
  }
  if (memoryCalls !== undefined) {
    say(`memory: ${memoryCalls} calls`);
    report = { ...report, memory: await measureMemory(memoryCalls, load, say) };
  }
  if (freezeCalls !== undefined) {
    say(`freeze: ${freezeCalls} calls running`);
    report = { ...report, freeze: await measureFreeze(freezeCalls, load) };
  }
  return isCheck ? { ...report, checks: checksOf(report) } : report;
}

function machine(): Report['machine'] {
  return {
    processors: availableParallelism(),
    model: cpus()[0]?.model ?? 'unknown',
    memoryGiB: Math.round(totalmem() / BYTES_PER_GIB),
    platform: `${platform()} ${arch()}`,
    node: process.version,
  };
}
