// Runs a recorded call again in each place where it may have run. A guest can tell them apart by one thing, how deep its recursion may go:
// so where no place gives the recorded end, it is found out whether that is why. Used by replayer.ts.

import type { Replay } from '#domain/replay-ports.ts';

/**
 * `own`: the warden's own thread, where most calls begin · `other`: one of those beside it, which calls get that take longer, or
 * while other agents call · `deep`: one with a far larger stack, as no call has it.
 */
export type ReplayPlace = 'own' | 'other' | 'deep';

export async function replayByPlaces(replayIn: (place: ReplayPlace) => Promise<Replay>): Promise<Replay> {
  const own = await replayIn('own');
  if (!isContrary(own)) return own;
  const other = await replayIn('other');
  if (isAsRecorded(other)) return other;
  const deep = await replayIn('deep');
  if (isAsRecorded(deep)) return deep;
  const isByDepth = [other, deep].some((one) => isContrary(one) && cameTo(one) !== cameTo(own));
  return isByDepth ? dependsOnDepth(own) : own;
}

const isContrary = ({ outcome }: Replay): boolean => outcome === 'different' || outcome === 'diverged';
const isAsRecorded = ({ outcome }: Replay): boolean => outcome === 'same' || outcome === 'same_until_ended';

const cameTo = ({ outcome, replayed, difference, hostCalls }: Replay): string =>
  JSON.stringify([outcome, replayed, difference, hostCalls]);

function dependsOnDepth({ index, tool, hostCalls, engine }: Replay): Replay {
  const reason =
    'what it comes to depends on how deep its recursion may go, and no depth that was tried gives what is recorded: nothing follows';
  return { ...{ index, tool, hostCalls, engine }, outcome: 'impossible', reason };
}
