// A call as the parts of the dispatcher hand it on. Pure types.

import type { Tool } from '#domain/tool.ts';
import type { Admission } from './predicate.ts';

/** A call that was admitted: its tool exists and its arguments fit. */
export type Admitted<T extends Tool = Tool> = Admission & { readonly tool: T; readonly argsJson: string };
