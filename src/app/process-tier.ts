// The tier of restricted children, joined: the pure rules of the command-line protocol, the wall, the copies of plugins, and
// a place to work in. It also answers the registry's questions to programs.

import { systemClock } from '#base/clock.ts';
import { asSmcpError, SmcpError } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import type { Logger } from '#base/log.ts';
import { AVAILABLE_CAPABILITIES } from '#broker/broker.ts';
import { parseOutcome, tailOf } from '#domain/cli-plugin/outcome.ts';
import { renderArguments } from '#domain/cli-plugin/render-arguments.ts';
import type { PluginProber } from '#domain/discovery-ports.ts';
import type { PluginRuntime, ProgramRunner } from '#domain/sandbox-ports.ts';
import { createPluginFiles } from '#registry/plugin-copies.ts';
import { chooseWorkPlace } from '#sandbox/host/process/choose-work-place.ts';
import { codeFolderOf } from '#sandbox/host/process/code-stage.ts';
import { createProcessRuntime, type ProcessTier } from '#sandbox/host/process/process-runtime.ts';
import type { CliProtocol } from '#sandbox/host/process/protocol-ports.ts';
import { openWorkPlace } from '#sandbox/host/process/work-place.ts';
import type { Wall } from '#sandbox/host/wall.ts';
import { withRefusal } from './with-refusal.ts';

export type OpenedProcesses = {
  readonly runtime: PluginRuntime;
  readonly prober: PluginProber;
  readonly programs: ProgramRunner;
};

/**
 * The tier on this wall, for a server of this home, whose lock is held. It starts no process before it is asked to.
 *
 * @throws `HOME_UNSAFE` or `HOME_INVALID` when there is no place to work in
 */
export async function openProcesses(
  { wall, logger }: { readonly wall: Wall; readonly logger: Logger },
  home: string,
): Promise<OpenedProcesses> {
  const workPlace = await openWorkPlace(chooseWorkPlace(home, { hasUsers: wall.users !== undefined }));
  const tier = createProcessRuntime({
    ...{ clock: systemClock, logger, launch: wall.ports, users: wall.users, workPlace },
    code: createPluginFiles({ logger }),
    cli: COMMAND_LINE,
  });
  return {
    runtime: asPluginRuntime(tier, workPlace.path),
    prober: proberOf(tier),
    programs: { run: tier.runSystemProgram },
  };
}

/** The command-line protocol: a tool's plan says how its arguments become words. */
const COMMAND_LINE: CliProtocol = {
  renderArguments: ({ name, plan }, argsJson) => {
    try {
      if (plan === undefined) throw new SmcpError('INTERNAL', `${name} has no plan`);
      return { words: renderArguments(plan, argsJson) };
    } catch (thrown) {
      return { error: asSmcpError(thrown).toWire() };
    }
  },
  parseOutcome,
  tailOf,
};

function asPluginRuntime(tier: ProcessTier, workPlace: string): PluginRuntime {
  return {
    run: async (request) =>
      withRefusal(await tier.run(request), {
        plugin: request.plugin.name,
        hasManifest: request.plugin.isDiscovered !== true,
        codeFolder: codeFolderOf(workPlace, request.plugin),
        available: AVAILABLE_CAPABILITIES,
      }),
    profile: tier.profile,
    layers: tier.layers,
    end: (isEnded) => tier.end((plugin, agent) => isEnded({ plugin, agent })),
    close: tier.close,
  };
}

const proberOf = (tier: ProcessTier): PluginProber => ({
  ask: ({ plugin, words, timeoutMs, outputBytesMax, signal }) =>
    tier.runProgram({
      ...{ plugin, words, signal },
      limits: {
        timeoutMs,
        // As much as a call has.
        cpuMs: LIMITS.cpuMsDefault,
        memoryMiB: LIMITS.processMemoryMiBDefault,
        outputBytes: outputBytesMax,
        hostCalls: 0,
      },
    }),
});
