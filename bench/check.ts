// What the product is held to, against what was found.

import type { Check, Comparison, Freeze, Memory, Report } from './report.ts';

const RATIO_MIN = 0.5;
const RATIO_CONNECTIONS = 16;
const ADDED_P50_MS_MAX = 1.5;
const FREEZE_MS_MAX = 1_000;

/** One line for each promise. A figure that is missing keeps none. */
export function checksOf({
  compare = [],
  memory,
  freeze,
}: Pick<Report, 'compare' | 'memory' | 'freeze'>): readonly Check[] {
  return [ratioCheck(compare), addedCheck(compare), ...memoryChecks(memory), freezeCheck(freeze)];
}

function at(compare: readonly Comparison[], connections: number): Comparison | undefined {
  return compare.find((one) => one.connections === connections);
}

function ratioCheck(compare: readonly Comparison[]): Check {
  const ratio = at(compare, RATIO_CONNECTIONS)?.ratio.median;
  return {
    what: `throughput at ${RATIO_CONNECTIONS} connections at least ${RATIO_MIN} of the bare server's`,
    found: ratio === undefined ? 'not measured' : ratio.toFixed(2),
    isHeld: ratio !== undefined && ratio >= RATIO_MIN,
  };
}

function addedCheck(compare: readonly Comparison[]): Check {
  const added = at(compare, 1)?.addedP50Ms.median;
  return {
    what: `p50 at 1 connection at most ${ADDED_P50_MS_MAX} ms above the bare server's`,
    found: added === undefined ? 'not measured' : `${added.toFixed(2)} ms`,
    isHeld: added !== undefined && added <= ADDED_P50_MS_MAX,
  };
}

function memoryChecks(memory: Memory | undefined): readonly Check[] {
  const growth = memory?.tracks
    .filter(({ isJudged }) => isJudged)
    .map((track) => `${track.what} ${track.growth.toFixed(3)}`);
  const isTold = memory?.isFlat !== undefined;
  return [
    {
      what: 'memory of host and wardens flat after warm-up (MiB per 10,000 calls)',
      found: isTold ? (growth ?? []).join(', ') : memory === undefined ? 'not measured' : 'too few calls to tell',
      isHeld: memory?.isFlat === true,
    },
    {
      what: 'no process left after SIGTERM',
      found: memory === undefined ? 'not measured' : String(memory.processesLeft),
      isHeld: memory?.processesLeft === 0,
    },
  ];
}

function freezeCheck(freeze: Freeze | undefined): Check {
  const what = `freeze to last call and process gone under ${FREEZE_MS_MAX} ms`;
  if (freeze?.kind !== 'measured') return { what, found: freeze?.reason ?? 'not measured', isHeld: false };
  const { lastCallMs, lastProcessMs } = freeze;
  const processes = lastProcessMs === undefined ? 'some process stays' : `processes ${lastProcessMs} ms`;
  return {
    what,
    found: `calls ${lastCallMs} ms, ${processes}`,
    isHeld: lastProcessMs !== undefined && Math.max(lastCallMs, lastProcessMs) < FREEZE_MS_MAX,
  };
}
