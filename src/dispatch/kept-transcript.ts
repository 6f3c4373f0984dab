// What of a run is kept beside its arguments and its result, so that it can be run again. Pure.

import { isKeptByCanonical } from '#base/canonical-json.ts';
import { LIMITS } from '#base/limits.ts';
import type { BrokerSession, SandboxProfile } from '#domain/sandbox-ports.ts';
import { type KeptTranscript, TRANSCRIPT_FORMAT } from '#domain/transcript.ts';
import type { Admitted } from './admitted.ts';

/**
 * Of an isolate: with code and arguments it gives the result again. A program has more that it may ask. Nothing where the
 * record and its arguments say all.
 */
export function keptTranscript(
  { tier, engine = '' }: SandboxProfile,
  session: Pick<BrokerSession, 'transcript'>,
  { args, argsJson }: Pick<Admitted, 'args' | 'argsJson'>,
): { readonly transcript?: KeptTranscript } {
  if (tier !== 'isolate') return {};
  const told = session.transcript();
  // What is too large for a document of its own is not kept here either.
  const isWhole = isKeptByCanonical(args) || argsJson.length > LIMITS.disclosureBytesMax;
  if (told?.events.length === 0 && isWhole) return {};
  return {
    transcript: {
      ...{ format: TRANSCRIPT_FORMAT, engine, events: told?.events ?? [] },
      ...(isWhole ? {} : { args: argsJson }),
      ...(told === undefined ? { isCut: true } : {}),
    },
  };
}
