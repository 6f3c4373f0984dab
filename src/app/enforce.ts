// Ends what may no longer run, after a freeze, a revoked token, another policy, a plugin that was switched off.

import type { Logger } from '#base/log.ts';
import type { CallView } from '#domain/invocation.ts';
import type { Plugin } from '#domain/manifest.ts';
import type { Dispatcher, FreezeDecider } from '#domain/ports.ts';
import type { PluginRuntime, ProcessOwner } from '#domain/sandbox-ports.ts';

export type EnforcePorts = {
  readonly dispatcher: Pick<Dispatcher, 'reconsider' | 'untilEnded'>;
  readonly runtime: Pick<PluginRuntime, 'end'>;
  readonly freezes: FreezeDecider;
  /** Plugins whose tools are served. */
  readonly plugins: () => readonly Plugin[];
  readonly logger: Logger;
};

/**
 * A function that tells every call that ought to end, in this turn where no policy must be asked, and ends the processes of
 * plugins that are frozen or no longer served, and of agents that are frozen. It resolves when they are gone and the calls have ended, after
 * `LIMITS.stopWaitMsMax` with those that have not. It never rejects.
 */
export function createEnforcer(ports: EnforcePorts): () => Promise<readonly CallView[]> {
  const { dispatcher, runtime, freezes, plugins, logger } = ports;
  const isOver = ({ plugin, agent }: ProcessOwner): boolean =>
    // No effect: what stops everything, this plugin, or the one agent that the process serves is meant.
    freezes.stops({ agent: agent ?? '', plugin: plugin.name }) !== undefined ||
    !plugins().some(({ digest }) => digest === plugin.digest);
  return async () => {
    // What is asked first needs no policy and is told at once; processes do not wait for the rest.
    const told = dispatcher.reconsider();
    const results = await Promise.allSettled([runtime.end(isOver), told]);
    for (const result of results) {
      if (result.status === 'rejected') logger.error('what may no longer run', { error: String(result.reason) });
    }
    return dispatcher.untilEnded();
  };
}
