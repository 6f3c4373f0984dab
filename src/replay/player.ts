// Plays a transcript to a guest: each host call must be the recorded one, and gets the recorded text, in the recorded order. One
// per run. **Trust:** what is asked is a guest's; the transcript was signed for.

import { isJsonObject, type Json } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import { visibleText } from '#base/visible.ts';
import type { AskedCall, ReplayDifference } from '#domain/replay-ports.ts';
import type { RecordedReplies, RecordedReply } from '#domain/sandbox-ports.ts';
import type { ExactEvent } from '#domain/transcript.ts';

export type Player = {
  readonly replies: RecordedReplies;
  /** Where it went another way; call it when the run has ended. */
  readonly difference: () => ReplayDifference | undefined;
  /** Host calls that were the recorded ones. */
  readonly matched: () => number;
  /** The first call that was made again and has no recorded answer; undefined: none. */
  readonly unanswered: () => number | undefined;
  /** Whether all that is recorded was asked again, and answered. */
  readonly isPlayed: () => boolean;
};

export type PlayerOptions = {
  /** Called at the first difference; nothing is answered from there on. */
  readonly onDiverged: () => void;
  /** For a call that was ended from outside: called once all is played, and what is asked from there on is no difference. */
  readonly onPlayed?: () => void;
};

/** What is shown of params before the place where they differ, in UTF-16 units. */
const SHOWN_BEFORE = 32;

type Asked = Extract<ExactEvent, { readonly kind: 'asked' }>;

/**
 * An answer is delivered once all that was asked before it, in the transcript, is asked again. A guest runs until nothing of its code is
 * left to run between two answers, so their order and their texts decide all that it does.
 *
 * @param events in order: each answer behind its call
 */
export function createPlayer(events: readonly ExactEvent[], { onDiverged, onPlayed }: PlayerOptions): Player {
  const waiting = new Map<number, (reply: RecordedReply) => void>();
  let at = 0;
  let matched = 0;
  let difference: ReplayDifference | undefined;

  const deliver = (): void => {
    for (let event = events[at]; event !== undefined && event.kind !== 'asked'; event = events[at]) {
      at += 1;
      waiting.get(event.call)?.(replyOf(event));
      waiting.delete(event.call);
    }
  };

  return {
    replies: ({ call, name, body }, reply) => {
      if (difference !== undefined || (onPlayed !== undefined && at === events.length)) return;
      const asked: Asked = { kind: 'asked', call, name, text: body };
      const recorded = events[at] as Asked | undefined;
      if (recorded === undefined || !isSame(asked, recorded)) {
        const from = recorded === undefined ? 0 : firstDifference(asked.text, recorded.text);
        difference = {
          ...{ index: matched, asked: shown(asked, from) },
          ...(recorded === undefined ? {} : { recorded: shown(recorded, from) }),
        };
        onDiverged();
        return;
      }
      waiting.set(call, reply);
      at += 1;
      matched += 1;
      deliver();
      if (at === events.length) onPlayed?.();
    },
    difference: () => {
      const next = events[at];
      if (difference !== undefined || next?.kind !== 'asked') return difference;
      return { index: matched, recorded: shown(next, 0) };
    },
    matched: () => matched,
    unanswered: () => waiting.keys().next().value,
    isPlayed: () => difference === undefined && at === events.length,
  };
}

const isSame = (one: Asked, other: Asked): boolean =>
  one.call === other.call && one.name === other.name && one.text === other.text;

function firstDifference(one: string, other: string): number {
  let at = 0;
  while (at < one.length && one[at] === other[at]) at += 1;
  return at;
}

/** The text from a little before `from` on, where all of it would be too long. */
function shown({ call, name, text }: Asked, from: number): AskedCall {
  const start = text.length <= LIMITS.replayShownLengthMax ? 0 : Math.max(0, from - SHOWN_BEFORE);
  const params = visibleText(text.slice(start), LIMITS.replayShownLengthMax);
  return { call, name, params: start === 0 ? params : `…${params}` };
}

function replyOf(event: Exclude<ExactEvent, Asked>): RecordedReply {
  if (event.kind === 'answered') return { isOk: true, body: event.text };
  const error = JSON.parse(event.text) as Json;
  const code = isJsonObject(error) ? error['code'] : undefined;
  return { isOk: false, body: event.text, ...(typeof code === 'string' ? { code } : {}) };
}
