// Recorded calls run again: the replayer, on a tier of isolates of its own.

import { systemClock } from '#base/clock.ts';
import { LIMITS } from '#base/limits.ts';
import type { Logger } from '#base/log.ts';
import type { RecordReader } from '#domain/ports.ts';
import type { Replayer } from '#domain/replay-ports.ts';
import { createPluginArchive } from '#registry/plugin-archive.ts';
import { createPluginCode } from '#registry/plugin-copies.ts';
import { createReplayer } from '#replay/replayer.ts';
import type { Confinement } from '#sandbox/host/confinement.ts';
import { createIsolateRuntime } from '#sandbox/host/isolate-runtime.ts';

export type ReplayParts = {
  readonly log: RecordReader;
  readonly confinement: Confinement;
  readonly logger: Logger;
  /** The directory of the home. */
  readonly home: string;
  readonly version: string;
};

/**
 * Beside the tier that serves agents: with one process of each depth of stack at most, which has a user of its own where there are users to give, so that
 * nothing of a replay is counted against a plugin's own processes.
 */
export function openReplayer(
  { log, confinement, logger, home, version }: ReplayParts,
  stack: AsyncDisposableStack,
): Replayer {
  const apart: Confinement = {
    ...confinement,
    wardenCommand: (spec) => confinement.wardenCommand({ ...spec, owner: `replay ${spec.owner}` }),
  };
  const open = (stackBytes?: number) =>
    stack.adopt(
      createIsolateRuntime(
        { clock: systemClock, logger, confinement: apart, code: createPluginCode({ logger }) },
        {
          ...{ product: version, wardensMax: 1, wardensPerPluginMax: 1, trialMsMax: LIMITS.replayTrialMsMax },
          ...(stackBytes === undefined ? {} : { stackBytes }),
        },
      ),
      (opened) => opened.close(),
    );
  const runtime = open();
  const deep = open(LIMITS.replayDeepStackBytes);
  return createReplayer({ log, runtime, deep, archive: createPluginArchive(home) });
}
