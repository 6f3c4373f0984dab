// The first of many names, kept while they come in any order. So a folder is listed in small steps and bounded memory, however many names it
// has: the host's one thread sorts no more than it answers with.

import { compareNames } from './files-effect.ts';

export type FirstNames = {
  /** Whether it would be among the first ones as far as they are known. */
  readonly wants: (name: string) => boolean;
  readonly add: (name: string) => void;
  /** In order. */
  readonly sorted: () => string[];
};

/** The first `countMax` of the names that are added. */
export function createFirstNames(countMax: number): FirstNames {
  let kept: string[] = [];
  /** Above it no name is wanted; undefined while there is room. */
  let last: string | undefined;
  const shorten = () => {
    kept.sort(compareNames);
    kept = kept.slice(0, countMax);
    last = kept.length < countMax ? undefined : kept.at(-1);
  };
  return {
    wants: (name) => last === undefined || compareNames(name, last) < 0,
    add: (name) => {
      kept.push(name);
      // Half of what is sorted is thrown away.
      if (kept.length >= countMax * 2) shorten();
    },
    sorted: () => {
      shorten();
      return kept;
    },
  };
}
