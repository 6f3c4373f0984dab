// What a hostile program is given to attack, made by the server that it attacks and for one run: files that anybody may read
// and write, so that nothing but the sandbox is in the way, listeners of every kind, a process, code in variables.

import { execFileSync, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { machineOf, ownArch } from '#sandbox/host/seccomp/syscalls.ts';

export type World = AsyncDisposable & {
  readonly folder: string;
  readonly secretPath: string;
  /** As a hostile program reads it. */
  readonly given: { readonly [name: string]: unknown };
  /** What a server could have in its environment: a secret, and code for whoever inherits it. */
  readonly variables: { readonly [name: string]: string };
};

const SECRET = 'the-secret-of-the-server';
const PYTHON = '/usr/bin/python3';
const COMPILER = '/usr/bin/cc';

/** Waits for datagrams on a name. */
const RECEIVER = `
import os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
os.chmod(sys.argv[1], 0o777)
print('ready', flush=True)
while True: s.recv(1)
`;

function makeFiles(folder: string): void {
  chmodSync(folder, 0o755);
  const outside = join(folder, 'outside');
  mkdirSync(join(outside, '.git/hooks'), { recursive: true });
  for (const each of [outside, join(outside, '.git'), join(outside, '.git/hooks')]) chmodSync(each, 0o777);
  for (const name of ['file', 'other', 'removed', 'renamed', 'moved', 'readable', 'exchanged', 'secret']) {
    writeFileSync(join(outside, name), SECRET);
    chmodSync(join(outside, name), 0o666);
  }
}

/** Variables by which code comes into whatever inherits them. */
function makeInjected(folder: string): { readonly [name: string]: string } {
  const inject = join(folder, 'inject');
  mkdirSync(inject);
  writeFileSync(join(inject, 'sitecustomize.py'), 'import builtins\nbuiltins.smcp_injected = True\n');
  writeFileSync(join(inject, 'startup.sh'), 'echo injected\n');
  writeFileSync(join(inject, 'inject.cjs'), '');
  writeFileSync(join(inject, 'inject.c'), 'int smcp_injected(void) { return 1; }\n');
  const library = join(inject, 'inject.so');
  if (existsSync(COMPILER)) execFileSync(COMPILER, ['-shared', '-fPIC', '-o', library, join(inject, 'inject.c')]);
  return {
    LD_PRELOAD: library,
    NODE_OPTIONS: `--require=${join(inject, 'inject.cjs')}`,
    PYTHONSTARTUP: join(inject, 'sitecustomize.py'),
    PYTHONPATH: inject,
    BASH_ENV: join(inject, 'startup.sh'),
  };
}

/** @returns the ports of TCP and of UDP */
async function listenAll(folder: string, abstract: string, stack: AsyncDisposableStack) {
  const listen = async (address: object) => {
    const server = createServer((socket) => socket.on('error', () => {}).destroy()).listen(address);
    await once(server, 'listening');
    stack.defer(() => void server.close());
    return server.address();
  };
  const tcp = await listen({ host: '127.0.0.1', port: 0 });
  await listen({ path: join(folder, 'socket') });
  chmodSync(join(folder, 'socket'), 0o777);
  await listen({ path: `\0${abstract}` });
  const names = createSocket('udp4', (_, { port, address }) => names.send('here', port, address)).bind(0, '127.0.0.1');
  await once(names, 'listening');
  stack.defer(() => void names.close());
  return { port: typeof tcp === 'object' ? (tcp?.port ?? 0) : 0, dnsPort: names.address().port };
}

/** Ends with the world. */
async function startOther(command: readonly [string, ...string[]], stack: AsyncDisposableStack, isReady = false) {
  const [file, ...args] = command;
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'], env: { SECRET }, cwd: '/' });
  stack.defer(() => void child.kill('SIGKILL'));
  await once(isReady ? child.stdout : child, isReady ? 'data' : 'spawn');
  return child.pid ?? 0;
}

/** `suid`: a program of root's that runs as its owner; '' where nobody could make one. */
export async function makeWorld(suid: string): Promise<World> {
  const stack = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), 'smcp-audit-'));
  stack.defer(() => rmSync(folder, { recursive: true, force: true }));
  makeFiles(folder);
  const variables = { SMCP_SECRET: SECRET, ...makeInjected(folder) };
  const victim = await startOther(['/usr/bin/sleep', '600'], stack);
  const abstract = `smcp-audit-${process.pid}`;
  const ports = await listenAll(folder, abstract, stack);
  await startOther([PYTHON, '-ISc', RECEIVER, join(folder, 'socket.dgram')], stack, true);
  const outside = join(folder, 'outside');
  const given = {
    ...{ calls: Object.fromEntries(machineOf(ownArch() ?? 'x64').numbers), value: SECRET, suid, victim, abstract },
    ...{ ...ports, outside, secret: join(outside, 'secret'), readable: join(outside, 'readable') },
    ...{ unix: join(folder, 'socket'), host: process.pid, hostGroup: groupOf(process.pid) },
    hostAddress: Number.parseInt(readFileSync('/proc/self/maps', 'latin1').split('-')[0] ?? '', 16),
  };
  const secretPath = given.secret;
  return { folder, secretPath, given, variables, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

/** The process group, from what follows the name, which may hold anything. */
function groupOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2]);
}
