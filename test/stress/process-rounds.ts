// A thousand rounds (or as many as the argument says) of programs that crash, outlive their deadline, hoard memory and fork
// without end, fresh and warm by turns, while another plugin is called. Exit code 1 when one ended otherwise than it must, when
// descriptors, processes, folders or the host's memory are not back where they were, or when the other plugin's calls got slow.
// Run: node --expose-gc test/stress/process-rounds.ts [rounds]

import {
  codeOf,
  createTestProcesses,
  descendantsOf,
  openDescriptors,
  pause,
  type TestProcesses,
} from '#test/sandbox/process/harness.ts';

const BYTES_PER_MIB = 1024 * 1024;
/** What the allocators keep for the next time comes and goes. */
const GROWTH_MIB_MAX = 48;

/** The 99th percentile of the other plugin's calls beside the rounds, as a multiple of what it is without them. */
const SLOWER_MAX = 2;
const QUIET_CALLS = 200;
const NEIGHBOUR_PAUSE_MS = 50;

type Deed = { readonly name: string; readonly body: string; readonly codes: readonly string[] };

const DEEDS: readonly Deed[] = [
  { name: 'crash', body: 'os.abort()', codes: ['PLUGIN_CRASHED'] },
  { name: 'deadline', body: 'while True: time.sleep(1)', codes: ['TIMEOUT'] },
  { name: 'memory', body: 'k = []\nwhile True: k.append(bytearray(8 << 20))', codes: ['MEMORY_EXCEEDED'] },
  {
    name: 'forks',
    body: 'while True:\n    try: os.fork()\n    except OSError: time.sleep(0.01)',
    codes: ['TIMEOUT', 'CPU_EXCEEDED', 'MEMORY_EXCEEDED'],
  },
  { name: 'leftover', body: 'os.fork() or time.sleep(600)', codes: ['returned'] },
  { name: 'files', body: 'for n in range(500): open(str(n), "w").close()', codes: ['returned'] },
];

const indent = (body: string): string => body.replaceAll('\n', '\n    ');

const sourceOf = ({ body }: Deed): string =>
  `import os, sys, time\nif sys.argv[1:]:\n    ${indent(body)}\nprint("fine")\n`;

function figures() {
  // The kind of collection that also gives V8's empty pages back: they are the machine's again, and no growth.
  globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
  return {
    descriptors: openDescriptors(),
    processes: descendantsOf(process.pid).length,
    memoryMiB: Math.round(process.memoryUsage().rss / BYTES_PER_MIB),
  };
}

async function round(sandbox: TestProcesses, deed: Deed, isWarm: boolean): Promise<string | undefined> {
  const plugin = sandbox.plugin(sourceOf(deed), { memoryMiB: 96, warm: isWarm });
  if (isWarm) await sandbox.warmUp(plugin);
  const limits = { timeoutMs: deed.codes.includes('TIMEOUT') ? 700 : 20_000, cpuMs: 10_000 };
  // A fork bomb's memory is the machine's business for a moment: its deadline is what counts.
  const code = codeOf(await sandbox.call(plugin, { args: { words: ['x'] }, limits }));
  await sandbox.runtime.end((from) => from === plugin);
  return deed.codes.includes(code) ? undefined : `${deed.name}: ${code}`;
}

/** A harmless plugin of its own that is called again and again until it is stopped; how long each call took, in ms. */
function callNeighbour(sandbox: TestProcesses, plugin: ReturnType<TestProcesses['plugin']>, callsMax: number) {
  const tookMs: number[] = [];
  let isStopped = false;
  const run = async () => {
    while (!isStopped && tookMs.length < callsMax) {
      const startedMs = performance.now();
      const code = codeOf(await sandbox.call(plugin, { args: { words: [] } }));
      if (code !== 'returned') throw new Error(`the neighbour's call ended with ${code}`);
      tookMs.push(performance.now() - startedMs);
      await pause(NEIGHBOUR_PAUSE_MS);
    }
    return tookMs;
  };
  const ended = run();
  return {
    ended,
    stop: () => {
      isStopped = true;
      return ended;
    },
  };
}

function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

async function main(rounds: number): Promise<void> {
  const sandbox = await createTestProcesses();
  for (const deed of DEEDS) await round(sandbox, deed, true);
  await pause(500);
  const neighbour = sandbox.plugin('print("fine")\n');
  await sandbox.warmUp(neighbour);
  const quietMs = await callNeighbour(sandbox, neighbour, QUIET_CALLS).ended;
  await sandbox.runtime.end((from) => from === neighbour);
  const before = figures();
  await sandbox.warmUp(neighbour);
  const beside = callNeighbour(sandbox, neighbour, Number.POSITIVE_INFINITY);
  const failures: string[] = [];
  for (let at = 0; at < rounds; at += 1) {
    const deed = DEEDS[at % DEEDS.length];
    const failure =
      deed === undefined ? undefined : await round(sandbox, deed, at % 2 === Math.floor(at / DEEDS.length) % 2);
    if (failure !== undefined) failures.push(failure);
  }
  const besideMs = await beside.stop();
  await sandbox.runtime.end((from) => from === neighbour);
  await pause(500);
  const after = figures();
  const folders = sandbox.folders().length;
  await sandbox.close();
  const isBack =
    after.descriptors <= before.descriptors &&
    after.processes <= before.processes &&
    after.memoryMiB <= before.memoryMiB + GROWTH_MIB_MAX &&
    folders === 0;
  process.stdout.write(`${rounds} rounds, ${failures.length} failures ${JSON.stringify([...new Set(failures)])}\n`);
  process.stdout.write(`before ${JSON.stringify(before)}\nafter  ${JSON.stringify(after)}, ${folders} folders\n`);
  const [quiet, busy] = [percentile(quietMs, 0.99), percentile(besideMs, 0.99)];
  const times = [quietMs, besideMs].map(
    (ms) => `p50 ${percentile(ms, 0.5).toFixed(1)} p99 ${percentile(ms, 0.99).toFixed(1)} ms`,
  );
  process.stdout.write(`another plugin: alone ${times[0]}, beside the rounds ${times[1]} (${besideMs.length} calls)\n`);
  process.exitCode = failures.length === 0 && isBack && busy <= quiet * SLOWER_MAX ? 0 : 1;
}

await main(Number(process.argv[2] ?? 1_000));
