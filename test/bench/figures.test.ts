// What the bench makes of its figures: medians, slopes, profiles, and whether a promise is held.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { checksOf } from '#bench/check.ts';
import { parseOptions, UsageError } from '#bench/options.ts';
import { descendantsOf, memoryOf, processFigures, stillThere } from '#bench/processes.ts';
import { type CpuProfile, ownerOf, sumProfile } from '#bench/profile/cpu-profile.ts';
import type { Comparison, Freeze, Memory } from '#bench/report.ts';
import { median, percentile, slopeOf, spreadOf } from '#bench/statistics.ts';

describe('statistics', () => {
  test('give the middle of figures, and what lies between two of them', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(percentile([1, 2, 3, 4, 5], 0.99)).toBeCloseTo(4.96);
    expect(spreadOf([3, 1, 2])).toEqual({ median: 2, min: 1, max: 3 });
    expect(() => median([])).toThrow(RangeError);
  });

  test('tell what grows from what goes up and down', () => {
    const growing = [0, 1, 2, 3].map((x) => ({ x, y: 5 + 2 * x }));
    expect(slopeOf(growing)).toBeCloseTo(2);
    const saw = Array.from({ length: 100 }, (_, x) => ({ x, y: x % 10 }));
    expect(Math.abs(slopeOf(saw))).toBeLessThan(0.02);
    expect(slopeOf([{ x: 1, y: 1 }])).toBe(0);
  });
});

describe('options', () => {
  test('ask for the comparison unless they ask for something else', () => {
    expect(parseOptions([])).toMatchObject({ isComparing: true, isProfiling: false, connections: [1, 16, 64] });
    expect(parseOptions(['--profile'])).toMatchObject({ isComparing: false, isProfiling: true });
    expect(parseOptions(['--profile', '--compare'])).toMatchObject({ isComparing: true, isProfiling: true });
  });

  test('take --memory and --freeze with and without a number', () => {
    expect(parseOptions(['--freeze'])).toMatchObject({ freezeCalls: 50, isComparing: false });
    expect(parseOptions(['--freeze', '3', '--memory'])).toMatchObject({ freezeCalls: 3, memoryCalls: 100_000 });
    expect(parseOptions(['--memory', '--json'])).toMatchObject({
      memoryCalls: 100_000,
      isJson: true,
      isComparing: false,
    });
    expect(parseOptions(['--memory', '500'])).toMatchObject({ memoryCalls: 500 });
    expect(parseOptions(['--memory'])).toMatchObject({ memoryCalls: 100_000 });
    expect(parseOptions([]).memoryCalls).toBeUndefined();
  });

  test.each([
    ['an unknown option', ['--fast']],
    ['a word', ['fast']],
    ['no rounds', ['--rounds', '0']],
    ['no seconds', ['--seconds', '-1']],
    ['connections that are none', ['--connections', '1,,2']],
    ['an unknown client', ['--client', 'curl']],
    ['memory over no calls', ['--memory', '0']],
  ])('refuse %s', (_, args) => {
    expect(() => parseOptions(args)).toThrow(UsageError);
  });

  test('ask with --check for all that is held to something', () => {
    expect(parseOptions(['--check'])).toMatchObject({
      isComparing: true,
      freezeCalls: 50,
      memoryCalls: 100_000,
      connections: [1, 16],
    });
  });
});

/** Node 2 is ours, 3 Node's work for it, 4 native work for it; 5 a package; 6 Node's work for nobody; 7 idle, 8 garbage. */
const PROFILE: CpuProfile = {
  nodes: [
    { id: 1, callFrame: { functionName: '(root)', url: '' }, children: [2, 6, 7, 8] },
    { id: 2, callFrame: { functionName: 'commit', url: 'file:///p/src/store/sqlite.ts' }, children: [3, 4, 5] },
    { id: 3, callFrame: { functionName: 'hash', url: 'node:internal/crypto/hash' } },
    { id: 4, callFrame: { functionName: 'run', url: '' } },
    { id: 5, callFrame: { functionName: 'parse', url: 'file:///p/node_modules/a/node_modules/@b/c/index.js' } },
    { id: 6, callFrame: { functionName: 'onread', url: 'node:net' } },
    { id: 7, callFrame: { functionName: '(idle)', url: '' } },
    { id: 8, callFrame: { functionName: '(garbage collector)', url: '' } },
  ],
  startTime: 1000,
  samples: [2, 3, 4, 5, 6, 7, 8, 2],
  timeDeltas: [10, 1, 2, 4, 8, 16, 32, 64],
};

describe('a profile', () => {
  test('charges the work of Node and of native code to the file that asked for it', () => {
    const sums = sumProfile(PROFILE, { fromUs: 0, toUs: 10_000 }, '/p');
    expect(Object.fromEntries(sums.byFile)).toEqual({
      'src/store/sqlite.ts': 1 + 2 + 4,
      'node_modules/@b/c/index.js': 8,
      'node:net': 16,
      'garbage collection': 64,
    });
    expect(Object.fromEntries(sums.inNode)).toEqual({ 'node:internal/crypto/hash': 2, 'node:net': 16 });
    expect(sums.busyUs).toBe(1 + 2 + 4 + 8 + 16 + 64);
    expect(sums.byOwner.get('src/store')).toBe(7);
  });

  test('counts only what lies in the window', () => {
    expect(sumProfile(PROFILE, { fromUs: 1011, toUs: 1013 }, '/p').busyUs).toBe(2 + 4);
  });

  test('names folders of ours, packages, and Node', () => {
    expect(ownerOf('src/app.ts')).toBe('src/app.ts');
    expect(ownerOf('sandbox/host/warden.ts')).toBe('sandbox/host');
    expect(ownerOf('node_modules/@b/c/index.js')).toBe('@b/c');
    expect(ownerOf('node_modules/fastify/lib/reply.js')).toBe('fastify');
    expect(ownerOf('node:net')).toContain('Node');
  });
});

describe('processes', () => {
  test('are found below the one that started them, and missed once they are gone', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    const mine = descendantsOf(process.pid).filter(({ pid }) => pid === child.pid);
    expect(mine).toMatchObject([{ parent: process.pid }]);
    expect(stillThere(mine)).toEqual([child.pid]);
    expect(memoryOf(child.pid ?? 0)?.residentBytes).toBeGreaterThan(0);
    const another = mine.map((one) => ({ ...one, startTime: one.startTime - 1 }));
    expect(stillThere(another)).toEqual([]);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(stillThere(mine)).toEqual([]);
    expect(processFigures(child.pid ?? 0)).toBeUndefined();
    expect(memoryOf(child.pid ?? 0)).toBeUndefined();
  });
});

const spread = (value: number) => ({ median: value, min: value, max: value });
const side = {
  callsPerSecond: spread(1),
  p50Ms: spread(1),
  p99Ms: spread(1),
  cpuUsPerCall: { server: 1, wardens: 1, client: 1 },
};
const compared = (connections: number, ratio: number, added: number): Comparison => ({
  connections,
  rounds: 1,
  bare: side,
  ours: side,
  ratio: spread(ratio),
  addedP50Ms: spread(added),
});
const memory = (growth: number, left = 0): Memory => ({
  calls: 100_000,
  tracks: [{ what: 'heap', firstMiB: 1, lastMiB: 1, growth, isJudged: true }],
  isFlat: growth <= 1,
  processesLeft: left,
});
const freeze = (lastCallMs: number, lastProcessMs?: number): Freeze => ({
  kind: 'measured',
  calls: 50,
  commandMs: 1,
  lastCallMs,
  ...(lastProcessMs === undefined ? {} : { lastProcessMs }),
  waitedMs: 1,
  codes: {},
});
const GOOD = { compare: [compared(1, 0.1, 1.5), compared(16, 0.5, 9)], memory: memory(0), freeze: freeze(500, 900) };

describe('what the product is held to', () => {
  test('is held where every figure is within its bound', () => {
    expect(checksOf(GOOD).map(({ isHeld }) => isHeld)).toEqual([true, true, true, true, true]);
  });

  test.each([
    ['too slow', { ...GOOD, compare: [compared(1, 1, 1), compared(16, 0.49, 1)] }, 0],
    ['too late', { ...GOOD, compare: [compared(1, 1, 1.51), compared(16, 1, 1)] }, 1],
    ['growing', { ...GOOD, memory: memory(1.01) }, 2],
    ['leaving processes behind', { ...GOOD, memory: memory(0, 1) }, 3],
    ['slow to end calls', { ...GOOD, freeze: freeze(1000, 900) }, 4],
    ['slow to end processes', { ...GOOD, freeze: freeze(10, 1000) }, 4],
    ['keeping processes after a freeze', { ...GOOD, freeze: freeze(10) }, 4],
  ])('is broken by a server that is %s', (_, found, broken) => {
    expect(checksOf(found).map(({ isHeld }) => isHeld)).toEqual([0, 1, 2, 3, 4].map((place) => place !== broken));
  });

  test('is broken where nothing was measured', () => {
    expect(checksOf({}).some(({ isHeld }) => isHeld)).toBe(false);
    const unavailable: Freeze = { kind: 'unavailable', reason: 'no such command' };
    expect(checksOf({ ...GOOD, freeze: unavailable }).map(({ isHeld }) => isHeld)).toEqual([
      true,
      true,
      true,
      true,
      false,
    ]);
  });
});
