// Which sequences of administration CI runs: the law has to hold over them, and to find each weakened check within them.

export const LAW = { seed: 1, numRuns: 40 } as const;
