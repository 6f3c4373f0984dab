// A call as the parts of the dispatcher hand it on. Pure types.

import type { Digest } from '#base/digest.ts';
import type { Tool } from '#domain/tool.ts';
import type { Admission } from './predicate.ts';

/** A call that was admitted: its tool exists and its arguments fit. */
export type Admitted<T extends Tool = Tool> = Admission & {
  readonly tool: T;
  readonly argsJson: string;
  /** Of equal arguments the same, however they are written. Made when it is first asked for. */
  readonly argsDigest: () => Digest;
};
