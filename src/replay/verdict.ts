// What a replay says: in one sentence, and in fields. Pure.

import type { ToolAnswer } from '#domain/invocation.ts';
import type { Replay } from '#domain/replay-ports.ts';
import { compareEnds } from './compare.ts';
import type { Player } from './player.ts';
import type { RecordedCall, RecordedEnd } from './recorded-call.ts';

/** A run again, once it has ended. */
export type EndedReplay = {
  readonly player: Pick<Player, 'difference' | 'matched' | 'unanswered' | 'isPlayed'>;
  readonly answer: ToolAnswer;
  /** It took all the time that it had. */
  readonly isLate: boolean;
  /** What ran it; absent: not known. */
  readonly engine?: string;
};

export function verdictOn(call: RecordedCall, ended: EndedReplay): Replay {
  const { player, answer } = ended;
  const engine = { ...engineOf(call), ...(ended.engine === undefined ? {} : { now: ended.engine }) };
  const seen = { ...aboutOf(call), hostCalls: player.matched(), engine };
  if (call.endedBy !== undefined && player.isPlayed()) {
    return { ...seen, outcome: 'same_until_ended', reason: untilEnded(call.endedBy, player) };
  }
  const difference = player.difference();
  const stop = stopOf(call, ended);
  // Where it was stopped, it may have had more to ask.
  if (stop !== undefined && difference?.asked === undefined) return { ...seen, outcome: 'impossible', reason: stop };
  const isOther = engine.recorded !== engine.now;
  const other = isOther ? ` (another engine ran it then: ${engine.recorded ?? 'its record names none'})` : '';
  if (difference !== undefined) {
    const what = difference.asked === undefined ? 'asked less' : 'asked something else';
    const reason = `from host call ${difference.index} on it ${what}${other}`;
    return { ...seen, outcome: 'diverged', reason, difference };
  }
  const { isSame, reason, recorded, replayed } = compareEnds(call, answer);
  return { ...seen, outcome: isSame ? 'same' : 'different', reason: `${reason}${other}`, recorded, replayed };
}

function untilEnded(endedBy: string, { unanswered }: EndedReplay['player']): string {
  const waits = unanswered();
  const where = waits === undefined ? '' : `; host call ${waits} had no answer then`;
  return `it asked the same up to where it was ended from outside of its code (${endedBy})${where}`;
}

export function impossible(end: RecordedEnd, why: string): Replay {
  const reason = `it can't be run again: ${why}`;
  return { ...aboutOf(end), outcome: 'impossible', reason, hostCalls: 0, engine: engineOf(end) };
}

export function codeMissing({ package: digest, predicate }: RecordedCall): string {
  const { plugin, version } = predicate.tool;
  return `the code that ran is no longer kept: ${plugin} ${version}, digest ${digest}; have that version in a plugins directory once more, and a copy of it is kept again`;
}

/** Endings that the code of a guest comes to only by a refusal that it does not catch. */
const STOPS: ReadonlySet<string> = new Set([
  ...['TIMEOUT', 'CPU_EXCEEDED', 'MEMORY_EXCEEDED', 'CANCELLED', 'PLUGIN_CRASHED', 'INTERRUPTED', 'SHUTTING_DOWN'],
  ...['INTERNAL', 'QUEUE_FULL', 'SANDBOX_UNAVAILABLE', 'SANDBOX_TAMPERED', 'PLUGIN_TAMPERED'],
]);

/** Why this run says nothing of the recorded one; undefined: it came to an end of its own. */
function stopOf({ predicate, endedBy }: RecordedCall, { player, answer, isLate }: EndedReplay): string | undefined {
  if (answer.kind === 'value' || !STOPS.has(answer.error.code)) return undefined;
  if (endedBy === undefined && answer.error.code === predicate.result?.class && !isLate) return undefined;
  const waits = player.unanswered();
  const why = waits === undefined ? '' : `; it waited for host call ${waits}, to which the recorded call got no answer`;
  return `this run was ended from outside (${answer.error.code})${why}`;
}

const aboutOf = ({ index, predicate }: RecordedEnd) => ({ index, tool: predicate.tool.name });

function engineOf({ predicate }: RecordedEnd): Replay['engine'] {
  const recorded = predicate.sandbox?.engine;
  return recorded === undefined ? {} : { recorded };
}
