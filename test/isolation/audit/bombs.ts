// Programs that take more than their share, or stay longer than they may: each has an end of its own, so that the very same
// program can run with nothing around it, where it must come to that end. Each is told how many seconds to hold on to what it
// took. Data, and one call by the real runtime.

import { attackSource, runFree } from '#test/isolation/process-attack.ts';
import { isAlive } from '#test/sandbox/harness.ts';
import {
  codeOf,
  createTestProcesses,
  descendantsOf,
  type TestProcesses,
  until,
} from '#test/sandbox/process/harness.ts';
import type { Act } from './acts.ts';

export type Bomb = {
  readonly name: string;
  /** Says `all` when it got what it wanted, or `pid N` of what is to outlive it. */
  readonly body: string;
  /** The codes, or what it prints, when it is held. */
  readonly held: readonly string[];
  readonly limits?: { readonly timeoutMs?: number; readonly cpuMs?: number };
};

const HOLD = 'time.sleep(float(sys.argv[2]))';

const CHILDREN = `
import os
reading, writing = os.pipe()
try:
    for _ in range(300):
        if os.fork() == 0:
            os.close(writing)
            os.read(reading, 1)
            os._exit(0)
    print("all", flush=True)
except OSError: print("stopped", flush=True)
os._exit(0)
`;

const THREADS = `
import os, threading
threading.stack_size(65536)
release = threading.Event()
try:
    for _ in range(600): threading.Thread(target=release.wait, daemon=True).start()
    print("all", flush=True)
except RuntimeError: print("stopped", flush=True)
os._exit(0)
`;

const DESCRIPTORS = `
import os, resource
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
kept = []
try:
    for _ in range(1500): kept.append(os.dup(1))
    text = b"all"
except OSError: text = b"stopped"
os.write(1, text)
os._exit(0)
`;

const SPIN = `
import os, time
pid = os.fork()
while time.process_time() < 1.5 + float(sys.argv[2]): pass
if pid == 0: os._exit(0)
os.waitpid(pid, 0)
print("all", flush=True)
`;

const HEAPS = `
import os, time
for _ in range(8):
    if os.fork() == 0:
        kept = bytearray(48 << 20)
        for at in range(0, len(kept), 4096): kept[at] = 1
        ${HOLD}
        os._exit(0)
for _ in range(8): os.wait()
print("all", flush=True)
`;

const SHARED = `
import mmap, time
kept = []
for _ in range(20):
    part = mmap.mmap(-1, 16 << 20)
    for at in range(0, 16 << 20, 4096): part[at] = 1
    kept.append(part)
${HOLD}
print("all", flush=True)
`;

const DISK = `
import time
for n in range(12):
    with open(str(n), "wb") as file: file.write(bytes(8 << 20))
${HOLD}
print("all", flush=True)
`;

const ENTRIES = `
import time
for n in range(12_000): open(str(n), "w").close()
${HOLD}
print("all", flush=True)
`;

const STUBBORN = `
import signal, time
for number in range(1, 65):
    try: signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError): pass
${HOLD}
print("all", flush=True)
`;

/** Two forks and a session of its own, where that is possible. */
const DAEMON = `
import os, time
reading, writing = os.pipe()
if os.fork() == 0:
    try: os.setsid()
    except OSError: pass
    if os.fork() == 0:
        print("pid", os.getpid(), flush=True)
        os.write(writing, b"x")
        time.sleep(600)
    os._exit(0)
os.read(reading, 1)
os._exit(0)
`;

/** Seconds. Confined, it is ended long before; with nothing around it, it needs not wait for anybody. */
const HELD_CONFINED = '200';
const HELD_FREE = '0';

export const BOMBS: readonly Bomb[] = [
  { name: 'three hundred children', body: CHILDREN, held: ['stopped'] },
  { name: 'six hundred threads', body: THREADS, held: ['stopped'] },
  { name: 'fifteen hundred descriptors', body: DESCRIPTORS, held: ['stopped'] },
  { name: 'three seconds of two processors', body: SPIN, held: ['CPU_EXCEEDED'], limits: { cpuMs: 700 } },
  { name: 'memory in many heaps', body: HEAPS, held: ['MEMORY_EXCEEDED'] },
  { name: 'memory that is shared', body: SHARED, held: ['MEMORY_EXCEEDED'] },
  { name: 'a full disk', body: DISK, held: ['DISK_EXCEEDED'] },
  { name: 'twelve thousand files', body: ENTRIES, held: ['DISK_EXCEEDED'] },
  { name: 'more time than its deadline', body: STUBBORN, held: ['TIMEOUT'], limits: { timeoutMs: 1_200 } },
  { name: 'a life after its call', body: DAEMON, held: ['pid'] },
];

const MEMORY_MIB = 96;

/** What came of it: its code, or what it printed. */
async function endOf(sandbox: TestProcesses, bomb: Bomb): Promise<string> {
  const plugin = sandbox.plugin(attackSource(bomb.body), { memoryMiB: MEMORY_MIB, warm: false });
  const { limits = {} } = bomb;
  const outcome = await sandbox.call(plugin, { args: { words: ['attack', HELD_CONFINED] }, limits });
  return outcome.kind === 'returned' ? String(JSON.parse(outcome.resultJson)) : codeOf(outcome);
}

/** Whether it got what it wanted. @throws when it ended in a way that shows neither */
function hasWorked({ name, held }: Bomb, end: string): boolean {
  const pid = /^pid (\d+)$/.exec(end)?.[1];
  if (pid !== undefined) return isAlive(Number(pid));
  if (end === 'all') return true;
  if (held.includes(end)) return false;
  throw new Error(`${name} ended with ${JSON.stringify(end)}`);
}

/** Folders are removed after the answer. */
const isAnythingLeft = (sandbox: TestProcesses, before: number): Promise<boolean> =>
  until(() => descendantsOf(process.pid).length <= before && sandbox.folders().length === 0).then(
    () => false,
    () => true,
  );

/** Whether it works by the runtime. What is left of it counts as success. */
export async function explodeConfined(sandbox: TestProcesses, bomb: Bomb): Promise<boolean> {
  const before = descendantsOf(process.pid).length;
  const hasWon = hasWorked(bomb, await endOf(sandbox, bomb));
  return (await isAnythingLeft(sandbox, before)) || hasWon;
}

/** Whether it works with nothing around it. What would stay is ended. */
export async function explodeFree(bomb: Bomb): Promise<boolean> {
  using free = runFree(bomb.body, [HELD_FREE]);
  const end = await free.output;
  const hasWon = hasWorked(bomb, end);
  const pid = /^pid (\d+)$/.exec(end)?.[1];
  if (pid !== undefined && isAlive(Number(pid))) process.kill(Number(pid), 'SIGKILL');
  return hasWon;
}

/** One after the other. */
export async function bombActs(isFree: boolean, abiMax: number | undefined): Promise<readonly Act[]> {
  const sandbox = await createTestProcesses(abiMax === undefined ? {} : { landlockAbi: abiMax });
  const acts: Act[] = [];
  for (const bomb of BOMBS) {
    const worked = await (isFree ? explodeFree(bomb) : explodeConfined(sandbox, bomb));
    acts.push({ group: 'bombs', name: bomb.name, worked });
  }
  await sandbox.close();
  return acts;
}
