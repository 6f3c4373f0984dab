// One hostile program and what must hold around it: how its call ends, that nothing of it is left, and that the same plugin
// is served again. Each is tried fresh and from a warm interpreter. And its negative control: the same program with nothing
// around it, where the attack must succeed, or it tests nothing.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunOutcome } from '#domain/invocation.ts';
import type { Plugin, ProcessRuntime } from '#domain/manifest.ts';
import {
  type CallOptions,
  codeOf,
  descendantsOf,
  openDescriptors,
  type TestProcesses,
  until,
} from '#test/sandbox/process/harness.ts';

export type Way = 'fresh' | 'warm';
export const WAYS: readonly Way[] = ['fresh', 'warm'];

export type AttackResult = {
  readonly outcome: RunOutcome;
  readonly code: string;
  /** What it printed, where it returned. */
  readonly text: string;
  /** Code of the next call of the same plugin and agent. */
  readonly afterwards: string;
  /** Processes below this one that belong to no interpreter that waits. */
  readonly processesLeft: number;
  /** Besides those of interpreters that wait. */
  readonly foldersLeft: number;
};

/** The attack is what the program does when it is told so; else it does nothing. */
export const attackSource = (body: string): string =>
  `import sys\ndef attack():\n${indent(body)}\nif sys.argv[1:2] == ["attack"]: attack()\nelse: print("fine")\n`;

const indent = (body: string): string =>
  body
    .trim()
    .split('\n')
    .map((line) => `    ${line}`)
    .join('\n');

export function attackPlugin(sandbox: TestProcesses, body: string, made: Partial<ProcessRuntime> = {}): Plugin {
  return sandbox.plugin(attackSource(body), made);
}

export async function runAttack(
  sandbox: TestProcesses,
  plugin: Plugin,
  way: Way,
  options: CallOptions & { readonly words?: readonly string[] } = {},
): Promise<AttackResult> {
  if (way === 'warm') await sandbox.warmUp(plugin);
  const args = { words: ['attack', ...(options.words ?? [])] };
  const outcome = await sandbox.call(plugin, { ...options, args });
  const afterwards = codeOf(await sandbox.call(plugin));
  await sandbox.runtime.end(() => true);
  const { processesLeft, foldersLeft } = await leftAfter(sandbox);
  const value: unknown = outcome.kind === 'returned' ? JSON.parse(outcome.resultJson) : '';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return { outcome, code: codeOf(outcome), text, afterwards, processesLeft, foldersLeft };
}

/** Once what was told to end has: folders are removed after the answer. */
async function leftAfter(sandbox: TestProcesses) {
  const left = () => ({ processesLeft: descendantsOf(process.pid).length, foldersLeft: sandbox.folders().length });
  await until(
    () => Object.values(left()).every((count) => count === 0),
    () => `left: ${JSON.stringify(left())}`,
  );
  return left();
}

/** What must hold around every attack. */
export const UNDISTURBED = { afterwards: 'returned', processesLeft: 0, foldersLeft: 0 };

export { openDescriptors };

/** A program with nothing around it, in a folder of its own. */
export type Free = Disposable & {
  readonly child: ChildProcess;
  readonly output: Promise<string>;
  readonly folder: string;
};

/** Starts the attack unconfined. What is left of its process group is killed when it is disposed of. */
export function runFree(body: string, words: readonly string[] = []): Free {
  const folder = mkdtempSync(join(tmpdir(), 'smcp-free-'));
  const file = join(folder, 'cli.py');
  writeFileSync(file, attackSource(body));
  const child = spawn('python3', [file, 'attack', ...words], {
    cwd: folder,
    detached: true,
    env: { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: folder, TMPDIR: folder },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let text = '';
  child.stdout.on('data', (chunk) => {
    text += chunk;
  });
  // What it has printed is in the pipe by then; what it has left behind may hold the pipe open for good.
  const output = new Promise<string>((resolve) => {
    const readRest = () => setImmediate(() => setImmediate(() => resolve(text.trim())));
    child.on('exit', () => setTimeout(readRest, 50));
  });
  return {
    child,
    output,
    folder,
    [Symbol.dispose]: () => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      } catch {
        // Nothing of it is left.
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
