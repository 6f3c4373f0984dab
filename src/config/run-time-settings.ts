// The keys of config.yaml that a running server takes: each can change between two calls without anything being opened anew.
// All others say what is opened at the start (addresses, directories, keys, who is told) and count from the next one on.

import type { Json } from '#base/json.ts';
import type { Config } from './config.ts';

/** In the order from telling most to telling least. */
const LEVELS: readonly Config['logging']['level'][] = ['debug', 'info', 'warn', 'error', 'silent'];

export type RunTimeSetting = {
  readonly section: 'logging' | 'policy' | 'workspaces';
  readonly key: string;
  /** Whether an agent may change it from one to the other: nobody may do more after it, and nothing is hidden that was told. */
  readonly takesOnly: (from: Json, to: Json) => boolean;
};

const isSmaller = (from: Json, to: Json): boolean => Number(to) <= Number(from);

export const RUN_TIME_SETTINGS: readonly RunTimeSetting[] = [
  {
    section: 'logging',
    key: 'level',
    takesOnly: (from, to) =>
      LEVELS.indexOf(to as Config['logging']['level']) <= LEVELS.indexOf(from as Config['logging']['level']),
  },
  // `auto` puts in force what waits, and under `manual` an edit that takes a right away waits without its author's knowing.
  { section: 'policy', key: 'apply', takesOnly: (from, to) => from === to },
  { section: 'workspaces', key: 'bytesMax', takesOnly: isSmaller },
  { section: 'workspaces', key: 'filesMax', takesOnly: isSmaller },
];
