// A server in a process of its own: started, known by the line that it prints, ended. Used for every server of the bench.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { descendantsOf, processFigures } from '#bench/processes.ts';

export type ServerProcess = AsyncDisposable & {
  readonly pid: number;
  /** The JSON of the first line that it printed. */
  readonly started: { readonly [name: string]: unknown };
  readonly url: string;
  /** For servers that were started to report. */
  readonly child: ChildProcess;
  /** SIGTERM, and then waits. @throws when it doesn't end within `STOP_MS_MAX`, or with a code other than 0. */
  readonly stop: () => Promise<void>;
  /** Processor time of the process and of what it started, in µs. 0 where it can't be read. */
  readonly cpu: () => { readonly ownUs: number; readonly childrenUs: number };
};

const STOP_MS_MAX = 30_000;
const START_MS_MAX = 60_000;
const SAID_LENGTH_MAX = 4_000;

export type ServerOptions = {
  /** In front of the script. */
  readonly nodeFlags?: readonly string[];
  /** Opens a channel for messages. */
  readonly hasChannel?: boolean;
};

/** Starts `node script …args`. Of the environment only PATH is passed on. @throws with what it said when it doesn't start. */
export async function startServer(
  script: string,
  args: readonly string[],
  { nodeFlags = [], hasChannel = false }: ServerOptions = {},
): Promise<ServerProcess> {
  const child = spawn(process.execPath, [...nodeFlags, script, ...args], {
    env: { PATH: process.env['PATH'] ?? '' },
    stdio: ['ignore', 'pipe', 'pipe', hasChannel ? 'ipc' : 'ignore'],
  });
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-SAID_LENGTH_MAX);
  });
  const exited = once(child, 'exit') as Promise<[number | null, string | null]>;
  const timeout = new AbortController();
  const line = await Promise.race([
    firstLine(child),
    exited.then(() => undefined),
    sleep(START_MS_MAX, undefined, { signal: timeout.signal }).catch(() => undefined),
  ]);
  timeout.abort();
  if (line === undefined) {
    child.kill('SIGKILL');
    await exited;
    throw new Error(`${script} did not start: ${said}`);
  }
  const started = JSON.parse(line) as { readonly [name: string]: unknown };
  const pid = child.pid ?? 0;
  return {
    pid,
    started,
    url: String(started['url']),
    child,
    stop: async () => {
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX);
      const [code, signal] = await exited;
      clearTimeout(late);
      if (code !== 0) throw new Error(`${script} ended with ${code ?? signal}: ${said}`);
    },
    cpu: () => ({
      ownUs: processFigures(pid)?.cpuUs ?? 0,
      childrenUs: descendantsOf(pid).reduce((total, { cpuUs }) => total + cpuUs, 0),
    }),
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

async function firstLine(child: ChildProcess): Promise<string | undefined> {
  if (child.stdout === null) return undefined;
  const lines = createInterface({ input: child.stdout });
  for await (const line of lines) {
    // What it prints later must not fill the pipe.
    child.stdout.resume();
    return line;
  }
  return undefined;
}
