// Assertions for what only a bug of ours can break. Bad input is not a bug: it gets an SmcpError.

import { SmcpError } from './errors.ts';

/** Throws `INTERNAL` (kind `fault`) when `condition` does not hold. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new SmcpError('INTERNAL', `invariant broken: ${message}`);
}

/** For the `default` of an exhaustive switch: a compile error when a case is missing. */
export function unreachable(value: never): never {
  throw new SmcpError('INTERNAL', `unreachable value: ${JSON.stringify(value)}`);
}
