// The command line: argv in, exit code out. Called by smcp.js, which has seen to it that this Node can run it.

import { COMMANDS } from '#cli/commands.ts';
import { runCommandLine } from '#cli/run-command.ts';
import { productVersion } from '#config/product.ts';

/** Runs one command line. @returns the exit code; never rejects. */
export function main(argv: readonly string[]): Promise<number> {
  // A reader that has seen enough (`smcp log tail | head`) is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  const terminal = {
    out: (text: string) => void process.stdout.write(text),
    err: (text: string) => void process.stderr.write(text),
    env: process.env,
  };
  return runCommandLine(COMMANDS, argv, { terminal, version: productVersion() });
}
