// The sandbox as the dispatcher sees it: the tier of restricted children. Programs in any language, confined by the operating
// system, one process tree for each call. Confines and limits, decides nothing about policy; what a missing layer would leave
// unconfined does not run.

import { asSmcpError, type SmcpError } from '#base/errors.ts';
import type { AgentName } from '#domain/agent.ts';
import type { Capabilities } from '#domain/capability.ts';
import type { RunOutcome } from '#domain/invocation.ts';
import type { Plugin } from '#domain/manifest.ts';
import type { Layer } from '#domain/record.ts';
import type { ProgramRunner, RunRequest, SandboxProfile } from '#domain/sandbox-ports.ts';
import type { ChildPorts } from './child-start.ts';
import { type ChildUsers, createChildrenRoom } from './children-room.ts';
import { createCodeStage, type ProcessCode } from './code-stage.ts';
import { type Around, groundOf, ownLayers, requireFloor } from './ground.ts';
import { createProcessCalls, type ProgramRequest, type ProgramResult } from './process-calls.ts';
import { type Ground, profileDigest } from './process-profile.ts';
import type { CliProtocol } from './protocol-ports.ts';
import { systemGroundOf } from './system-program.ts';
import { openTreeGroups, type TreeGroups } from './tree-groups.ts';
import { createWarmPool } from './warm-pool.ts';
import { createWatch } from './watch.ts';
import type { WorkPlace } from './work-place.ts';

export type ProcessRuntimePorts = Pick<ChildPorts, 'clock' | 'logger' | 'launch'> & {
  /** Users for programs, where the host is root and may give them. */
  readonly users: ChildUsers | undefined;
  readonly code: ProcessCode;
  readonly cli: CliProtocol;
  /** Where programs and their work folders lie: every user that runs programs can reach it. The runtime removes it at its end. */
  readonly workPlace: WorkPlace;
};

export type ProcessRuntimeOptions = {
  /** Where programs are looked for, in place of `PROGRAM_PATH`. */
  readonly searchPath?: string;
  /** Where programs of the machine are looked for (`runSystemProgram`), in place of `PROGRAM_PATH`. */
  readonly systemSearchPath?: string;
  /** In place of the bound of `LIMITS`. */
  readonly childrenMax?: number;
  readonly warmIdleMs?: number;
};

/** As `PluginRuntime`, but that a profile depends on what a call is granted, and that what belongs to an agent can be ended. */
export type ProcessTier = {
  readonly run: (request: RunRequest) => Promise<RunOutcome>;
  /** @throws `SANDBOX_UNAVAILABLE` when a layer or the program is missing */
  readonly profile: (plugin: Plugin, capabilities: Capabilities) => SandboxProfile;
  readonly layers: () => readonly Layer[];
  readonly end: (isEnded: (plugin: Plugin, agent: AgentName) => boolean) => Promise<void>;
  /**
   * Runs a plugin's program with these words and nothing granted, fresh, to its end: for discovery.
   *
   * @throws `SANDBOX_UNAVAILABLE`, `PLUGIN_TAMPERED`, `QUEUE_FULL`, when it could not be run at all
   */
  readonly runProgram: (request: ProgramRequest) => Promise<ProgramResult>;
  readonly runSystemProgram: ProgramRunner['run'];
  /** Interpreters that wait for a call. */
  readonly waiting: (isOf: (plugin: Plugin, agent: AgentName) => boolean) => number;
  readonly close: () => Promise<void>;
};

/** The runtime of plugins of runtime `process`. It starts no process before the first call. */
export function createProcessRuntime(ports: ProcessRuntimePorts, options: ProcessRuntimeOptions = {}): ProcessTier {
  const { clock, logger, launch, users, code, workPlace, cli } = ports;
  const hasUsers = users !== undefined;
  const room = createChildrenRoom(users, options.childrenMax);
  const nowMs = clock.monotonicMs;
  const warmOptions = options.warmIdleMs === undefined ? {} : { idleMs: options.warmIdleMs };
  const warm = createWarmPool({ logger, nowMs }, warmOptions);
  const groups = openGroups(ports);
  const stage = createCodeStage(workPlace.path, code);
  const children: ChildPorts = { clock, logger, launch, room, workPlace, stage, groups };

  /** Neither a plugin nor the programs of a machine change while the runtime lives. */
  const grounds = new WeakMap<Plugin, Ground>();
  const ground = (plugin: Plugin): Ground => {
    const { searchPath } = options;
    const known =
      grounds.get(plugin) ?? groundOf(plugin, { hasUsers, ...(searchPath === undefined ? {} : { searchPath }) });
    grounds.set(plugin, known);
    return known;
  };

  const profile = (plugin: Plugin, capabilities: Capabilities): SandboxProfile => {
    const floor = requireFloor(launch().kernel, hasUsers);
    const bounding = groups?.bounding;
    const digest = profileDigest(ground(plugin), {
      capabilities,
      floor,
      hasOwnUser: hasUsers,
      groups: bounding ?? null,
    });
    const own = ownLayers({ hasUsers, bounding }).filter(({ inForce }) => inForce);
    const layers = [...own.map(({ name }) => name), ...floor.map(({ property }) => property)];
    return { tier: 'process', digest, layers: layers.sort() };
  };

  const systemGround = (program: string): Ground => {
    requireFloor(launch().kernel, hasUsers);
    const { systemSearchPath: searchPath } = options;
    return systemGroundOf(program, { forAll: hasUsers, ...(searchPath === undefined ? {} : { searchPath }) });
  };

  const watch = createWatch(workPlace, nowMs);
  const calls = createProcessCalls({ ...{ children, cli, warm, watch }, ...{ ground, profile, systemGround } });

  return {
    run: async (request) => {
      const startedMs = nowMs();
      try {
        return await calls.run(request);
      } catch (thrown) {
        const error = asSmcpError(thrown);
        if (error.code === 'INTERNAL')
          logger.error('a restricted child could not be run', { error: String(error.cause ?? error) });
        const usage = { cpuMs: 0, wallMs: nowMs() - startedMs, heapBytesPeak: 0 };
        return { kind: 'failed', error: error.toWire(), effect: 'known', usage };
      }
    },
    profile,
    layers: () => layersOf(launch, { hasUsers, bounding: groups?.bounding }),
    runProgram: calls.runProgram,
    runSystemProgram: calls.runSystemProgram,
    waiting: warm.waiting,
    end: async (isEnded) => {
      await Promise.all([calls.end(isEnded), warm.end(isEnded)]);
    },
    close: async () => {
      await calls.close();
      await warm.close();
      room.close();
      await groups?.close();
      await workPlace.close();
    },
  };
}

/** Where the launcher doesn't run nothing is started, so nothing needs a group. */
function openGroups({ launch, workPlace, logger }: ProcessRuntimePorts): TreeGroups | undefined {
  try {
    return openTreeGroups({ logger }, { parent: launch().kernel.cgroup, place: workPlace.path });
  } catch {
    return undefined;
  }
}

function layersOf(launch: ChildPorts['launch'], around: Around): readonly Layer[] {
  try {
    const floor = requireFloor(launch().kernel, around.hasUsers);
    const rows = floor.map(({ property, by }): Layer => ({ name: property, inForce: true, detail: by }));
    return [...ownLayers(around), ...rows];
  } catch (thrown) {
    const { message, details } = asSmcpError(thrown) satisfies SmcpError;
    const { layer = 'launcher', remedy } = details;
    return [
      {
        name: String(layer),
        inForce: false,
        detail: message,
        ...(remedy === undefined ? {} : { remedy: String(remedy) }),
      },
    ];
  }
}
