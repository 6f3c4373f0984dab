// Homes of their own for tests of `smcp stdio`, the processes started on them, and wardens that stand still.

import { join } from 'node:path';
import { stateless } from '#test/stdio/door.ts';
import { temporaryFolder } from './server.ts';
import { type StdioProcess, startStdio, untilGone, wardensOf } from './stdio-process.ts';

/** Homes in one temporary folder, and what was started on them. */
export function createHomes() {
  const folder = temporaryFolder();
  const started: StdioProcess[] = [];
  let count = 0;
  return {
    path: folder.path,
    /** A home that is not there yet. */
    newHome: () => {
      count += 1;
      return join(folder.path, `home-${count}`);
    },
    /** `smcp stdio` as the agent of the first policy. */
    start: (home: string) => {
      const stdio = startStdio(['--agent', 'demo', '--home', home]);
      started.push(stdio);
      return stdio;
    },
    /** Kills what a test that failed has left. */
    killAll: async () => {
      for (const stdio of started.splice(0)) if (stdio.child.exitCode === null) await stdio.kill('SIGKILL');
    },
    remove: folder.remove,
  };
}

export const echo = (id: unknown, message = 'hello') =>
  stateless(id, 'tools/call', { name: 'demo_text__echo', arguments: { message } });

/** What it is answered with. */
export const echoed = (message = 'hello') => ({ result: { structuredContent: { output: message } } });

/** Its wardens stand still, so that a call of theirs does not end by itself. */
export async function stall(stdio: StdioProcess): Promise<readonly number[]> {
  await stdio.ask(echo('warm'));
  const wardens = wardensOf(stdio.pid);
  for (const pid of wardens) process.kill(pid, 'SIGSTOP');
  return wardens;
}

/** What stands still can't see that its host is gone. */
export async function wake(wardens: readonly number[]): Promise<void> {
  for (const pid of wardens) {
    try {
      process.kill(pid, 'SIGCONT');
    } catch {
      // Gone already.
    }
  }
  await untilGone(wardens);
}
