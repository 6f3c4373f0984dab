// One warden as the host runs calls in it: its isolates, deadlines, and what becomes of its calls when it ends. The
// host's only command that counts is SIGKILL. Trust: every message from the process may be forged.

import type { Clock } from '#base/clock.ts';
import { asSmcpError, type ErrorCode, type SmcpError } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import type { Logger } from '#base/log.ts';
import type { AgentName } from '#domain/agent.ts';
import type { RunOutcome } from '#domain/invocation.ts';
import type { Layer } from '#domain/record.ts';
import type { RunRequest } from '#domain/sandbox-ports.ts';
import type { AbortMessage, StartMessage, WardenMessage } from '#sandbox/protocol/messages.js';
import type { WardenCommand } from './confinement.ts';
import { OVERWORKED } from './host-work.ts';
import { createIsolateTable } from './isolate-table.ts';
import { layerMissing, OWN_USER } from './layers.ts';
import { processorMs, residentBytes } from './process-figures.ts';
import { type AnswerHostCall, RunningCall } from './running-call.ts';
import { isFaultOfCalls, outcomeUnder, startErrorOf, type Verdict } from './verdict.ts';
import { startWardenProcess, type WardenExit } from './warden-process.ts';
import { createWardenPulse, type WardenPulse } from './warden-pulse.ts';

export type WardenEnd = {
  readonly exit: WardenExit;
  /** Why it could not take calls; undefined when it did, or was closed before. */
  readonly startError: SmcpError | undefined;
};

export type WardenOptions = {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly command: WardenCommand;
  /** The plugin's name, for the log. */
  readonly plugin: string;
  readonly start: StartMessage;
  /** What the start message carries: the plugin's modules. Rejects when they are not what was hashed. */
  readonly code: Promise<string>;
  /** How many agents it can serve at once. */
  readonly isolatesMax: number;
  /**
   * Called once it has died for what its calls did, before any of them is answered: with the one agent that did it
   * (`isGuilty`), or with all that may have.
   */
  readonly onSuspects: (agents: readonly AgentName[], isGuilty: boolean) => void;
  /** Called when a call has ended in it. */
  readonly onCallEnded: (agent: AgentName) => void;
};

export type Warden = {
  readonly isAlive: () => boolean;
  readonly runningCount: () => number;
  /** True when the agent has an isolate here, or one can be made. */
  readonly hasRoom: (agent: AgentName) => boolean;
  readonly hasIsolate: (agent: AgentName) => boolean;
  readonly run: (request: RunRequest) => Promise<RunOutcome>;
  /** Ends it when its memory is past what its isolates may have, or its thread does not come back from a guest's code. */
  readonly check: () => void;
  /** Resolves when it has been reaped. */
  readonly close: () => Promise<void>;
  readonly ended: Promise<WardenEnd>;
};

/** Where it had to be ended with its process. */
const WHY_ENDED = {
  TIMEOUT: 'ran past its deadline',
  CANCELLED: 'was cancelled and did not stop',
  [OVERWORKED.code]: OVERWORKED.message,
} as const satisfies Record<AbortMessage['code'], string>;
const BYTES_PER_MIB = 1024 * 1024;
/** What V8 and glibc print when memory ran out. A hint for the code; nothing else depends on it. */
const OUT_OF_MEMORY = /out of memory|OOM|allocation failed|bad_alloc|cannot allocate/i;

/** Starts a warden and keeps it until it ends. */
export function createWarden(options: WardenOptions): Warden {
  const { clock, logger, start, onCallEnded } = options;
  // Should the process not start, nobody waits for it any more.
  options.code.catch(() => {});
  const calls = new Map<number, RunningCall>();
  const table = createIsolateTable(options.isolatesMax);
  let lastId = 0;
  let isReady = false;
  /** It is ready, and confined as it should be: it is told of calls. */
  let isServing = false;
  /** What is to be said to it once it serves. */
  const outbox: (() => void)[] = [];
  let isDead = false;
  let baselineBytes: number | undefined;
  let pulse: WardenPulse | undefined;
  let verdict: Verdict | undefined;
  let figures = { cpuMs: 0, rssBytes: 0 };

  /** Whoever calls next must not meet the one that did this in the next warden: said at once, not when it is reaped. */
  const suspect = (reason: Verdict | undefined) => {
    if (isDead) return;
    isDead = true;
    if (!isServing || (reason !== undefined && !isFaultOfCalls(reason))) return;
    const culprit = reason?.kind === 'guilty' ? calls.get(reason.id) : undefined;
    const agents = culprit === undefined ? agentsOf(calls.values()) : [culprit.request.agent];
    if (agents.length > 0) options.onSuspects(agents, agents.length === 1);
  };

  const kill = (reason: Verdict) => {
    if (verdict !== undefined) return;
    suspect(reason);
    verdict = reason;
    const { pid } = warden;
    if (pid !== undefined) figures = { cpuMs: processorMs(pid) ?? 0, rssBytes: residentBytes(pid) ?? 0 };
    warden.kill();
  };

  const refuse = (thrown: unknown) => {
    const error = asSmcpError(thrown);
    kill({ kind: 'refused', error, message: error.message });
  };

  /** Before its first call: what the layers claim is read back from the kernel. */
  const serve = () => {
    const { pid } = warden;
    if (pid === undefined || isDead) return;
    const { inspect, profile } = options.command;
    // A user of its own is missing only where one was asked for.
    const isMissing = ({ name, inForce }: Layer) => !inForce && (name !== OWN_USER || profile.uid !== undefined);
    const missing = inspect(pid).find(isMissing);
    if (missing !== undefined) return refuse(layerMissing(missing));
    isServing = true;
    clearTimeout(startTimer);
    baselineBytes = residentBytes(pid);
    pulse = createWardenPulse({ clock, pid, ask: () => warden.send({ t: 'ping' }, '') });
    for (const say of outbox.splice(0)) say();
  };

  const takeMessage = (message: WardenMessage, body: string) => {
    if (message.t === 'ready') {
      if (isReady) return kill({ kind: 'violation', message: 'ready twice' });
      isReady = true;
      // That it has begun may be heard of later than what it says.
      return void warden.begun.then(serve, refuse);
    }
    if (message.t === 'stuck' && message.id === 0) {
      return kill({ kind: 'suspected', code: message.code as ErrorCode, message: 'its code could not be stopped' });
    }
    if (message.t === 'pong') {
      if (!pulse?.hear()) kill({ kind: 'violation', message: 'an answer that nobody asked for' });
      return;
    }
    const call = calls.get(message.id);
    if (call === undefined || !isServing) return kill({ kind: 'violation', message: 'a message about no call' });
    if (message.t === 'stuck') {
      const isCode = message.code === 'CPU_EXCEEDED' || message.code === 'MEMORY_EXCEEDED';
      const code = call.abortedFor ?? (isCode ? message.code : 'PLUGIN_CRASHED');
      return kill({ kind: 'guilty', id: call.id, code, message: 'its code could not be stopped from inside' });
    }
    if (message.t === 'call') {
      const answer: AnswerHostCall = (number, ok, text, left) =>
        warden.send({ t: 'answer', id: call.id, call: number, ok, workUs: call.work.take() }, text, left);
      if (!call.takeHostCall(message, body, answer)) kill({ kind: 'violation', message: 'a host call that cannot be' });
      return;
    }
    const outcome = call.outcomeOf(message, body);
    if (outcome === undefined) return kill({ kind: 'violation', message: 'an ending that cannot be' });
    calls.delete(call.id);
    call.settle(outcome);
  };

  const warden = startWardenProcess(options.command, {
    onMessage: takeMessage,
    onViolation: (why) => kill({ kind: 'violation', message: why }),
    mayTalk: () => !isServing || calls.size > 0 || pulse?.isAwaited() === true,
    onGone: () => suspect(undefined),
  });
  const startTimer = setTimeout(
    () => kill({ kind: 'violation', message: 'it did not start in time' }),
    LIMITS.wardenStartMsMax,
  );
  options.code.then((modules) => warden.send(start, modules), refuse);
  warden.begun.catch(refuse);

  const ended = warden.exited.then(async (exit): Promise<WardenEnd> => {
    isDead = true;
    // Why it never began comes before what its end looks like.
    await warden.begun.catch(refuse);
    clearTimeout(startTimer);
    const isMemory = OUT_OF_MEMORY.test(exit.tail);
    const reason: Verdict = verdict ?? {
      kind: 'suspected',
      code: isMemory ? 'MEMORY_EXCEEDED' : 'PLUGIN_CRASHED',
      message: isMemory ? 'used more memory than its process may have' : 'the process it ran in ended unexpectedly',
    };
    const agents = agentsOf(calls.values());
    if (reason.kind !== 'closing') {
      logger.warn('warden ended', {
        plugin: options.plugin,
        why: reason.message,
        ...(reason.kind === 'refused' ? { step: String(reason.error.details['step'] ?? reason.error.code) } : {}),
        exitCode: exit.exitCode,
        signal: exit.signal,
        output: exit.tail,
      });
    }
    for (const call of calls.values()) call.settle(outcomeUnder(reason, call, { agents, figures }));
    calls.clear();
    return {
      exit,
      startError: isServing || reason.kind === 'closing' ? undefined : startErrorOf(reason),
    };
  });

  /** Tells the call to end; ends the process when it hasn't within the grace. Returns the timer of that. */
  const abort = (call: RunningCall, code: AbortMessage['code']) => {
    if (call.abortedFor !== undefined || !calls.has(call.id)) return;
    call.abortedFor = code;
    if (!call.isSent) {
      calls.delete(call.id);
      const message = 'ran past its deadline before its process had started';
      const usage = call.usage(0, 0);
      const cancelled = { kind: 'cancelled', effect: 'known', usage } as const;
      return call.settle(code === 'CANCELLED' ? cancelled : call.failed(usage, { code, message }, 'known'));
    }
    warden.send({ t: 'abort', id: call.id, code }, '');
    const message = WHY_ENDED[code];
    const timer = setTimeout(() => {
      if (!calls.has(call.id)) return;
      kill({ kind: 'guilty', id: call.id, code, message });
    }, LIMITS.deadlineGraceMs);
    call.outcome.then(() => clearTimeout(timer));
  };

  /** Now, or once it serves. */
  const say = (message: () => void) => {
    if (isServing) message();
    else outbox.push(message);
  };

  const run = async (request: RunRequest): Promise<RunOutcome> => {
    const { agent, limits, signal } = request;
    const { isolate, dropped } = table.enter(agent);
    if (dropped !== undefined) say(() => warden.send({ t: 'drop', isolate: dropped }, ''));
    const call = new RunningCall(request, { id: ++lastId, isolate, clock });
    calls.set(call.id, call);
    call.onOverworked = () => abort(call, OVERWORKED.code);
    const { cpuMs, outputBytes, hostCalls } = limits;
    const header = {
      t: 'run',
      id: call.id,
      isolate,
      tool: request.tool.localName,
      cpuMs,
      outputBytes,
      hostCalls,
      isAlone: request.thread === undefined ? table.isAlone(agent) : request.thread === 'own',
    } as const;
    say(() => {
      if (!calls.has(call.id)) return;
      call.isSent = true;
      warden.send(header, request.argsJson);
    });

    const deadline = setTimeout(() => abort(call, 'TIMEOUT'), limits.timeoutMs);
    const onAbort = () => abort(call, 'CANCELLED');
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    const outcome = await call.outcome;
    clearTimeout(deadline);
    signal.removeEventListener('abort', onAbort);
    table.leave(isolate);
    onCallEnded(agent);
    return outcome;
  };

  return {
    isAlive: () => !isDead,
    runningCount: () => calls.size,
    hasRoom: table.hasRoom,
    hasIsolate: table.has,
    run,
    check: () => {
      if (warden.pid === undefined || baselineBytes === undefined || calls.size === 0 || isDead) return;
      const stall = pulse?.check(Math.max(...[...calls.values()].map(({ request }) => request.limits.cpuMs)));
      if (stall !== undefined) kill({ kind: 'suspected', code: stall, message: 'its code could not be stopped' });
      const allowedMiB = start.memoryMiB * table.size() + LIMITS.wardenHeadroomMiB;
      const now = residentBytes(warden.pid);
      if (now === undefined || now <= baselineBytes + allowedMiB * BYTES_PER_MIB) return;
      kill({ kind: 'suspected', code: 'MEMORY_EXCEEDED', message: 'used more memory than its process may have' });
    },
    close: async () => {
      kill({ kind: 'closing' });
      await warden.exited;
    },
    ended,
  };
}

function agentsOf(calls: Iterable<RunningCall>): readonly AgentName[] {
  return [...new Set([...calls].map((call) => call.request.agent))];
}
