// An interpreter that waits, confined as the program it is for, and runs it in a process of its own for each call
// (sandbox/guest/python/fork_server.py). One call at a time, so that whatever is in its tree is that call's; it belongs to one
// plugin, one agent and one grant. Trusts nothing that comes through the descriptor but its order.

import type { Readable, Writable } from 'node:stream';
import { parseBoundedJson } from '#base/bounded-json.ts';
import type { Clock } from '#base/clock.ts';
import { isJsonObject } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import type { LaunchProfile } from '#sandbox/host/launcher/launch-profile.ts';
import { type CallTurns, createCallTurns } from './call-turns.ts';
import { type Captured, keepEnd, type ProgramOutput } from './captured-output.ts';
import { exitStatus, type KeptEnd, startKept } from './kept-program.ts';
import { ownMemoryBytes, treeFigures } from './process-group.ts';
import { checkConfined, type ProgramRun, type RunEnd, type StartPorts } from './program-run.ts';
import type { TreeGroup } from './tree-groups.ts';
import { createPieceReader } from './warm-frames.ts';

export type ForkServer = {
  /** Resolves when it waits for a call, and false when it never will. */
  readonly ready: Promise<boolean>;
  readonly state: () => 'starting' | 'idle' | 'busy' | 'over';
  /** Since when it waits. */
  readonly idleSinceMs: () => number;
  /** Runs the program once. Only while it is idle. */
  readonly run: (call: {
    readonly args: readonly string[];
    readonly cpuMsMax: number;
    /** Variables of this call's process alone. */
    readonly exposed: { readonly [name: string]: string };
    readonly output: ProgramOutput;
  }) => ProgramRun;
  /** After a call: whether it may serve another one. It is ended when not; nothing of the call runs any more when it may. */
  readonly mayServe: () => boolean;
  /** It waits again: its work folder is empty. */
  readonly rest: () => void;
  readonly kill: () => void;
  /** Resolves when all of it has been reaped. */
  readonly ended: Promise<KeptEnd>;
};

const CHANNEL = 3;
const STDERR = 2;
const MS_PER_S = 1000;
const US_PER_MS = 1000;
const BYTES_PER_KIB = 1024;
const LENGTH_BYTES = 4;

type Current = {
  readonly output: ProgramOutput;
  readonly settle: (end: RunEnd) => void;
};

/**
 * Starts one. `profile`: its command is the interpreter with the fork server and the program; descriptors 0 to 3 are kept.
 * `group`: where the kernel has groups, one that serves calls.
 *
 * @throws as `startKept` does
 */
export function startForkServer(
  ports: StartPorts & { readonly clock: Clock },
  profile: LaunchProfile,
  group?: TreeGroup,
): ForkServer {
  const { clock, logger } = ports;
  const program = startKept(ports, profile, ['ignore', 'ignore', 'pipe', 'pipe'], group);
  const turns: CallTurns = createCallTurns(group, () => program.pid);
  const channel = program.stdio[CHANNEL] as (Readable & Writable) | null | undefined;
  const tail = keepEnd(LIMITS.programTailBytesMax);
  const { promise: ready, resolve: tellReady } = Promise.withResolvers<boolean>();
  let state: ReturnType<ForkServer['state']> = 'starting';
  let idleSinceMs = clock.monotonicMs();
  let current: Current | undefined;
  let calls = 0;
  let hasLeft = false;
  /** Of the interpreter itself when it began to wait. */
  let memoryBytesFirst = 0;
  let cpuMsBefore = 0;
  let pid = 0;

  const isOver = () => state === 'over';
  const give = (why: string) => {
    if (isOver()) return;
    state = 'over';
    logger.warn('a warm interpreter is ended', { why });
    program.kill();
  };

  const begin = async () => {
    await program.begun;
    await checkConfined(program, profile, ports);
    pid = (await program.pid) ?? 0;
    memoryBytesFirst = ownMemoryBytes(pid);
    cpuMsBefore = treeFigures(program.keeperPid ?? 0).cpuMs;
    if (!isOver()) state = 'idle';
    idleSinceMs = clock.monotonicMs();
    tellReady(!isOver());
  };

  const takeEnd = (body: Buffer) => {
    const end = parseEnd(body);
    if (end === undefined || current === undefined) return give('it told of an end that can not be');
    hasLeft = end.hasLeft;
    const { settle } = current;
    current = undefined;
    turns.over();
    settle(end.end);
  };

  const takeNext = (body: Buffer) => {
    try {
      turns.next(body);
    } catch (thrown) {
      return give(String(thrown));
    }
    if (state === 'starting') begin().catch(() => give('it is not confined'));
  };

  /** The process that waits is told, once it is where it must be. */
  const tell = async (call: Buffer) => {
    try {
      await turns.ready();
    } catch (thrown) {
      return give(String(thrown));
    }
    if (!isOver()) channel?.write(call);
  };

  const reader = createPieceReader({
    onPiece: (what, body) => {
      if (isOver()) return;
      if (what === 'r') return takeNext(body);
      if (current === undefined) return give('it spoke without a call');
      if (what === 'o') return current.output.stdout.push(body);
      if (what === 'e') return current.output.stderr.push(body);
      takeEnd(body);
    },
    onViolation: () => give('it broke the protocol'),
  });
  channel?.on('data', reader);
  channel?.on('error', () => {});
  (program.stdio[STDERR] as Readable | null | undefined)?.on('data', tail.push);
  const startTimer = setTimeout(() => give('it did not start in time'), LIMITS.warmStartMsMax);
  void ready.then(() => clearTimeout(startTimer));

  const ended = program.ended.then((end) => {
    if (!isOver() && !hasLeft) logger.warn('a warm interpreter ended', { ...end, stderr: textOf(tail) });
    state = 'over';
    tellReady(false);
    // Whoever ended it, the program or we: the call has ended with it.
    const cpuMs = Math.max(end.cpuMs - cpuMsBefore, 0);
    current?.settle({ ...end, cpuMs, exitCode: null, signal: end.signal ?? 'SIGKILL' });
    current = undefined;
    return end;
  });

  return {
    ready,
    state: () => state,
    idleSinceMs: () => idleSinceMs,
    run: ({ args, cpuMsMax, exposed, output }) => {
      const { promise, resolve } = Promise.withResolvers<RunEnd>();
      state = 'busy';
      calls += 1;
      current = { output, settle: resolve };
      void tell(encodeCall({ args, cpu: Math.ceil(cpuMsMax / MS_PER_S) + 1, env: exposed }));
      const kill = () => {
        state = 'over';
        program.kill();
      };
      return { root: program.keeperPid, cpuMsBefore, hasBegun: () => true, kill, ended: promise };
    },
    mayServe: () => {
      if (state !== 'busy' || current !== undefined) return false;
      const hasGrown = ownMemoryBytes(pid) > memoryBytesFirst + LIMITS.warmGrowthBytesMax;
      if (turns.leave() && !hasLeft && calls < LIMITS.warmCallsMax && !hasGrown) return true;
      state = 'over';
      program.kill();
      return false;
    },
    rest: () => {
      if (state !== 'busy') return;
      cpuMsBefore = treeFigures(program.keeperPid ?? 0).cpuMs;
      state = 'idle';
      idleSinceMs = clock.monotonicMs();
    },
    kill: () => {
      state = 'over';
      program.kill();
    },
    ended,
  };
}

const textOf = (captured: Captured): string => captured.bytes().toString('utf8').slice(-LIMITS.errorMessageLengthMax);

function encodeCall(call: {
  readonly args: readonly string[];
  readonly cpu: number;
  readonly env: { readonly [name: string]: string };
}): Buffer {
  const body = Buffer.from(JSON.stringify(call));
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32BE(body.length);
  return Buffer.concat([length, body]);
}

/** Undefined when it is not what a fork server says. */
function parseEnd(body: Buffer): { readonly end: RunEnd; readonly hasLeft: boolean } | undefined {
  const parsed = parseBoundedJson(body.toString('utf8'));
  if (parsed.kind !== 'value' || !isJsonObject(parsed.value)) return undefined;
  const { status, cpuUs, rssKib, left } = parsed.value;
  const numbers = [status, cpuUs, rssKib, left];
  if (!numbers.every((number) => Number.isSafeInteger(number) && Number(number) >= 0)) return undefined;
  return {
    end: {
      ...exitStatus(Number(status)),
      cpuMs: Number(cpuUs) / US_PER_MS,
      rssBytesPeak: Number(rssKib) * BYTES_PER_KIB,
    },
    hasLeft: left !== 0,
  };
}
