// Starts the real command in a process of its own, on a free port and a home in a temporary folder.

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { removeFolder } from '#test/smoke/remove-folder.ts';

const SMCP = fileURLToPath(new URL('../../src/smcp.js', import.meta.url));
const run = promisify(execFile);

export type CommandResult = { readonly code: number; readonly stdout: string; readonly stderr: string };

/** A temporary folder and its removal. */
export function temporaryFolder(): { readonly path: string; readonly remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'smcp-e2e-'));
  return { path, remove: () => removeFolder(path) };
}

/** Runs `smcp …` to its end. */
export async function smcp(args: readonly string[], env: Record<string, string> = {}): Promise<CommandResult> {
  try {
    const { stdout, stderr } = await run(process.execPath, [SMCP, ...args], { env: cleanEnvironment(env) });
    return { code: 0, stdout, stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, stdout, stderr };
  }
}

function cleanEnvironment(env: Record<string, string>): Record<string, string> {
  return { PATH: process.env['PATH'] ?? '', ...env };
}

export type TestServer = {
  readonly url: string;
  readonly home: string;
  readonly pid: number;
  /** The demo agent's token; '' when the home was there before. */
  readonly token: string;
  readonly stderr: () => string;
  /** Runs a command on this server's home. */
  readonly smcp: (...args: readonly string[]) => Promise<CommandResult>;
  /** The same with --json, its answer parsed. */
  readonly json: (...args: readonly string[]) => Promise<unknown>;
  readonly signal: (signal: NodeJS.Signals) => void;
  /** SIGTERM, then waits. @returns the exit code. */
  readonly stop: () => Promise<number>;
  /** SIGKILL, then waits. */
  readonly kill: () => Promise<void>;
};

/** Starts a server and waits until it listens. @throws when it ends instead, with what it said. */
export async function startServer(
  home: string,
  args: readonly string[] = [],
  env: Record<string, string> = {},
): Promise<TestServer> {
  const child = spawn(process.execPath, [SMCP, 'serve', '--json', '--port', '0', '--home', home, ...args], {
    env: cleanEnvironment(env),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const line = await Promise.race([firstLine(child), once(child, 'exit').then(() => undefined)]);
  if (line === undefined) throw new Error(`the server ended with ${child.exitCode}: ${stderr}`);
  const started = JSON.parse(line) as { url: string; token?: string };
  const ended = once(child, 'exit');
  const onHome = (...rest: readonly string[]) => smcp([...rest, '--home', home]);
  return {
    url: started.url,
    home,
    pid: child.pid ?? 0,
    token: started.token ?? '',
    stderr: () => stderr,
    smcp: onHome,
    json: async (...rest) => {
      const { stdout, stderr: said } = await onHome(...rest, '--json');
      return JSON.parse(stdout === '' ? said : stdout);
    },
    signal: (signal) => void child.kill(signal),
    stop: async () => {
      child.kill('SIGTERM');
      const [code] = await ended;
      return code as number;
    },
    kill: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

async function firstLine(child: ChildProcess): Promise<string | undefined> {
  if (child.stdout === null) return undefined;
  for await (const line of createInterface({ input: child.stdout })) return line;
  return undefined;
}
