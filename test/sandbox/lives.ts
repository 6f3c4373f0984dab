// Lives of wardens: start, calls of two agents, SIGKILL. For the test of a few and the stress script of hundreds, which
// shows that isolates are reliable in this set-up.

import { existsSync } from 'node:fs';
import { codeOf, type TestSandbox, wardenPids } from './harness.ts';

export type LifeCount = { readonly lives: number; readonly failures: readonly string[] };

/** `count` lives, `lanes` at a time, each of a plugin of its own. A failure is a call that did not return. */
export async function liveAndDie(sandbox: TestSandbox, count: number, lanes: number): Promise<LifeCount> {
  const failures: string[] = [];
  const plugins = Array.from({ length: lanes }, () =>
    sandbox.plugin(
      'export const tools = { echo: async (args) => args, spin: () => { for (let i = 0; i < 1e5; i += 1); } };',
    ),
  );
  let started = 0;
  while (started < count) {
    const round = plugins.slice(0, Math.min(lanes, count - started));
    started += round.length;
    const outcomes = await Promise.all(
      round.flatMap((plugin) => [
        sandbox.call(plugin, 'echo', { agent: 'ana' }),
        sandbox.call(plugin, 'spin', { agent: 'ben' }),
        sandbox.call(plugin, 'echo', { agent: 'ana' }),
      ]),
    );
    failures.push(...outcomes.map(codeOf).filter((code) => code !== 'returned'));
    const pids = wardenPids();
    for (const pid of pids) process.kill(pid, 'SIGKILL');
    while (pids.some((pid) => existsSync(`/proc/${pid}`))) await new Promise((resolve) => setTimeout(resolve, 5));
    // Until the host has heard of it as well.
    await sandbox.runtime.end(() => true);
  }
  return { lives: started, failures };
}
