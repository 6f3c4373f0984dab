// What the runtime needs to know of the command-line protocol and does not decide: how arguments become words, and what an
// end means. Types only; the pure functions behind them are joined in by whoever builds the runtime.

import type { WireError } from '#base/errors.ts';
import type { ProgramEnd, ProgramOutcome } from '#domain/cli-plugin/outcome.ts';
import type { PluginTool } from '#domain/manifest.ts';

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
