// Programs that are hostile when they are asked what they can do: each is stopped or refused with a code as a problem of its
// plugin, the others are served, and nothing of any is left.

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CliWorld, createCliWorld, processesBelow, programOf } from './cli-world.ts';
import { type TestServer, temporaryFolder } from './server.ts';

const folder = temporaryFolder();
let world: CliWorld;
let server: TestServer;

type Report = {
  readonly name: string;
  readonly state: string;
  readonly tools: readonly string[];
  readonly problems: readonly { readonly code: string; readonly message: string }[];
};
let reports: readonly Report[];

const reportOf = (name: string) => reports.find((one) => one.name === name);

/** Reads the admin's token, writes to its own code, connects, and lists what it could do as its command's description. */
const REACHING = (target: string) => `
import json, os, socket, sys
done = []
def attempt(what, act):
    try:
        act()
        done.append(what)
    except Exception:
        pass
def connect():
    listener = socket.socket(); listener.bind(("127.0.0.1", 0)); listener.listen()
    socket.create_connection(listener.getsockname(), 1)
attempt("read", lambda: open(${JSON.stringify(target)}).read())
attempt("write", lambda: open(os.path.dirname(os.path.abspath(__file__)) + "/left.txt", "w").write("x"))
attempt("connect", connect)
attempt("signal", lambda: os.kill(os.getppid(), 0) or os.kill(1, 0))
if "--describe" in sys.argv:
    print(json.dumps({"commands": [{"name": "run", "description": "could: " + " ".join(done), "parameters": []}]}))
`;

beforeAll(async () => {
  world = createCliWorld(folder.path);
  world.write('calm', programOf('print("calm")'));
  world.write('hangs', programOf('', 'if os.fork() == 0:\n    time.sleep(600)\ntime.sleep(600)'));
  world.write('spins', programOf('', 'while True: pass'));
  world.write('floods', programOf('', 'for _ in range(100): sys.stdout.write("x" * (1 << 20))'));
  world.write('pours', programOf('', 'while True: sys.stdout.write("x" * (1 << 20))'));
  world.write('bytes', programOf('', 'sys.stdout.buffer.write(b"\\xff\\xfe{}"); sys.stdout.flush()'));
  world.write('eats', programOf('', 'held = []\nwhile True: held.append(bytearray(1 << 24))'));
  world.write('forks', programOf('', 'while True:\n    try: os.fork()\n    except OSError: time.sleep(0.01)'));
  // Its child holds stdout open and would outlive it.
  world.write('leaves', programOf('print("left")', 'if os.fork() == 0:\n    time.sleep(600)\n    os._exit(0)'));
  world.write('terminal', programOf('', 'sys.stderr.write("\\x1b[2J\\x1b]0;owned\\x07gone"); sys.exit(3)'));
  world.write('reaching', REACHING(join(world.home, 'admin.token')));
  server = await world.start();
  reports = (await server.json('plugin', 'list')) as Report[];
});

afterAll(async () => {
  await server?.stop();
  folder.remove();
});

describe('a program that, asked to describe itself,', () => {
  // On a machine that is busy the deadline may come before the bound that is meant.
  test.each([
    ['hangs', ['TIMEOUT']],
    ['spins', ['CPU_EXCEEDED', 'TIMEOUT']],
    ['pours', ['OUTPUT_TOO_LARGE', 'CPU_EXCEEDED', 'TIMEOUT']],
  ])('%s is ended and refused', (name, codes) => {
    const report = reportOf(name);
    expect(report).toMatchObject({ state: 'refused', tools: [] });
    expect(report?.problems).toHaveLength(1);
    expect(codes).toContain(report?.problems[0]?.code);
  });

  test('forks without end is refused', () => {
    expect(reportOf('forks')).toMatchObject({ state: 'refused', tools: [] });
    expect(reportOf('forks')?.problems).toHaveLength(1);
  });

  test('eats memory is ended, and what is known of it is told', () => {
    expect(reportOf('eats')).toMatchObject({ state: 'refused', tools: [] });
    expect(JSON.stringify(reportOf('eats')?.problems)).toMatch(/MemoryError|MEMORY_EXCEEDED|ran past its deadline/);
  });

  test.each([
    ['floods', 'is longer than'],
    ['bytes', 'is not UTF-8'],
  ])('%s prints what can not be used: that is told, and nothing is made of it', (name, message) => {
    const report = reportOf(name);
    expect(report).toMatchObject({ tools: [], state: 'refused' });
    expect(report?.problems[0]?.message).toMatch(new RegExp(`${message}|ran past its deadline`));
  });

  test('leaves a process behind that holds its output is served, and the process is gone', () => {
    expect(reportOf('leaves')).toMatchObject({ state: 'ready', tools: ['leaves__run'] });
  });

  test('writes to the terminal of who looks finds its letters made visible', async () => {
    expect(reportOf('terminal')?.state).toBe('refused');
    const { stdout } = await server.smcp('plugin', 'list');
    expect(stdout).not.toContain('\u001b');
    expect(stdout).toContain('exit code 3');
  });

  test('reaches for files, its own code and sockets gets none of them; without the sandbox it does', async () => {
    const tools = (await server.json('tools', '--agent', 'demo')) as { name: string; description: string }[];
    expect(tools.find(({ name }) => name === 'reaching__run')?.description).toBe('could: ');
    expect(existsSync(join(world.plugins, 'reaching', 'left.txt'))).toBe(false);
    const bare = spawnSync('python3', [join(world.plugins, 'reaching', 'cli.py'), '--describe'], { encoding: 'utf8' });
    expect(bare.stdout).toMatch(/could: read write connect/);
  });
});

test('the others are served meanwhile', async () => {
  expect((await server.smcp('call', 'calm__run', '--agent', 'demo')).stdout).toContain('calm');
});

test('no process and no folder of what was asked is left, and no answer of what was stopped is kept', async () => {
  // An interpreter waits after the call above; a stop of everything ends it.
  await server.smcp('freeze');
  await server.smcp('unfreeze');
  await expect.poll(() => processesBelow(server.pid)).toEqual([]);
  await expect.poll(() => world.workFolders()).toEqual([]);
  const kept = readdirSync(join(world.home, 'discovered')).map((name) =>
    readFileSync(join(world.home, 'discovered', name), 'utf8'),
  );
  expect(kept).toHaveLength(3);
  expect(kept.join('')).not.toContain('stopped');
});
