// A thousand rounds (or as many as the argument says) of programs that crash, outlive their deadline, hoard memory and fork
// without end, fresh and warm by turns. Exit code 1 when one ended otherwise than it must, or when descriptors, processes,
// folders or the host's memory are not back where they were.
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
/** What V8 keeps for itself comes and goes. */
const GROWTH_MIB_MAX = 48;

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
  globalThis.gc?.();
  return {
    descriptors: openDescriptors(),
    processes: descendantsOf(process.pid).length,
    memoryMiB: Math.round(process.memoryUsage().rss / BYTES_PER_MIB),
  };
}

async function round(sandbox: TestProcesses, deed: Deed, isWarm: boolean): Promise<string | undefined> {
  const plugin = sandbox.plugin(sourceOf(deed), { memoryMiB: 96, warm: isWarm });
  if (isWarm) await sandbox.warmUp(plugin);
  const limits = { timeoutMs: 700, cpuMs: 10_000 };
  // A fork bomb's memory is the machine's business for a moment: its deadline is what counts.
  const code = codeOf(await sandbox.call(plugin, { args: { words: ['x'] }, limits }));
  await sandbox.runtime.end((from) => from === plugin);
  return deed.codes.includes(code) ? undefined : `${deed.name}: ${code}`;
}

async function main(rounds: number): Promise<void> {
  const sandbox = await createTestProcesses();
  for (const deed of DEEDS) await round(sandbox, deed, true);
  await pause(500);
  const before = figures();
  const failures: string[] = [];
  for (let at = 0; at < rounds; at += 1) {
    const deed = DEEDS[at % DEEDS.length];
    const failure =
      deed === undefined ? undefined : await round(sandbox, deed, at % 2 === Math.floor(at / DEEDS.length) % 2);
    if (failure !== undefined) failures.push(failure);
  }
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
  process.exitCode = failures.length === 0 && isBack ? 0 : 1;
}

await main(Number(process.argv[2] ?? 1_000));
