// A thousand crashes, deadlines and memory floods (or as many as the argument says). Prints what they ended with and
// what the host holds before and after. Exit code 1 when a code is wrong or something stayed behind.
// Run: node --expose-gc test/stress/misbehaviour.ts [rounds]

import { readdirSync } from 'node:fs';
import { createTestSandbox, wardenPids } from '#test/sandbox/harness.ts';
import { runMisbehaviour } from '#test/sandbox/misbehaviour.ts';

const RSS_GROWTH_BYTES_MAX = 64 * 1024 * 1024;

const look = () => {
  globalThis.gc?.();
  return {
    descriptors: readdirSync('/proc/self/fd').length,
    wardens: wardenPids().length,
    rssBytes: process.memoryUsage.rss(),
  };
};

const sandbox = createTestSandbox();
await runMisbehaviour(sandbox, 2);
const before = look();
const codes = await runMisbehaviour(sandbox, Number(process.argv[2] ?? 1000));
const after = look();
await sandbox.close();
process.stdout.write(`${JSON.stringify({ codes, before, after }, null, 2)}\n`);
const isRight = Object.entries({
  crash: 'PLUGIN_CRASHED',
  timeout: 'TIMEOUT',
  memory: 'MEMORY_EXCEEDED',
  after: 'returned',
}).every(([kind, code]) => codes[kind]?.join() === code);
const isClean =
  after.descriptors <= before.descriptors + 4 &&
  after.wardens <= before.wardens + 1 &&
  after.rssBytes - before.rssBytes < RSS_GROWTH_BYTES_MAX;
process.exitCode = isRight && isClean ? 0 : 1;
