// Runs recorded calls again, one at a time, in a sandbox of its own where nothing can be done. app.ts makes one per server.

import { SmcpError } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import { parseAgentName } from '#domain/agent.ts';
import { runAnswer } from '#domain/answer.ts';
import type { PluginTool, RunLimits } from '#domain/manifest.ts';
import type { RecordReader } from '#domain/ports.ts';
import type { PluginArchive, Replay, Replayer } from '#domain/replay-ports.ts';
import type { GuestThread, PluginRuntime } from '#domain/sandbox-ports.ts';
import { replayByPlaces } from './attempts.ts';
import { createPlayer } from './player.ts';
import { createTranscriptReader } from './read-transcript.ts';
import { createRecordedCallReader, type RecordedCall } from './recorded-call.ts';
import { createTurns } from './turns.ts';
import { codeMissing, impossible, verdictOn } from './verdict.ts';

export type ReplayerPorts = {
  readonly log: RecordReader;
  readonly archive: PluginArchive;
  /** Tiers of isolates, for replays alone: their processes end when none came for `LIMITS.replayIdleMs`. */
  readonly runtime: PluginRuntime;
  /** The same, with a larger stack. */
  readonly deep: PluginRuntime;
};

/** In place of the bound of `LIMITS`. */
export type ReplayerOptions = { readonly startMsMax?: number };

export function createReplayer(
  { log, archive, runtime, deep }: ReplayerPorts,
  options: ReplayerOptions = {},
): Replayer {
  const { startMsMax = LIMITS.replayStartMsMax } = options;
  const readCall = createRecordedCallReader(log, createTranscriptReader());
  const turns = createTurns(async () => {
    await Promise.all([runtime, deep].map((one) => one.end(() => true)));
  });
  return {
    replay: async (invocation) => {
      const reading = readCall(invocation);
      if (reading.kind === 'impossible') return impossible(reading.end, reading.reason);
      const { call } = reading;
      return turns.take(async () => {
        const plugin = await archive.plugin(call.package);
        const tool = plugin?.tools.find(({ name }) => name === call.predicate.tool.name);
        if (tool === undefined) return impossible(call, codeMissing(call));
        const limits = limitsOf(call.sandbox.limits, startMsMax);
        return replayByPlaces((place) =>
          place === 'deep'
            ? replayWith(deep, tool, { call, limits, thread: 'other' })
            : replayWith(runtime, tool, { call, limits, thread: place }),
        );
      });
    },
  };
}

async function replayWith(
  runtime: PluginRuntime,
  tool: PluginTool,
  { call, limits, thread }: { readonly call: RecordedCall; readonly limits: RunLimits; readonly thread: GuestThread },
): Promise<Replay> {
  const { predicate } = call;
  const agent = parseAgentName(predicate.agent);
  if (agent === undefined) return impossible(call, "its record's agent has no name");
  const granted = predicate.capabilities?.granted ?? {};
  const { engine } = runtime.profile(tool.plugin, granted);
  const controller = new AbortController();
  const stop = () => controller.abort();
  const player = createPlayer(call.events, {
    onDiverged: stop,
    ...(call.endedBy === undefined ? {} : { onPlayed: stop }),
  });
  const outcome = await runtime.run({
    ...{ plugin: tool.plugin, tool, agent, invocation: predicate.invocation, argsJson: call.argsJson },
    ...{ limits, thread, capabilities: granted, signal: controller.signal },
    onHostCall: () => {
      throw new SmcpError('INTERNAL', 'a replay does nothing');
    },
    replies: player.replies,
  });
  const answer = runAnswer(tool, outcome, undefined);
  const isLate = outcome.usage.wallMs >= limits.timeoutMs || outcome.usage.cpuMs >= limits.cpuMs;
  return verdictOn(call, { ...{ player, answer, isLate }, ...(engine === undefined ? {} : { engine }) });
}

/** What a guest can see of its limits stays; it can't see time, and this machine may be slower. */
function limitsOf(recorded: RunLimits, startMsMax: number): RunLimits {
  const cpuMs = Math.min(recorded.cpuMs * LIMITS.replayCpuFactor, LIMITS.cpuMsMax);
  return { ...recorded, cpuMs, timeoutMs: cpuMs * LIMITS.replayWallFactor + startMsMax };
}
