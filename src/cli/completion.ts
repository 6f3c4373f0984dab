// smcp completion: a script for the shell, made of the table of commands.

import { SmcpError } from '#base/errors.ts';
import { type Command, EXIT } from './command.ts';
import { completionModel } from './completion-model.ts';
import { SCRIPTS, type Shell } from './completion-scripts.ts';

/** @param commands asked for when it runs, since this command is one of them. */
export function completionCommand(commands: () => readonly Command[]): Command {
  return {
    words: ['completion'],
    arguments: ['SHELL'],
    options: {},
    summary: 'Prints a script that completes commands in a shell: bash, zsh or fish.',
    isLocal: true,
    run: ({ print }, { positionals }) => {
      const shell = readShell(positionals[0] ?? '');
      const script = SCRIPTS[shell](completionModel(commands()));
      print({ shell, script }, () => script);
      return EXIT.done;
    },
  };
}

function readShell(name: string): Shell {
  if (name === 'bash' || name === 'zsh' || name === 'fish') return name;
  throw new SmcpError('USAGE', `there is no completion for ${JSON.stringify(name)}`, {
    details: { remedy: 'name bash, zsh or fish, as in: eval "$(smcp completion bash)"' },
  });
}
