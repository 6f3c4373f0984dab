// From `smcp freeze` to the end of everything that ran: calls of up to ten agents, half of which spin while the others come back
// to the host again and again.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { LoadProcess } from './load/load-process.ts';
import type { HoldJob } from './load/messages.ts';
import { descendantsOf, type ProcessFigures, stillThere } from './processes.ts';
import type { Freeze } from './report.ts';
import { startServer } from './servers/server-process.ts';
import { makeHome, SMCP, withTokens } from './servers/start-servers.ts';

const AGENTS_MAX = 10;
/** For the calls to be running, wardens started included. */
const SETTLE_MS = 3_000;
/** A busy machine may need long for the command alone; what takes longer is not measured, it is broken. */
const WAIT_MS_MAX = 30_000;
const POLL_MS = 5;
const SERVER = fileURLToPath(new URL('./servers/ours-with-plugins.ts', import.meta.url));
const TOOLS = ['bench_slow__spin', 'bench_slow__ask'] as const;

/** @throws when the calls can't be started. */
export async function measureFreeze(calls: number, load: LoadProcess): Promise<Freeze> {
  await using stack = new AsyncDisposableStack();
  const home = stack.use(makeHome(Math.min(calls, AGENTS_MAX), 'bench_slow__*'));
  const server = stack.use(await withTokens(await startServer(SERVER, [home.directory]), home));
  const held = load.hold({ url: server.url, questions: questionsFor(calls, server.tokens) });
  held.catch(() => {});
  await sleep(SETTLE_MS);
  const processes = descendantsOf(server.pid);
  if (processes.length === 0) throw new Error('no call runs: there is no warden to be seen');

  const fromMs = Date.now();
  const command = runFreeze(home.directory);
  const gone = untilGone(processes, fromMs);
  const { exitCode, said, endMs } = await command;
  if (exitCode !== 0) return { kind: 'unavailable', reason: `smcp freeze ended with ${exitCode}: ${said}` };
  const late = new AbortController();
  const answers = await Promise.race([held, sleep(WAIT_MS_MAX, undefined, late).catch(() => undefined)]);
  late.abort();
  const goneMs = await gone;
  if (answers === undefined)
    return { kind: 'unavailable', reason: `calls still ran ${WAIT_MS_MAX} ms after the freeze` };
  const early = answers.answeredMs.filter((ms) => ms < fromMs).length;
  if (early > 0) throw new Error(`${early} calls had ended before the freeze: ${JSON.stringify(answers.codes)}`);
  return {
    kind: 'measured',
    calls,
    commandMs: endMs - fromMs,
    lastCallMs: Math.max(...answers.answeredMs) - fromMs,
    ...(goneMs === undefined ? {} : { lastProcessMs: goneMs - fromMs }),
    waitedMs: WAIT_MS_MAX,
    codes: answers.codes,
  };
}

function questionsFor(calls: number, tokens: readonly string[]): HoldJob['questions'] {
  return Array.from({ length: calls }, (_, place) => ({
    token: tokens[place % tokens.length] ?? '',
    tool: TOOLS[place % TOOLS.length] ?? TOOLS[0],
    args: {},
  }));
}

/** As a person would: the command, in a process of its own. */
async function runFreeze(home: string) {
  const child: ChildProcess = spawn(process.execPath, [SMCP, 'freeze', '--home', home], {
    env: { PATH: process.env['PATH'] ?? '' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
  }
  const [exitCode] = (await once(child, 'close')) as [number | null];
  return { exitCode, said: said.trim().split('\n')[0] ?? '', endMs: Date.now() };
}

/** When the last of them had ended; undefined when one still runs after `WAIT_MS_MAX`. */
async function untilGone(processes: readonly ProcessFigures[], fromMs: number): Promise<number | undefined> {
  while (Date.now() - fromMs < WAIT_MS_MAX) {
    if (stillThere(processes).length === 0) return Date.now();
    await sleep(POLL_MS);
  }
  return undefined;
}
