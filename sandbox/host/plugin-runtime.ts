// The sandbox as the dispatcher sees it: the isolate tier. Confines and limits, decides nothing about policy; refuses to
// run what a missing layer would leave unconfined. The host process itself never loads isolated-vm or a plugin's code.

import { canonicalJson } from '#base/canonical-json.ts';
import type { Clock } from '#base/clock.ts';
import { type Digest, sha256 } from '#base/digest.ts';
import { asSmcpError, SmcpError } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import type { Logger } from '#base/log.ts';
import type { RunOutcome } from '#domain/invocation.ts';
import type { IsolateRuntime, Plugin } from '#domain/manifest.ts';
import type { PluginRuntime, RunRequest, SandboxProfile } from '#domain/ports.ts';
import type { StartMessage } from '#sandbox/protocol/messages.js';
import { type Confinement, OS_WALL } from './confinement.ts';
import { createWarden } from './warden.ts';
import { createWardenPool, type WardenPool } from './warden-pool.ts';

export type PluginRuntimePorts = {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly confinement: Confinement;
};

export type PluginRuntimeOptions = {
  /** For tests of hostile plugins only: runs plugins that did not come with the product although `os-wall` is missing. */
  readonly acceptMissingWall?: boolean;
};

/** The runtime of isolate plugins. It starts no process before the first call. */
export function createPluginRuntime(ports: PluginRuntimePorts, options: PluginRuntimeOptions = {}): PluginRuntime {
  const { clock, logger, confinement } = ports;
  const pools = new Map<string, WardenPool>();
  const layersInForce = confinement.layers().filter((layer) => layer.inForce);
  let watchdog: NodeJS.Timeout | undefined;
  let isClosed = false;

  const profile = (plugin: Plugin): SandboxProfile => {
    requireIsolate(plugin);
    if (plugin.origin !== 'product' && options.acceptMissingWall !== true) requireWall(confinement);
    return { tier: 'isolate', digest: profileDigest(plugin), layers: layersInForce.map((layer) => layer.name).sort() };
  };

  const profileDigest = (plugin: Plugin): Digest =>
    sha256(
      canonicalJson({
        tier: 'isolate',
        layers: layersInForce.map(({ name, detail }) => [name, detail]),
        memoryMiB: memoryMiBOf(plugin),
        isolates: isolatesOf(plugin),
      }),
    );

  const poolFor = (plugin: Plugin): WardenPool => {
    const key = `${plugin.digest} ${profile(plugin).digest}`;
    const known = pools.get(key);
    if (known !== undefined) return known;
    const spec = { directory: plugin.directory, memoryMiB: memoryMiBOf(plugin), isolates: isolatesOf(plugin) };
    const pool = createWardenPool({
      clock,
      startWarden: (events) =>
        createWarden({
          clock,
          logger,
          command: confinement.wardenCommand(spec),
          start: startMessage(plugin),
          isolatesMax: spec.isolates,
          ...events,
        }),
    });
    pools.set(key, pool);
    return pool;
  };

  /** Looks at the wardens' memory only while calls run. */
  const watch = () => {
    watchdog ??= setInterval(() => {
      let running = 0;
      for (const pool of pools.values()) {
        pool.checkMemory();
        running += pool.runningCount();
      }
      if (running > 0) return;
      clearInterval(watchdog);
      watchdog = undefined;
    }, LIMITS.wardenMemoryPollMs);
  };

  return {
    run: async (request: RunRequest): Promise<RunOutcome> => {
      const startedMs = clock.monotonicMs();
      try {
        if (isClosed) throw new SmcpError('SHUTTING_DOWN', 'the sandbox is closed');
        const pool = poolFor(request.plugin);
        watch();
        return await pool.run(request);
      } catch (thrown) {
        const usage = { cpuMs: 0, wallMs: clock.monotonicMs() - startedMs, heapBytesPeak: 0 };
        return { kind: 'failed', error: asSmcpError(thrown).toWire(), usage };
      }
    },
    profile,
    layers: confinement.layers,
    close: async () => {
      isClosed = true;
      clearInterval(watchdog);
      await Promise.all([...pools.values()].map((pool) => pool.close()));
      pools.clear();
    },
  };
}

function requireIsolate(plugin: Plugin): IsolateRuntime {
  const { runtime } = plugin.manifest;
  if (runtime.kind === 'isolate') return runtime;
  throw new SmcpError(
    'SANDBOX_UNAVAILABLE',
    `${plugin.name}: plugins of runtime \`process\` are not run by this version`,
    {
      details: { remedy: 'use a plugin of runtime `isolate`' },
    },
  );
}

/** Fails closed: a confinement that does not mention the wall has none. */
function requireWall(confinement: Confinement): void {
  const wall = confinement.layers().find((layer) => layer.name === OS_WALL);
  if (wall?.inForce === true) return;
  throw new SmcpError(
    'SANDBOX_UNAVAILABLE',
    `the sandbox layer \`${OS_WALL}\` is missing: ${wall?.detail ?? 'unknown'}`,
    {
      details: { layer: OS_WALL, remedy: wall?.remedy ?? 'only plugins that come with the product run' },
    },
  );
}

function memoryMiBOf(plugin: Plugin): number {
  const asked = requireIsolate(plugin).memoryMiB ?? LIMITS.memoryMiBDefault;
  return Math.min(Math.max(asked, LIMITS.memoryMiBMin), LIMITS.memoryMiBMax);
}

function isolatesOf(plugin: Plugin): number {
  const fitting = Math.floor(LIMITS.wardenMemoryMiBMax / memoryMiBOf(plugin));
  return Math.min(Math.max(fitting, 1), LIMITS.isolatesPerWardenMax);
}

function startMessage(plugin: Plugin): StartMessage {
  return {
    t: 'start',
    directory: plugin.directory,
    entry: requireIsolate(plugin).entry,
    memoryMiB: memoryMiBOf(plugin),
    callsPerIsolateMax: LIMITS.callsPerIsolateMax,
    hostCallBytesMax: LIMITS.hostCallBytesMax,
    hostCallBytesTotalMax: LIMITS.hostCallBytesTotalMax,
    settleMsMax: LIMITS.wardenSettleMs,
    contextsReady: LIMITS.contextsReady,
    moduleFilesMax: LIMITS.pluginFilesMax,
    moduleBytesMax: LIMITS.pluginFileBytesMax,
    logMessageLengthMax: LIMITS.logMessageLengthMax,
    errorMessageLengthMax: LIMITS.errorMessageLengthMax,
    randomBytesMax: LIMITS.randomBytesMax,
  };
}
