// The tier of isolates: plugins of JavaScript, in wardens. Confines and limits, decides nothing about policy; refuses to run
// what a missing layer would leave unconfined. The host process itself never loads isolated-vm or a plugin's code.

import { canonicalJson } from '#base/canonical-json.ts';
import type { Clock } from '#base/clock.ts';
import { type Digest, sha256 } from '#base/digest.ts';
import { asSmcpError, SmcpError } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import type { Logger } from '#base/log.ts';
import type { RunOutcome } from '#domain/invocation.ts';
import type { IsolateRuntime, Plugin } from '#domain/manifest.ts';
import type { PluginCode, PluginRuntime, RunRequest, SandboxProfile } from '#domain/sandbox-ports.ts';
import type { StartMessage } from '#sandbox/protocol/messages.js';
import type { Confinement } from './confinement.ts';
import { engineLine } from './engine.ts';
import { layerMissing, NEEDED_LAYERS, propertyMissing } from './layers.ts';
import { modulesText } from './modules-text.ts';
import { createWarden } from './warden.ts';
import { createWardenPool, type WardenPool } from './warden-pool.ts';
import { isolateYoungMiB } from './warden-profile.ts';
import { createWardenRoom } from './warden-room.ts';

export type IsolateRuntimePorts = {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly confinement: Confinement;
  readonly code: PluginCode;
};

/** Bounds in place of those of `LIMITS`, and what a record says of the product. */
export type IsolateRuntimeOptions = {
  readonly wardensMax?: number;
  readonly wardensPerPluginMax?: number;
  /** The product's version, for the engine of the record. Absent: not named. */
  readonly product?: string;
  /** For how long a call may keep a warden's own thread, whatever came of the last one. Absent: as for live calls. */
  readonly trialMsMax?: number;
  /** Of the threads beside that one. */
  readonly stackBytes?: number;
};

/** The runtime of isolate plugins. It starts no process before the first call. */
export function createIsolateRuntime(ports: IsolateRuntimePorts, options: IsolateRuntimeOptions = {}): PluginRuntime {
  const { clock, logger, confinement, code } = ports;
  const pools = new Map<string, { readonly plugin: Plugin; readonly pool: WardenPool }>();
  const allPools = () => [...pools.values()].map(({ pool }) => pool);
  const layersInForce = confinement.layers().filter((layer) => layer.inForce);
  const room = createWardenRoom(allPools, options);
  const engine = engineLine(options.product);
  let watchdog: NodeJS.Timeout | undefined;
  let isClosed = false;

  /** Neither a plugin nor the layers of a machine change while the runtime lives. */
  const profiles = new WeakMap<Plugin, SandboxProfile>();
  const profile = (plugin: Plugin): SandboxProfile => {
    const known = profiles.get(plugin) ?? profileOf(plugin);
    profiles.set(plugin, known);
    return known;
  };

  const profileOf = (plugin: Plugin): SandboxProfile => {
    requireIsolate(plugin);
    requireWhole(confinement);
    const layers = layersInForce.map((layer) => layer.name).sort();
    return { tier: 'isolate', digest: profileDigest(plugin), layers, engine };
  };

  const profileDigest = (plugin: Plugin): Digest =>
    sha256(
      canonicalJson({
        tier: 'isolate',
        layers: layersInForce.map(({ name, detail }) => [name, detail]),
        floor: confinement.floor().map(({ property, standing, by }) => [property, standing, by]),
        memoryMiB: memoryMiBOf(plugin),
        isolates: isolatesOf(plugin),
      }),
    );

  const poolFor = (plugin: Plugin): WardenPool => {
    const key = `${plugin.digest} ${profile(plugin).digest}`;
    const known = pools.get(key);
    if (known !== undefined) return known.pool;
    const { stackBytes } = options;
    const spec = {
      ...{ memoryMiB: memoryMiBOf(plugin), isolates: isolatesOf(plugin), owner: plugin.digest },
      ...(stackBytes === undefined ? {} : { stackBytes }),
    };
    const pool: WardenPool = createWardenPool({
      clock,
      makeRoom: (isOwn) => room.make(pool, isOwn),
      startWarden: (events) =>
        createWarden({
          clock,
          logger,
          plugin: plugin.name,
          command: confinement.wardenCommand(spec),
          start: startMessage(plugin, options.trialMsMax),
          code: code.modules(plugin).then(modulesText),
          isolatesMax: spec.isolates,
          ...events,
        }),
    });
    pools.set(key, { plugin, pool });
    return pool;
  };

  /** Looks at the wardens only while calls run. */
  const watch = () => {
    watchdog ??= setInterval(() => {
      let running = 0;
      for (const pool of allPools()) {
        pool.check();
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
        return { kind: 'failed', error: asSmcpError(thrown).toWire(), effect: 'known', usage };
      }
    },
    profile,
    layers: confinement.layers,
    end: async (isEnded) => {
      await Promise.all(
        [...pools.values()].map(({ plugin, pool }) =>
          pool.end((agent) => isEnded(agent === undefined ? { plugin } : { plugin, agent })),
        ),
      );
    },
    close: async () => {
      isClosed = true;
      clearInterval(watchdog);
      await Promise.all(allPools().map((pool) => pool.close()));
      pools.clear();
    },
  };
}

function requireIsolate(plugin: Plugin): IsolateRuntime {
  const { runtime } = plugin.manifest;
  if (runtime.kind === 'isolate') return runtime;
  throw new SmcpError('INTERNAL', `${plugin.name} is no plugin of isolates`);
}

/** Fails closed: a confinement that does not mention a layer has none of it. */
function requireWhole(confinement: Confinement): void {
  confinement.requireLauncher();
  for (const name of NEEDED_LAYERS) {
    const layer = confinement.layers().find((one) => one.name === name);
    if (layer?.inForce !== true) throw layerMissing(layer ?? { name, inForce: false, detail: 'unknown' });
  }
  const missing = confinement.floor().find(({ standing }) => standing === 'missing');
  if (missing !== undefined) throw propertyMissing(missing);
}

function memoryMiBOf(plugin: Plugin): number {
  const asked = requireIsolate(plugin).memoryMiB ?? LIMITS.memoryMiBDefault;
  return Math.min(Math.max(asked, LIMITS.memoryMiBMin), LIMITS.memoryMiBMax);
}

function isolatesOf(plugin: Plugin): number {
  const fitting = Math.floor(LIMITS.wardenMemoryMiBMax / memoryMiBOf(plugin));
  return Math.min(Math.max(fitting, 1), LIMITS.isolatesPerWardenMax);
}

function startMessage(plugin: Plugin, trialMsMax: number | undefined): StartMessage {
  return {
    t: 'start',
    entry: requireIsolate(plugin).entry,
    memoryMiB: memoryMiBOf(plugin),
    youngMiB: isolateYoungMiB(memoryMiBOf(plugin)),
    callsPerIsolateMax: LIMITS.callsPerIsolateMax,
    hostCallBytesMax: LIMITS.hostCallBytesMax,
    hostCallBytesTotalMax: LIMITS.hostCallBytesTotalMax,
    settleMsMax: LIMITS.wardenSettleMs,
    trialMsMax: trialMsMax ?? LIMITS.wardenTrialMs,
    trialsLeftOut: trialMsMax === undefined ? LIMITS.wardenTrialsLeftOut : 0,
    contextsReady: LIMITS.contextsReady,
    logMessageLengthMax: LIMITS.logMessageLengthMax,
    errorMessageLengthMax: LIMITS.errorMessageLengthMax,
    randomBytesMax: LIMITS.randomBytesMax,
  };
}
