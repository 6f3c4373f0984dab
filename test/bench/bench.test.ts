// The bench as a whole, with the smallest numbers: that it runs and what shape its report has. Never how fast anything was.

import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { descendantsOf, stillThere } from '#bench/processes.ts';
import { startBench } from './run.ts';

const number = expect.any(Number);
const spread = { median: number, min: number, max: number };
const side = {
  callsPerSecond: spread,
  p50Ms: spread,
  p99Ms: spread,
  cpuUsPerCall: { server: number, wardens: number, client: number },
};
const comparison = (connections: number) => ({
  connections,
  rounds: 1,
  bare: side,
  ours: side,
  ratio: spread,
  addedP50Ms: spread,
});

const TINY = ['--json', '--rounds', '1', '--seconds', '0.2'];

describe('the bench with tiny numbers', () => {
  test('compares both servers and follows the memory of ours', async () => {
    const { code, stdout, stderr } = await startBench([...TINY, '--connections', '1,3', '--compare', '--memory', '40'])
      .ended;
    expect({ code, stderr }).toMatchObject({ code: 0 });
    const report = JSON.parse(stdout);
    expect(Object.keys(report).sort()).toEqual(['compare', 'date', 'machine', 'memory', 'options', 'version']);
    expect(report.compare).toEqual([comparison(1), comparison(3)]);
    expect(report.compare[0].ours.callsPerSecond.median).toBeGreaterThan(0);
    const track = {
      what: expect.any(String),
      firstMiB: number,
      lastMiB: number,
      growth: number,
      isJudged: expect.any(Boolean),
    };
    expect(report.memory).toEqual({ calls: 40, tracks: Array.from({ length: 5 }, () => track), processesLeft: 0 });
    expect(report.memory.tracks[0].lastMiB).toBeGreaterThan(0);
  });

  test('takes a call apart, as a table', async () => {
    const { code, stdout, stderr } = await startBench(['--seconds', '0.2', '--profile']).ended;
    expect({ code, stderr }).toMatchObject({ code: 0 });
    for (const row of ['warden: there and back', 'record: SQLite commit', 'not covered by any part', 'src/store']) {
      expect(stdout).toContain(row);
    }
  });

  test('sees a freeze end running calls and their processes', async () => {
    const { code, stdout, stderr } = await startBench(['--json', '--freeze', '3']).ended;
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(JSON.parse(stdout).freeze).toEqual({
      kind: 'measured',
      calls: 3,
      commandMs: number,
      lastCallMs: number,
      lastProcessMs: number,
      waitedMs: number,
      codes: { FROZEN: 3 },
    });
  });

  test("takes the leanest bare server and the SDK's client too", async () => {
    const options = ['--connections', '2', '--client', 'sdk', '--bare', 'lean', '--agents', '2'];
    const { code, stdout, stderr } = await startBench([...TINY, ...options]).ended;
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(JSON.parse(stdout).compare).toEqual([comparison(2)]);
  });
});

describe('a bench that is interrupted', () => {
  test('ends what it started and removes its homes', async () => {
    const homes = () => readdirSync(tmpdir()).filter((name) => name.startsWith('smcp-bench-'));
    const before = new Set(homes());
    const bench = startBench(['--seconds', '30', '--rounds', '9']);
    // A warden is there once a call has run: the bench is in the middle of it.
    await expect.poll(() => descendantsOf(bench.pid).length).toBeGreaterThanOrEqual(3);
    const started = descendantsOf(bench.pid);
    bench.signal('SIGTERM');
    const { code, stdout } = await bench.ended;
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    while (stillThere(started).length > 0) await sleep(20);
    expect(homes().filter((name) => !before.has(name))).toEqual([]);
  });
});

test('a wrong option is refused with 2 and a sentence', async () => {
  const { code, stdout, stderr } = await startBench(['--rounds', '0']).ended;
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(/--rounds[\s\S]*--help/);
});
