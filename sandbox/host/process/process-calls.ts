// The calls of restricted children, from request to outcome: warm where an interpreter waits, else fresh. Each is known here
// while it runs, so that it can be ended. Trusts the request; of the program, nothing.

import { SmcpError } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import type { AgentName } from '#domain/agent.ts';
import type { Capabilities } from '#domain/capability.ts';
import type { ProgramEnd } from '#domain/cli-plugin/outcome.ts';
import type { RunOutcome, Usage } from '#domain/invocation.ts';
import type { Plugin, RunLimits } from '#domain/manifest.ts';
import type { ProgramRunner, RunRequest, SandboxProfile } from '#domain/sandbox-ports.ts';
import type { ResultMask } from '#domain/secret-ports.ts';
import { RunningCall } from '#sandbox/host/running-call.ts';
import { captureOutput, type ProgramOutput } from './captured-output.ts';
import { type ChildPorts, type Fresh, type FreshStart, startFresh, startWarm } from './child-start.ts';
import type { StagedCode } from './code-stage.ts';
import { canBeWarm } from './ground.ts';
import { serveHostCalls } from './host-call-lines.ts';
import { cliOutcome, type Finished, jsonOutcome } from './outcome.ts';
import { type Ground, memoryMiBOf } from './process-profile.ts';
import type { ProgramRun } from './program-run.ts';
import type { CliProtocol } from './protocol-ports.ts';
import { createStopper, type Stop, type Stopper, supervise } from './supervise.ts';
import { SYSTEM_PROGRAM_LIMITS, systemProgramOutcome } from './system-program.ts';
import type { Warm, WarmPool } from './warm-pool.ts';
import type { Watch } from './watch.ts';

export type ProgramRequest = {
  readonly plugin: Plugin;
  /** After the words of the manifest's command. */
  readonly words: readonly string[];
  readonly limits: RunLimits;
  readonly signal: AbortSignal;
};

export type ProgramResult = { readonly end: ProgramEnd; readonly stopped?: Stop; readonly usage: Usage };

export type ProcessCalls = {
  readonly run: (request: RunRequest) => Promise<RunOutcome>;
  readonly runProgram: (request: ProgramRequest) => Promise<ProgramResult>;
  readonly runSystemProgram: ProgramRunner['run'];
  readonly end: (isEnded: (plugin: Plugin, agent: AgentName) => boolean) => Promise<void>;
  readonly close: () => Promise<void>;
};

export type ProcessCallsPorts = {
  readonly children: ChildPorts;
  readonly cli: CliProtocol;
  readonly warm: WarmPool;
  readonly watch: Watch;
  readonly ground: (plugin: Plugin) => Ground;
  readonly profile: (plugin: Plugin, capabilities: Capabilities) => SandboxProfile;
  /** A program of the machine, by its name. @throws `SANDBOX_UNAVAILABLE` when it is not here, or would not be confined */
  readonly systemGround: (program: string) => Ground;
};

const BYTES_PER_MIB = 1024 * 1024;

/** What a call is known by while it runs. `agent` absent: nobody's, for discovery; `plugin`: of the machine, ended by its signal. */
type Active = {
  readonly plugin?: Plugin;
  readonly agent?: AgentName;
  readonly stopper: Stopper;
  readonly done: Promise<void>;
};

/** A call on its way through. */
type Passage = {
  readonly ground: Ground;
  readonly limits: RunLimits;
  readonly signal: AbortSignal;
  readonly stopper: Stopper;
  readonly startedMs: number;
  /** Of a plugin's call that was given some. */
  readonly secrets?: RunRequest['secrets'];
};

const INTERRUPTED: Stop = { code: 'INTERRUPTED', message: 'its process was ended' };

export function createProcessCalls(ports: ProcessCallsPorts): ProcessCalls {
  const { children, cli, warm, watch, ground, profile } = ports;
  const { clock, logger, room, stage } = children;
  const active = new Set<Active>();
  /** Fresh programs that have ended, and whose folders are being removed. */
  const leaving = new Set<Promise<void>>();
  let isClosed = false;
  let lastId = 0;

  /** Known while it runs; what is stopped meanwhile is stopped at its start. */
  const during = async <T>(
    { plugin, agent }: Pick<Active, 'plugin' | 'agent'>,
    act: (stopper: Stopper) => Promise<T>,
  ): Promise<T> => {
    if (isClosed) throw new SmcpError('SHUTTING_DOWN', 'the sandbox is closed');
    const stopper = createStopper();
    const { promise: done, resolve } = Promise.withResolvers<void>();
    const entry: Active = {
      ...{ stopper, done },
      ...(plugin === undefined ? {} : { plugin }),
      ...(agent === undefined ? {} : { agent }),
    };
    active.add(entry);
    try {
      return await act(stopper);
    } finally {
      active.delete(entry);
      resolve();
    }
  };

  const usageOf = ({ startedMs }: Passage, end: { readonly cpuMs: number; readonly rssBytesPeak: number }): Usage => ({
    cpuMs: end.cpuMs,
    wallMs: clock.monotonicMs() - startedMs,
    heapBytesPeak: end.rssBytesPeak,
  });

  const outputFor = ({ limits, stopper }: Passage): ProgramOutput =>
    captureOutput({
      stdoutBytesMax: limits.outputBytes,
      onFlood: () =>
        stopper.stop({ code: 'OUTPUT_TOO_LARGE', message: `printed more than ${LIMITS.programPrintedBytesMax} bytes` }),
    });

  const watchToEnd = async (passage: Passage, run: ProgramRun, work: string, output: ProgramOutput) => {
    const { limits, signal, startedMs, stopper } = passage;
    const memoryBytesMax = memoryMiBOf(passage.ground.runtime) * BYTES_PER_MIB;
    const msLeft = limits.timeoutMs - (clock.monotonicMs() - startedMs);
    const supervision = { limits, memoryBytesMax, workFolder: work, signal, msLeft };
    const { end, stopped } = await supervise({ watch, logger }, run, supervision, stopper);
    return {
      end: endOf(end, output, passage.secrets?.mask()),
      ...(stopped === undefined ? {} : { stopped }),
      usage: usageOf(passage, end),
    };
  };

  const runFresh = async (passage: Passage, start: Omit<FreshStart, 'output' | 'cpuMsMax' | 'ground'>) => {
    const place = await room.take(warm.endIdlest);
    const output = outputFor(passage);
    let fresh: Fresh;
    try {
      fresh = startFresh(children, place, {
        ...{ ...start, output },
        ...{ ground: passage.ground, cpuMsMax: passage.limits.cpuMs },
        ...(passage.secrets === undefined ? {} : { exposed: passage.secrets.environment }),
      });
    } catch (thrown) {
      place[Symbol.dispose]();
      throw thrown;
    }
    try {
      const result = await watchToEnd(passage, fresh.run, fresh.work.path, output);
      return { ...result, hasBegun: fresh.run.hasBegun() };
    } finally {
      leaving.add(fresh.gone);
      void fresh.gone.then(() => leaving.delete(fresh.gone));
    }
  };

  const runWarm = async (passage: Passage, waiting: Warm, words: readonly string[]) => {
    const output = outputFor(passage);
    const run = waiting.server.run({
      ...{ args: words, output, cpuMsMax: passage.limits.cpuMs },
      exposed: passage.secrets?.environment ?? {},
    });
    const result = await watchToEnd(passage, run, waiting.work.path, output);
    void warm.giveBack(waiting);
    return { ...result, hasBegun: true };
  };

  /** Until the next call of the same plugin, agent and grant an interpreter is ready for it. */
  const prepare = (key: string, request: RunRequest, staged: StagedCode) => {
    if (!room.isFree()) return;
    warm.prepare(key, async () => {
      const place = await room.take(() => undefined);
      try {
        return startWarm(children, place, {
          ...{ ground: ground(request.plugin), plugin: request.plugin },
          ...{ staged, agent: request.agent, key },
        });
      } catch (thrown) {
        place[Symbol.dispose]();
        throw thrown;
      }
    });
  };

  const runCli = async (request: RunRequest, passage: Passage, staged: StagedCode): Promise<RunOutcome> => {
    const { plugin, tool, agent, capabilities, limits } = request;
    const rendered = cli.renderArguments(tool, request.argsJson);
    if ('error' in rendered) {
      const usage = usageOf(passage, { cpuMs: 0, rssBytesPeak: 0 });
      return { kind: 'failed', error: rendered.error, effect: 'known', usage };
    }
    const { words } = rendered;
    const isWarm = canBeWarm(ground(plugin), staged);
    const key = `${plugin.digest} ${profile(plugin, capabilities).digest} ${agent}`;
    const waiting = isWarm ? warm.take(key) : undefined;
    const result =
      waiting === undefined ? await runFresh(passage, { staged, words }) : await runWarm(passage, waiting, words);
    // One that has served is given back; another is started where none waited, or it was ended.
    if (isWarm && waiting?.server.state() !== 'busy') prepare(key, request, staged);
    return cliOutcome(cli, { ...result, plugin, limits, isEffectUnderWay: false } satisfies Finished);
  };

  const runJson = async (request: RunRequest, passage: Passage, staged: StagedCode): Promise<RunOutcome> => {
    const { tool, argsJson, invocation, limits } = request;
    lastId += 1;
    const call = new RunningCall(request, { id: lastId, isolate: 0, clock });
    const head = JSON.stringify({ protocol: 1, tool: tool.localName, invocation });
    const result = await runFresh(passage, {
      staged,
      words: [],
      // The text as it came: no number of it is rounded.
      input: `${head.slice(0, -1)},"arguments":${argsJson}}\n`,
      onChannel: (channel) => serveHostCalls(channel, call, passage.stopper.stop),
    });
    const outcome = jsonOutcome(cli, {
      ...{ ...result, usage: call.withWork(result.usage), plugin: request.plugin, limits },
      isEffectUnderWay: call.isEffectUnderWay(),
      refusalOf: (id) => call.refusalOf(id),
    });
    // From here on no host call of it is answered.
    call.settle(outcome);
    return outcome;
  };

  const end = async (isEnded: (entry: Active) => boolean) => {
    const ending = [...active].filter(isEnded);
    for (const { stopper } of ending) stopper.stop(INTERRUPTED);
    await Promise.all(ending.map(({ done }) => done));
    await Promise.all(leaving);
  };

  return {
    run: (request) =>
      during(request, async (stopper) => {
        const { plugin, limits, signal, capabilities, secrets } = request;
        const passage: Passage = {
          ...{ ground: ground(plugin), limits, signal, stopper, startedMs: clock.monotonicMs() },
          ...(secrets === undefined ? {} : { secrets }),
        };
        // Refuses what a missing layer would leave unconfined.
        profile(plugin, capabilities);
        const staged = await stage.plugin(plugin);
        if (signal.aborted) {
          return { kind: 'cancelled', effect: 'known', usage: usageOf(passage, { cpuMs: 0, rssBytesPeak: 0 }) };
        }
        const outcome = await (ground(plugin).runtime.protocol === 'json' ? runJson : runCli)(request, passage, staged);
        // A freeze and a shutdown abort the calls that they end.
        const isCancelled = outcome.kind === 'failed' && outcome.error.code === 'INTERRUPTED' && request.signal.aborted;
        return isCancelled ? { kind: 'cancelled', effect: outcome.effect, usage: outcome.usage } : outcome;
      }),
    runProgram: (request) =>
      during(request, async (stopper) => {
        const { plugin, limits, signal, words } = request;
        profile(plugin, {});
        const passage: Passage = { ground: ground(plugin), limits, signal, stopper, startedMs: clock.monotonicMs() };
        return runFresh(passage, { staged: await stage.plugin(plugin), words });
      }),
    runSystemProgram: ({ agent, program, args, stdin, signal }) =>
      during({ agent }, async (stopper) => {
        const found = ports.systemGround(program);
        const passage: Passage = {
          ...{ ground: found, limits: SYSTEM_PROGRAM_LIMITS },
          ...{ signal, stopper, startedMs: clock.monotonicMs() },
        };
        if (signal.aborted) throw new SmcpError('CANCELLED', 'the call is being ended');
        return systemProgramOutcome(await runFresh(passage, { words: args, input: stdin }));
      }),
    end: (isEnded) => end(({ plugin, agent }) => plugin !== undefined && agent !== undefined && isEnded(plugin, agent)),
    close: async () => {
      isClosed = true;
      await end(() => true);
    },
  };
}

function endOf(
  end: { readonly exitCode: number | null; readonly signal: string | null },
  output: ProgramOutput,
  mask: ResultMask | undefined,
): ProgramEnd {
  const { stdout, stderr } = output;
  // Before anything else is made of it: where it was cut a secret may stand in part.
  const hidden = (bytes: Buffer, cut: Parameters<ResultMask['cutBytes']>[1]): Buffer =>
    mask === undefined ? bytes : Buffer.from(mask.cutBytes(bytes, cut));
  return {
    exitCode: end.exitCode,
    signal: end.signal,
    stdout: hidden(stdout.bytes(), { end: stdout.isCut() }),
    stderr: hidden(stderr.bytes(), { start: stderr.isCut() }),
    isStdoutCut: stdout.isCut(),
    isStderrCut: stderr.isCut(),
  };
}
