// The transcript of an invocation: every host call that wants an answer, in the order in which the guest asked and was answered.
// It is kept in the very texts that crossed the fence; `transcriptView` shows their values. Pure.

import type { Json } from '#base/json.ts';

/**
 * `asked` and its `answered` or `refused` have the same number, the guest's own: it only grows, and counts log lines and
 * progress too. `text`: the params, the value or the error, as JSON text.
 */
export type ExactEvent =
  | { readonly kind: 'asked'; readonly call: number; readonly name: string; readonly text: string }
  | { readonly kind: 'answered'; readonly call: number; readonly text: string }
  | { readonly kind: 'refused'; readonly call: number; readonly text: string };

export type ExactTranscript = { readonly events: readonly ExactEvent[] };

/** The transcripts that were kept before had values in place of texts, and no format. */
export const TRANSCRIPT_FORMAT = 1;

/** What the log keeps of a call, beside arguments and result, to run it again. */
export type KeptTranscript = ExactTranscript & {
  readonly format: typeof TRANSCRIPT_FORMAT;
  /** What ran it, as in its record. */
  readonly engine: string;
  /** The arguments as the guest got them, where their canonical form would not give them back: the order of keys, `-0`. */
  readonly args?: string;
  /** There was more than is kept: `events` is empty. */
  readonly isCut?: true;
};

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

/** What was asked and answered, as values. The texts are those that the sandbox took and gave: JSON, all of them. */
export function transcriptView({ events }: ExactTranscript): Transcript {
  return { events: events.map(viewOf) };
}

function viewOf(event: ExactEvent): TranscriptEvent {
  const { call } = event;
  const value = JSON.parse(event.text) as Json;
  switch (event.kind) {
    case 'asked':
      return { kind: 'asked', call, name: event.name, params: value };
    case 'answered':
      return { kind: 'answered', call, value };
    case 'refused':
      return {
        kind: 'refused',
        call,
        error: value as Extract<TranscriptEvent, { readonly kind: 'refused' }>['error'],
      };
  }
}
