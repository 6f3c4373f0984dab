// Ends what may no longer run, after a freeze, a revoked token, another policy, a plugin that was switched off.

import type { Logger } from '#base/log.ts';
import type { Plugin } from '#domain/manifest.ts';
import type { Dispatcher, FreezeDecider } from '#domain/ports.ts';
import type { PluginRuntime } from '#domain/sandbox-ports.ts';

export type EnforcePorts = {
  readonly dispatcher: Pick<Dispatcher, 'reconsider'>;
  readonly runtime: Pick<PluginRuntime, 'end'>;
  readonly freezes: FreezeDecider;
  /** Plugins whose tools are served. */
  readonly plugins: () => readonly Plugin[];
  readonly logger: Logger;
};

/**
 * A function that resolves when every call that ought to end has been told, and the processes of plugins that are frozen
 * or no longer served are gone. It never rejects.
 */
export function createEnforcer({ dispatcher, runtime, freezes, plugins, logger }: EnforcePorts): () => Promise<void> {
  const isOver = (plugin: Plugin): boolean =>
    // No agent and no effect: only what stops everything, or this plugin, is meant.
    freezes.stops({ agent: '', plugin: plugin.name }) !== undefined ||
    !plugins().some(({ digest }) => digest === plugin.digest);
  return async () => {
    // What is asked first needs no policy and is told at once; processes do not wait for the rest.
    const told = dispatcher.reconsider();
    const results = await Promise.allSettled([runtime.end(isOver), told]);
    for (const result of results) {
      if (result.status === 'rejected') logger.error('what may no longer run', { error: String(result.reason) });
    }
  };
}
