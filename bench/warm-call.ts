// What a call of a Python program costs: direct `python3 cli.py`, fresh under the launcher, and from an interpreter that
// waits. One after the other in turns, so that whatever else the machine does falls on all alike. Run by people:
//   node bench/warm-call.ts [ROUNDS]

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { createTestProcesses } from '#test/sandbox/process/harness.ts';

const SOURCE = `import argparse, json, sys, urllib.request
parser = argparse.ArgumentParser(description="Sums")
commands = parser.add_subparsers(dest="command", required=True)
add = commands.add_parser("add", help="add two numbers")
add.add_argument("--a", type=float, required=True)
add.add_argument("--b", type=float, required=True)
names = parser.parse_args()
print(json.dumps({"result": names.a + names.b}))
`;
const WORDS = ['add', '--a=1', '--b=2'];
const ROUNDS = 40;
/** Between two calls: what is made ready for the next is not part of it. */
const REST_MS = 60;

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

function direct(file: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const child = spawn('/usr/bin/python3', [file, ...WORDS], {
    env: { LANG: 'C.UTF-8' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stdout.resume();
  child.stderr.resume();
  child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(`it ended with ${code}`))));
  return promise;
}

async function main(rounds: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'smcp-bench-'));
  const file = join(folder, 'cli.py');
  writeFileSync(file, SOURCE);
  const sandbox = await createTestProcesses();
  const warm = sandbox.plugin(SOURCE);
  const fresh = sandbox.plugin(SOURCE, { warm: false });
  const args = { words: WORDS };
  await sandbox.call(fresh, { args });
  await sandbox.call(warm, { args });
  while (sandbox.runtime.waiting(() => true) === 0) await pause(REST_MS);
  const ways = {
    direct: () => direct(file),
    fresh: () => sandbox.text(fresh, { args }),
    warm: () => sandbox.text(warm, { args }),
  } as const;
  const times = { direct: [] as number[], fresh: [] as number[], warm: [] as number[] };
  for (let round = 0; round < rounds; round += 1) {
    for (const way of ['direct', 'fresh', 'warm'] as const) {
      const from = performance.now();
      await ways[way]();
      times[way].push(performance.now() - from);
      await pause(REST_MS);
    }
  }
  await sandbox.close();
  rmSync(folder, { recursive: true, force: true });
  const base = median(times.direct);
  for (const [way, values] of Object.entries(times)) {
    const middle = median(values);
    process.stdout.write(`${way.padEnd(8)} p50 ${middle.toFixed(1)} ms, ${(middle / base).toFixed(2)} of direct\n`);
  }
}

await main(Number(process.argv[2] ?? ROUNDS));
