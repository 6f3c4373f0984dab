// The configurations that are audited: who the server is, what is around it, how old its kernel's Landlock. Each is a process
// of its own that runs all the attacks; its control is the same user in the same place with no sandbox.

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { kernelOf } from '#test/sandbox/launcher/harness.ts';
import type { Act } from './acts.ts';
import { containerTrouble, runInContainer } from './container.ts';
import type { HostReport, HostRequest, Suite } from './host.ts';

/** Who the server is. `root`: its plugins have users of their own. */
export type Server = 'root' | 'ordinary' | 'container-root' | 'container-1000';

export type Configuration = {
  readonly id: string;
  readonly title: string;
  readonly server: Server;
  readonly abiMax?: number;
};

const SERVERS: { readonly [server in Server]: string } = {
  root: 'root',
  ordinary: 'an ordinary user',
  'container-root': 'root in a container',
  'container-1000': 'user 1000 in a container',
};

/** What Debian 12 and Ubuntu 24.04 have. */
const OLDER_ABIS = [2, 4];

const whole = (server: Server): Configuration => ({ id: server, title: SERVERS[server], server });

const older = (server: Server): readonly Configuration[] =>
  OLDER_ABIS.map((abiMax) => ({
    id: `${server}-${abiMax}`,
    title: `${SERVERS[server]}, Landlock ${abiMax}`,
    server,
    abiMax,
  }));

/** All that there are. */
export const CONFIGURATIONS: readonly Configuration[] = [
  ...(['root', 'ordinary'] as const).flatMap((server) => [whole(server), ...older(server)]),
  ...(['container-root', 'container-1000'] as const).map(whole),
];

export const hasOwnUsers = ({ server }: Configuration): boolean => server === 'root' || server === 'container-root';

/** Undefined where it can be run on this machine; else why not. */
export function troubleOf({ server, abiMax }: Configuration): string | undefined {
  const isRoot = process.getuid?.() === 0;
  if (server === 'root' && !isRoot) return 'this audit does not run as root';
  if (server.startsWith('container')) return containerTrouble();
  const { landlockAbi } = kernelOf();
  return (abiMax ?? 0) > landlockAbi ? `the kernel's Landlock is of ABI ${landlockAbi}` : undefined;
}

/** Nobody else's: the limit of processes counts all that a user has. */
const ORDINARY_UID = 61_235;
const HOST = fileURLToPath(new URL('./host.ts', import.meta.url));
/** All the attacks take a minute or two on a quiet machine. */
const SERVER_MS_MAX = 15 * 60_000;
/** The value that the server's environment holds: the attacks look for it. */
const ENV = { SMCP_SECRET: 'the-secret-of-the-server', PATH: '/usr/local/bin:/usr/bin:/bin' };

/** Not as process 1, whose group has a number that stands for everybody. */
const IN_A_GROUP = ['/bin/sh', '-c', 'setsid "$@" & wait $!', 'sh'];

/** What a server of this kind saw of all the attacks. */
export async function attackServer(server: Server, request: Omit<HostRequest, 'suites'>, suites: readonly Suite[]) {
  const given = JSON.stringify({ ...request, suites } satisfies HostRequest);
  const command = [process.execPath, HOST, given] as const;
  if (server.startsWith('container')) {
    const uid = server === 'container-root' ? 0 : 1000;
    const env = Object.entries(ENV).map(([name, value]) => `${name}=${value}`);
    const { status, stdout, stderr } = runInContainer({ uid, env, command: [...IN_A_GROUP, ...command] });
    if (status !== 0) throw new Error(`the server in a container ended with ${status}\n${stderr}`);
    return actsOf(stdout, stderr);
  }
  const asUser = server === 'ordinary' && process.getuid?.() === 0 ? { uid: ORDINARY_UID, gid: ORDINARY_UID } : {};
  const child = spawn(command[0], command.slice(1), {
    ...asUser,
    cwd: '/',
    env: ENV,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), SERVER_MS_MAX);
  const code = await new Promise((resolve) => child.on('close', resolve));
  clearTimeout(timer);
  if (code !== 0) throw new Error(`the server ended with ${String(code)}\n${stderr}`);
  return actsOf(stdout, stderr);
}

function actsOf(stdout: string, stderr: string): readonly Act[] {
  if (stdout === '') throw new Error(`the server said nothing\n${stderr}`);
  return (JSON.parse(stdout) as HostReport).acts;
}
