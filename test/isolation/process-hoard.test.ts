import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestProcesses, type TestProcesses, until } from '#test/sandbox/process/harness.ts';
import { attackPlugin, runAttack, runFree, UNDISTURBED, WAYS } from './process-attack.ts';

let sandbox: TestProcesses;
beforeAll(async () => {
  sandbox = await createTestProcesses();
});
afterAll(() => sandbox.close());

const MEMORY = `
kept = []
while True: kept.append(bytearray(8 << 20))
`;
/** Not counted by RLIMIT_DATA. */
const SHARED_MEMORY = `
import mmap, time
kept = []
for _ in range(100):
    m = mmap.mmap(-1, 16 << 20)
    for at in range(0, 16 << 20, 4096): m[at] = 1
    kept.append(m)
time.sleep(600)
`;
/** Each is within its own limit. */
const MANY_HEAPS = `
import os, time
for _ in range(8):
    if os.fork() == 0:
        kept = bytearray(48 << 20)
        for at in range(0, len(kept), 4096): kept[at] = 1
        time.sleep(600)
time.sleep(600)
`;
const CPU = `
import os
os.fork()
while True: pass
`;
/** Each is within its own limit. */
const MANY_SPINS = `
import os
for _ in range(40):
    pid = os.fork()
    if pid == 0:
        x = 0
        for i in range(4_000_000): x += i
        os._exit(0)
    os.waitpid(pid, 0)
`;
const BYTES = `
import os
n = 0
while True:
    with open(str(n), "wb") as f: f.write(os.urandom(1 << 20) * 8)
    n += 1
`;
const ONE_FILE = `
with open("one", "wb") as f:
    while True: f.write(b"x" * (1 << 20))
`;
const ENTRIES = `
n = 0
while True:
    open(str(n), "w").close()
    n += 1
`;
const SHUT = `
import os, time
os.mkdir("shut")
for n in range(100): open(f"shut/{n}", "w").close()
before = os.umask(0o777)
os.mkdir("made shut")
os.umask(before)
d = os.open("shut", os.O_RDONLY)
for name in ("shut", d, "."):
    try: os.chmod(name, 0)
    except PermissionError: pass
`;
const DEEP = `
import os
for n in range(3000):
    os.mkdir("d" * 20)
    os.chdir("d" * 20)
open("f", "w").close()
`;
const ODD_NAMES = `
import os
for n in (b"\\xff\\xfe", b"new\\nline", b"-rf", b" ", "\\u202e".encode(), b"x" * 255): open(n, "w").close()
os.symlink("/", "root")
os.symlink(".", "self")

`;
const DESCRIPTORS = `
import os
kept = []
try:
    while True: kept.append(os.open("/dev/null", os.O_RDONLY))
except OSError as e: os.write(1, f"{e.errno} {len(kept) > 100}".encode())
`;

const LIMITED = { memoryMiB: 96 };

describe.each(WAYS)('a %s program', (way) => {
  const attack = (body: string, limits = {}) =>
    runAttack(sandbox, attackPlugin(sandbox, body, LIMITED), way, { limits });

  test.each([
    ['takes memory without end', MEMORY, 'MEMORY_EXCEEDED'],
    ['takes shared memory', SHARED_MEMORY, 'MEMORY_EXCEEDED'],
    ['takes memory in many processes', MANY_HEAPS, 'MEMORY_EXCEEDED'],
    ['fills the disk with files', BYTES, 'DISK_EXCEEDED'],
    ['makes files without end', ENTRIES, 'DISK_EXCEEDED'],
  ])('that %s is stopped with its code', async (_, body, code) => {
    expect(await attack(body)).toMatchObject({ code, ...UNDISTURBED });
  });

  test.each([
    ['spins on every processor', CPU],
    ['spins in one process after the other', MANY_SPINS],
  ])('that %s is stopped at its processor time', async (_, body) => {
    expect(await attack(body, { cpuMs: 700 })).toMatchObject({ code: 'CPU_EXCEEDED', ...UNDISTURBED });
  });

  test('that writes one file without end is refused more', async () => {
    const { code, ...rest } = await attack(ONE_FILE);
    expect(['TOOL_FAILED', 'DISK_EXCEEDED']).toContain(code);
    expect(rest).toMatchObject(UNDISTURBED);
  });

  test.each([
    ['shuts its folders', SHUT],
    ['makes folders deeper than a path can name', DEEP],
    ['gives files odd names, and makes links', ODD_NAMES],
  ])('that %s leaves nothing behind', async (_, body) => {
    const before = readdirSync('/');
    const { code, ...rest } = await attack(body);
    // What can't be looked into while it runs stops it.
    expect(['returned', 'DISK_EXCEEDED']).toContain(code);
    expect(rest).toMatchObject(UNDISTURBED);
    expect(readdirSync('/')).toEqual(before);
  });

  test('that opens files without end is stopped by its limit', async () => {
    expect(await attack(DESCRIPTORS)).toMatchObject({ code: 'returned', text: '24 True', ...UNDISTURBED });
  });
});

describe('with nothing around it', () => {
  test('the folder fills', async () => {
    using free = runFree(ENTRIES);
    await until(() => readdirSync(free.folder).length > 10_000);
    free.child.kill('SIGKILL');
    await free.output;
    expect(readdirSync(free.folder).length).toBeGreaterThan(10_000);
  });

  test('the memory is taken', async () => {
    using free = runFree(MANY_HEAPS.replace(/time\.sleep\(600\)\s*$/, 'print("all")'));
    expect(await free.output).toBe('all');
  });
});
