// The bounds of programs that speak by command line (`cli.py`): what they say of themselves, and what they are handed. Part
// of LIMITS (limits.ts), by which everything else reads them.

export const CLI_LIMITS = {
  /** A description (`--describe`), in UTF-16 units: as large as a manifest may be. */
  cliDescriptionLengthMax: 1024 * 1024,
  /** Nesting of a description: a parameter's items lie six deep, and a schema in them needs some more. */
  cliDescriptionDepthMax: 32,
  /** A text of help, in UTF-16 units: argparse takes about 100 for an option, so as many as there may be take a fifth. */
  cliHelpLengthMax: 64 * 1024,
  /** Words of a usage, brackets counted as one: a few for each parameter. */
  cliUsageItemsMax: 1_024,
  /** Words of what stands for a positional argument; one is usual. Each word of a usage is looked at as often. */
  cliNameWordsMax: 16,
  /** Spellings of one option; argparse users write two. */
  cliSpellingsMax: 16,
  /** Parameters of one command. Public plugins have up to a dozen. */
  cliParametersMax: 128,
  /** Choices of one parameter; more are left to the program, which knows them. */
  cliChoicesMax: 256,
  /** A choice, or the name of a parameter, in characters; clients refuse longer names. */
  cliNameLengthMax: 64,
  /** The tail of stderr that an error shows, in UTF-16 units. */
  cliErrorTailLengthMax: 2_048,

  // Discovery: a program is asked for its description and for the help of each command
  /** One question. Python starts in 40 ms; the contract gives a plugin 10 s to describe itself. */
  discoveryAskMsMax: 10_000,
  /** All questions to one plugin together, so that 256 commands can't take 256 times as long. */
  discoveryMsMax: 60_000,
  /** Programs that are asked at once: some wait, and one that hangs uses no processor. */
  discoveryAsksMax: 8,
  /** What all answers of one plugin may have together, in UTF-16 units: a description and 60 texts of help at their bounds. */
  discoveryTextLengthMax: 5 * 1024 * 1024,
  /** The file that keeps them: escapes may double them. */
  discoveryFileBytesMax: 32 * 1024 * 1024,
} as const;
