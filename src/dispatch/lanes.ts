// The lanes of a dispatcher, and which of them a call waits in. Used by the dispatcher only.

import type { Clock } from '#base/clock.ts';
import { LIMITS } from '#base/limits.ts';
import type { LaneName } from '#domain/invocation.ts';
import type { DispatcherStatus } from '#domain/ports.ts';
import type { BookEntry } from './call-book.ts';
import { Lane, type LaneOptions } from './lane.ts';

export type Lanes = {
  /** `main` for plugins' tools, `control` for the server's own. */
  readonly named: { readonly [name in LaneName]: Lane };
  /** Where the call waits for its turn. */
  readonly of: (entry: BookEntry) => Lane;
  readonly status: () => DispatcherStatus['lanes'];
};

export function createLanes(clock: Clock, options: LaneOptions): Lanes {
  const named = {
    main: new Lane(clock, options),
    control: new Lane(clock, { ...options, runningMax: LIMITS.controlRunningMax }),
  };
  // Parts of `control` to the eye: what only stops something passes everything else, and what takes long holds up nothing else.
  const stops = new Lane(clock, { ...options, runningMax: LIMITS.stopsRunningMax });
  const long = new Lane(clock, {
    ...options,
    runningMax: LIMITS.longRunningMax,
    runningPerAgentMax: LIMITS.longRunningPerAgentMax,
  });

  /** The calls of one tool are ordered among themselves, in its own place: at any time one write at most does something. */
  const childrenOf = (parent: BookEntry): Lane => {
    parent.children ??= new Lane(clock, {
      queueLengthMax: LIMITS.childCallsWaitingMax,
      queuePerAgentMax: LIMITS.childCallsWaitingMax,
      runningMax: LIMITS.childCallsRunningMax,
      runningPerAgentMax: LIMITS.childCallsRunningMax,
    });
    return parent.children;
  };

  return {
    named,
    of: ({ lane, parent, admitted: { tool } }) => {
      if (tool.kind === 'admin' && tool.isStop) return stops;
      if (tool.kind === 'admin' && tool.isLong === true) return long;
      return parent === undefined ? named[lane] : childrenOf(parent);
    },
    status: () =>
      (['main', 'control'] as const).map((name) => {
        const parts = name === 'control' ? [named.control, stops, long] : [named.main];
        const sumOf = (key: 'waiting' | 'running') => parts.reduce((sum, part) => sum + part[key], 0);
        return { name, waiting: sumOf('waiting'), running: sumOf('running'), isPaused: named[name].isPaused };
      }),
  };
}
