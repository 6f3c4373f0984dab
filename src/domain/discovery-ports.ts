// How a plugin's program is asked what it can do, before any agent calls it. The registry asks; the sandbox runs the program
// with nothing granted; src/app joins them. Pure types.

import type { ErrorCode } from '#base/errors.ts';
import type { ProgramEnd } from './cli-plugin/outcome.ts';
import type { Plugin } from './manifest.ts';

export type ProgramQuestion = {
  readonly plugin: Plugin;
  /** After the words of the manifest's command. */
  readonly words: readonly string[];
  readonly timeoutMs: number;
  /** What is kept of its standard output. */
  readonly outputBytesMax: number;
  readonly signal: AbortSignal;
};

/** `stopped`: its bounds or the signal ended it. **Trust:** what it printed is the plugin's word. */
export type ProgramAnswer = {
  readonly end: ProgramEnd;
  readonly stopped?: { readonly code: ErrorCode; readonly message: string };
};

export type PluginProber = {
  /**
   * Runs the program with these words, fresh, to its end. Nothing of it is left when it resolves, or soon after.
   *
   * @throws `SANDBOX_UNAVAILABLE`, `PLUGIN_TAMPERED`, `QUEUE_FULL`, `SHUTTING_DOWN`, when it could not be run at all
   */
  readonly ask: (question: ProgramQuestion) => Promise<ProgramAnswer>;
};
