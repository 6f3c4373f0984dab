// The interpreters that wait, by whom they are for. One serves one plugin, one agent and one grant, one call at a time; what a
// call left in its work folder is gone before the next. Ended when idle for long, when another child needs the place, and
// by whatever ends a call by force.

import { LIMITS } from '#base/limits.ts';
import type { Logger } from '#base/log.ts';
import type { AgentName } from '#domain/agent.ts';
import type { Plugin } from '#domain/manifest.ts';
import type { Place } from './children-room.ts';
import type { ForkServer } from './fork-server.ts';
import type { WorkFolder } from './work-place.ts';

export type Warm = {
  readonly key: string;
  readonly plugin: Plugin;
  readonly agent: AgentName;
  readonly server: ForkServer;
  readonly place: Place;
  readonly work: WorkFolder;
};

export type WarmPool = {
  /** One that waits; from here on it is the caller's, until it is given back. */
  readonly take: (key: string) => Warm | undefined;
  /** Makes its work folder empty, and lets it wait again if it may. */
  readonly giveBack: (warm: Warm) => Promise<void>;
  /** Starts one unless enough are there or on their way. Never rejects. */
  readonly prepare: (key: string, start: () => Promise<Warm>) => void;
  /** How many wait. */
  readonly waiting: (isOf: (plugin: Plugin, agent: AgentName) => boolean) => number;
  /** Ends the one that has waited longest; undefined when none waits. Resolves when its place is free. */
  readonly endIdlest: () => Promise<void> | undefined;
  /** Resolves when all of them are reaped and their folders removed. */
  readonly end: (isEnded: (plugin: Plugin, agent: AgentName) => boolean) => Promise<void>;
  readonly close: () => Promise<void>;
};

type Entry = Warm & { readonly gone: Promise<void>; isOut: boolean };

export function createWarmPool(
  { logger, nowMs }: { readonly logger: Logger; readonly nowMs: () => number },
  options: { readonly idleMs?: number } = {},
): WarmPool {
  const idleMs = options.idleMs ?? LIMITS.warmIdleMs;
  const entries = new Set<Entry>();
  const starting = new Map<string, Promise<void>>();
  let sweep: NodeJS.Timeout | undefined;
  let isClosed = false;

  const isWaiting = (entry: Entry) => !entry.isOut && entry.server.state() === 'idle';
  const ofKey = (key: string) => [...entries].filter((entry) => entry.key === key);

  const add = (warm: Warm): Entry => {
    const gone = warm.server.ended.then(async () => {
      await warm.work.remove().catch((thrown: unknown) => {
        logger.error('a work folder could not be removed', { error: String(thrown) });
      });
      warm.place[Symbol.dispose]();
      entries.delete(entry);
      if (entries.size > 0) return;
      clearInterval(sweep);
      sweep = undefined;
    });
    const entry: Entry = { ...warm, gone, isOut: false };
    entries.add(entry);
    sweep ??= setInterval(endOld, idleMs / 2);
    return entry;
  };

  const endOld = () => {
    for (const entry of entries) {
      if (isWaiting(entry) && nowMs() - entry.server.idleSinceMs() > idleMs) entry.server.kill();
    }
  };

  const endAll = async (ending: readonly Entry[]) => {
    for (const entry of ending) entry.server.kill();
    await Promise.all(ending.map(({ gone }) => gone));
  };

  return {
    take: (key) => {
      const found = ofKey(key).find(isWaiting);
      if (found !== undefined) found.isOut = true;
      return found;
    },
    giveBack: async (warm) => {
      const entry = [...entries].find(({ server }) => server === warm.server);
      if (entry === undefined) return;
      try {
        if (!entry.server.mayServe()) return;
        await entry.work.empty();
        entry.server.rest();
        entry.isOut = false;
      } catch (thrown) {
        logger.error('a work folder could not be emptied', { error: String(thrown) });
        entry.server.kill();
      }
    },
    prepare: (key, start) => {
      const has = ofKey(key).filter(({ server }) => server.state() !== 'over').length;
      if (isClosed || starting.has(key) || has >= LIMITS.warmPerAgentMax || ofKey(key).some(isWaiting)) return;
      const started = start()
        .then(async (warm) => {
          const entry = add(warm);
          if (isClosed) entry.server.kill();
          await warm.server.ready;
        })
        .catch((thrown: unknown) => logger.warn('no warm interpreter could be started', { error: String(thrown) }))
        .finally(() => starting.delete(key));
      starting.set(key, started);
    },
    waiting: (isOf) => [...entries].filter((entry) => isWaiting(entry) && isOf(entry.plugin, entry.agent)).length,
    endIdlest: () => {
      const [oldest] = [...entries]
        .filter(isWaiting)
        .toSorted((a, b) => a.server.idleSinceMs() - b.server.idleSinceMs());
      oldest?.server.kill();
      return oldest?.gone;
    },
    end: async (isEnded) => {
      await Promise.all(starting.values());
      await endAll([...entries].filter(({ plugin, agent }) => isEnded(plugin, agent)));
    },
    close: async () => {
      isClosed = true;
      await Promise.all(starting.values());
      await endAll([...entries]);
    },
  };
}
