import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestProcesses, type TestProcesses } from '#test/sandbox/process/harness.ts';
import { attackPlugin, runAttack, runFree, UNDISTURBED, WAYS } from './process-attack.ts';

let sandbox: TestProcesses;
let server: Server;
const secrets = mkdtempSync(join(tmpdir(), 'smcp-secret-'));
const secret = join(secrets, 'secret');
process.env['SMCP_TEST_SECRET'] = 'in the environment';

beforeAll(async () => {
  writeFileSync(secret, 'the secret', { mode: 0o644 });
  sandbox = await createTestProcesses();
  server = createServer((socket) => socket.end('hello'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  await sandbox.close();
  await new Promise((resolve) => server.close(resolve));
  rmSync(secrets, { recursive: true, force: true });
});

/** Says which of its acts worked; the first word is the secret's path, then the port, then the host's process. */
const REACH = `
import os, signal, socket, subprocess
path, port, host = sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
own = os.path.dirname(os.path.realpath(__file__))
def read(): return open(path).read() == "the secret"
def list_folders(): return len(os.listdir("/tmp")) >= 0
def passwd(): return len(open("/etc/passwd").read()) > 0
def environ(): return len(open(f"/proc/{host}/environ").read()) > 0
def own_proc(): return len(open("/proc/self/status").read()) > 0
def tcp(): return socket.create_connection(("127.0.0.1", port), 2).recv(5) == b"hello"
def udp(): return socket.socket(socket.AF_INET, socket.SOCK_DGRAM) is not None
def listen():
    s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(); return True
def unix(): return socket.socket(socket.AF_UNIX) is not None
def kill(): os.kill(host, 0); return True
def kill_all(): os.kill(-1, 0); return True
def write_code(): open(os.path.join(own, "cli.py"), "a").close(); return True
def add_code(): open(os.path.join(own, "more.py"), "w").close(); return True
def write_tmp():
    left = f"/tmp/smcp-left-{os.getpid()}"
    open(left, "w").close(); os.unlink(left); return True
def run_own():
    d = os.open("x", os.O_WRONLY | os.O_CREAT, 0o700); os.write(d, b"#!/bin/sh\\nexit 0\\n"); os.close(d)
    return subprocess.run(["./x"]).returncode == 0
def link(): os.symlink(path, "l"); return open("l").read() == "the secret"
def descriptors(): return any(fd > 2 and os.path.exists(f"/proc/self/fd/{fd}") for fd in range(64)) or open_fds()
def open_fds():
    found = []
    for fd in range(3, 256):
        try: os.fstat(fd); found.append(fd)
        except OSError: pass
    return len(found) > 0
def inherit(): return "SMCP_TEST_SECRET" in os.environ or "SMCP_HOME" in os.environ
acts = [read, list_folders, passwd, environ, own_proc, tcp, udp, listen, unix, kill, kill_all, write_code, add_code, write_tmp, run_own, link, open_fds, inherit]
for act in acts:
    try:
        if act(): print(act.__name__)
    except OSError: pass
`;

const words = () => {
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return [secret, String(port), String(process.pid)];
};

describe.each(WAYS)('a %s program', (way) => {
  test('reaches no file, socket, process or code beyond its own', async () => {
    const result = await runAttack(sandbox, attackPlugin(sandbox, REACH), way, { words: words() });
    // To signal every process that it may means its own here, and that is so.
    expect(result.text.split('\n').filter((name) => name !== 'kill_all' && name !== '')).toEqual([]);
    expect(result).toMatchObject({ code: 'returned', ...UNDISTURBED });
    expect(readFileSync(secret, 'utf8')).toBe('the secret');
  });
});

test('with nothing around it each of these acts works but to inherit', async () => {
  using free = runFree(REACH, words());
  const worked = (await free.output).split('\n');
  const wanted =
    'read list_folders passwd environ own_proc tcp udp listen unix kill write_code add_code write_tmp run_own link';
  expect(worked).toEqual(expect.arrayContaining(wanted.split(' ')));
});

describe('two calls', () => {
  const LEAVE = `
import os
print(os.listdir("."), os.path.exists("left"))
open("left", "w").close()
os.mkdir("folder")
d = os.open(".", os.O_RDONLY)
try: os.fchmod(d, 0o777)
except PermissionError: pass
import builtins, json
builtins.left = json.left = True
print(hasattr(json, "kept"), hasattr(builtins, "kept"))
json.kept = builtins.kept = 1
print(oct(os.umask(0o022)))
os.nice(5)
print(os.nice(0))
`;

  test.each(WAYS)('of one %s agent and plugin find nothing of each other', async (way) => {
    const plugin = attackPlugin(sandbox, LEAVE);
    if (way === 'warm') await sandbox.warmUp(plugin);
    const first = await sandbox.call(plugin, { args: { words: ['attack'] } });
    const second = await sandbox.call(plugin, { args: { words: ['attack'] } });
    expect(first).toMatchObject({ kind: 'returned', resultJson: expect.stringContaining('[] False') });
    expect({ ...second, usage: 0 }).toEqual({ ...first, usage: 0 });
  });

  test('of two agents are never served by one interpreter, nor by one user at the same time', async () => {
    const plugin = sandbox.plugin('import os, time\ntime.sleep(0.3)\nprint(os.getppid(), os.getuid())');
    await sandbox.warmUp(plugin, { agent: 'ana' });
    await sandbox.call(plugin, { agent: 'ben' });
    const [ana, ben] = await Promise.all(['ana', 'ben'].map((agent) => sandbox.text(plugin, { agent })));
    const [anaParent, anaUser] = (ana ?? '').split(' ');
    const [benParent, benUser] = (ben ?? '').split(' ');
    expect(anaParent).not.toBe(benParent);
    if (sandbox.users !== undefined) expect(anaUser).not.toBe(benUser);
  });
});
