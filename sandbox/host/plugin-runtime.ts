// The sandbox as the dispatcher sees it: a front that gives each plugin to the tier of its kind, and refuses what has none here.

import { SmcpError } from '#base/errors.ts';
import type { Plugin } from '#domain/manifest.ts';
import type { PluginRuntime } from '#domain/sandbox-ports.ts';

export type RuntimeTiers = {
  readonly isolate: PluginRuntime;
  /** Absent: plugins of runtime `process` are refused. */
  readonly process?: PluginRuntime;
};

/** One runtime of the tiers. They end, and close, at the same time. */
export function createPluginRuntime(tiers: RuntimeTiers): PluginRuntime {
  const all = tiers.process === undefined ? [tiers.isolate] : [tiers.isolate, tiers.process];
  return {
    run: async (request) => {
      const tier = tiers[request.plugin.manifest.runtime.kind];
      if (tier !== undefined) return tier.run(request);
      const error = noTier(request.plugin).toWire();
      return { kind: 'failed', error, effect: 'known', usage: { cpuMs: 0, wallMs: 0, heapBytesPeak: 0 } };
    },
    profile: (plugin, granted) => {
      const tier = tiers[plugin.manifest.runtime.kind];
      if (tier === undefined) throw noTier(plugin);
      return tier.profile(plugin, granted);
    },
    layers: () => {
      const layers = all.flatMap((tier) => tier.layers());
      const first = layers.filter(({ name }, place) => layers.findIndex((other) => other.name === name) === place);
      return first.toSorted((a, b) => (a.name < b.name ? -1 : 1));
    },
    end: async (isEnded) => void (await Promise.all(all.map((tier) => tier.end(isEnded)))),
    close: async () => void (await Promise.all(all.map((tier) => tier.close()))),
  };
}

function noTier({ name, manifest: { runtime } }: Plugin): SmcpError {
  return new SmcpError('SANDBOX_UNAVAILABLE', `${name}: plugins of runtime \`${runtime.kind}\` are not run here`, {
    details: { remedy: 'use a plugin of runtime `isolate`' },
  });
}
