// Running a recorded call again, as the operations see it, and what that needs. Features import this file, never each other.

import type { Digest } from '#base/digest.ts';
import type { Plugin } from './manifest.ts';

/** The host call at which a run again went another way. */
export type ReplayDifference = {
  /** Among the host calls that want an answer, from 0. */
  readonly index: number;
  /** Undefined: it asked less than the recorded call. **Trust:** a guest's. */
  readonly asked?: AskedCall;
  /** Undefined: it asked more. */
  readonly recorded?: AskedCall;
};

/** `call`: the guest's own number. `params`: JSON text, cut to `LIMITS.replayShownLengthMax`. */
export type AskedCall = { readonly call: number; readonly name: string; readonly params: string };

/** How a call ended: `value` or an error's code, and the digest of its result's document as the record has it. */
export type ReplayEnd = { readonly class: string; readonly digest: string };

export type Replay = {
  /**
   * `same` the same result again · `same_until_ended` it was ended from outside of its code then, and asked the same up to there ·
   * `different` another result · `diverged` it asked the host something else on its way · `impossible` it could not be run again, or
   * not to its end, or to an end that says nothing of the recorded one: nothing is known.
   */
  readonly outcome: 'same' | 'same_until_ended' | 'different' | 'diverged' | 'impossible';
  /** A sentence. */
  readonly reason: string;
  /** Of the record that closes the call. */
  readonly index: number;
  readonly tool: string;
  readonly recorded?: ReplayEnd;
  readonly replayed?: ReplayEnd;
  /** Host calls that were answered from the transcript. */
  readonly hostCalls: number;
  /** What ran the code then, as far as the record says it, and now. */
  readonly engine: { readonly recorded?: string; readonly now?: string };
  readonly difference?: ReplayDifference;
};

export type Replayer = {
  /**
   * Runs a recorded call again, with every host call answered from its transcript: nothing is done, and nothing recorded. One at a
   * time; others wait.
   *
   * @throws `RECORD_UNKNOWN` · `LOG_TAMPERED` when what is kept is not what was signed · `PLUGIN_TAMPERED` · `SANDBOX_UNAVAILABLE` ·
   * `QUEUE_FULL` when too many wait
   */
  readonly replay: (invocation: string) => Promise<Replay>;
};

/** Code of plugins that ran here, by its digest. */
export type PluginArchive = {
  /** Undefined when it is no longer kept, or this release can't serve it. @throws `PLUGIN_TAMPERED` */
  readonly plugin: (digest: Digest) => Promise<Plugin | undefined>;
};
