// The transcript of an invocation: every host call that was answered, in the order in which the guest asked and was answered.
// Pure types.

import type { Json } from '#base/json.ts';

/** `asked` and its `answered` or `refused` have the same number, the guest's own, which only grows. */
export type TranscriptEvent =
  | { readonly kind: 'asked'; readonly call: number; readonly name: string; readonly params: Json }
  | { readonly kind: 'answered'; readonly call: number; readonly value: Json }
  /** As the guest got it. */
  | {
      readonly kind: 'refused';
      readonly call: number;
      readonly error: { readonly code: string; readonly message: string; readonly details?: Json };
    };

export type Transcript = { readonly events: readonly TranscriptEvent[] };
