// Rounds of calls that end their warden, or nearly: for the leak test and the stress script.

import { codeOf, type TestSandbox, wardenPids } from './harness.ts';

export type Codes = { [kind: string]: string[] };

/** Per round a crash (its process ended from outside), a deadline, a memory flood; then a call that must succeed. */
export async function runMisbehaviour(sandbox: TestSandbox, rounds: number): Promise<Codes> {
  const plugin = sandbox.plugin(`export const tools = {
    spin: () => { for (;;); },
    flood: () => { const all = []; for (;;) all.push(new Array(1000).fill(1)); },
    wait: (args, host) => host.now(),
    fine: () => 'fine',
  };`);
  const codes: { [kind: string]: Set<string> } = {};
  const note = (kind: string, code: string) => {
    codes[kind] ??= new Set();
    codes[kind].add(code);
  };
  for (let round = 0; round < rounds; round += 1) {
    const waiting = sandbox.call(plugin, 'wait', {
      capabilities: { clock: true },
      onHostCall: () => {
        for (const pid of wardenPids()) process.kill(pid, 'SIGKILL');
        return new Promise(() => {});
      },
    });
    note('crash', codeOf(await waiting));
    note('timeout', codeOf(await sandbox.call(plugin, 'spin', { limits: { timeoutMs: 1_000 } })));
    note('memory', codeOf(await sandbox.call(plugin, 'flood')));
    note('after', codeOf(await sandbox.call(plugin, 'fine')));
  }
  return Object.fromEntries(Object.entries(codes).map(([kind, set]) => [kind, [...set].sort()]));
}
