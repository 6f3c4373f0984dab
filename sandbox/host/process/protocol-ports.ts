// What the runtime needs to know of the command-line protocol and does not decide: how arguments become words, and what an
// end means. Types only; the pure functions behind them are joined in by whoever builds the runtime.

import type { WireError } from '#base/errors.ts';
import type { JsonObject } from '#base/json.ts';
import type { PluginTool } from '#domain/manifest.ts';

/** How a program ended and what it left. */
export type ProgramEnd = {
  /** `null` when a signal ended it. */
  readonly exitCode: number | null;
  /** `SIGKILL`, …; `null` when it ended by itself. */
  readonly signal: string | null;
  readonly stdout: Uint8Array;
  /** The end of it. */
  readonly stderr: Uint8Array;
  /** There was more on stdout after this. */
  readonly isStdoutCut: boolean;
  /** There was more on stderr before this. */
  readonly isStderrCut: boolean;
};

export type ProgramOutcome =
  | {
      readonly kind: 'value';
      readonly text: string;
      readonly structured?: JsonObject;
      readonly notes: readonly string[];
    }
  | { readonly kind: 'error'; readonly error: WireError; readonly notes: readonly string[] };

export type CliProtocol = {
  /**
   * The words after the program's own; `argv` is the program with them. **Trust:** the arguments are an agent's; `argsJson` is
   * the text as it came, so that no number is rounded.
   */
  readonly renderArguments: (
    tool: PluginTool,
    argsJson: string,
  ) => { readonly words: readonly string[] } | { readonly error: WireError };
  readonly parseOutcome: (end: ProgramEnd) => ProgramOutcome;
  /** The end of stderr, safe to show; undefined when it is empty. */
  readonly tailOf: (end: Pick<ProgramEnd, 'stderr' | 'isStderrCut'>) => string | undefined;
};
