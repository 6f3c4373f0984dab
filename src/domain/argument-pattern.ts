// Patterns of one argument of a program: `*` stands for any run of characters, but what begins with `-` is matched only by what
// begins with `-` too. So an argument that is meant as a name can't become an option. Pure.

import { compileStarPattern, coversStarPattern } from '#base/star-pattern.ts';

const isOption = (text: string): boolean => text.startsWith('-');

/** **Trust:** the argument is anybody's; its length was bounded by the caller. */
export function matchesArgumentPattern(pattern: string, argument: string): boolean {
  if (isOption(argument) && !isOption(pattern)) return false;
  return compileStarPattern(pattern)(argument);
}

/** Whether every argument of `inner` is one of `outer`. */
export function coversArgumentPattern(outer: string, inner: string): boolean {
  if (isOption(inner) && !isOption(outer)) return false;
  return coversStarPattern(outer, inner);
}
