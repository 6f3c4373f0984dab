// Which sequences of administration CI runs: the law has to hold over them, and to find each weakened check within them.
// They follow from the table of operations: a new row makes others of them, so there are more than were needed.

export const LAW = { seed: 1, numRuns: 60 } as const;
