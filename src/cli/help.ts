// The texts of --help.

import { COMMON_OPTIONS, type Command, type CommandOption } from './command.ts';

const columns = (rows: readonly (readonly [string, string])[]): string => {
  const width = Math.max(...rows.map(([left]) => left.length)) + 2;
  return rows.map(([left, right]) => `  ${left.padEnd(width)}${right}\n`).join('');
};

const section = (title: string, rows: readonly (readonly [string, string])[]): string =>
  rows.length === 0 ? '' : `\n${title}\n${columns(rows)}`;

const usage = ({ words, arguments: names }: Command): string => ['smcp', ...words, ...names].join(' ');

/** The help of all commands, or of those of a group. */
export function overviewHelp(commands: readonly Command[]): string {
  const row = (command: Command) => [usage(command).slice('smcp '.length), command.summary] as const;
  return [
    'SMCP decides which agent may call which tool, runs the tool in a sandbox, and keeps a signed record.\n\n',
    'Usage: smcp COMMAND [options]\n',
    section('Without a server:', commands.filter(({ isLocal }) => isLocal).map(row)),
    section(
      'On a running server (of the home, or SMCP_URL and SMCP_TOKEN):',
      commands.filter(({ isLocal }) => !isLocal).map(row),
    ),
    '\nEvery command takes:\n',
    columns(optionRows(COMMON_OPTIONS)),
    '\nsmcp --version says which version this is.\nExit codes: 0 done or yes, 1 refused or no, 2 wrong usage or invalid input, 3 unavailable, 4 tampered.\n',
  ].join('');
}

/** The help of one command. */
export function commandHelp(command: Command): string {
  const options = optionRows({ ...command.options, ...COMMON_OPTIONS });
  return `${command.summary}\n\nUsage: ${usage(command)} [options]\n\n${columns(options)}`;
}

function optionRows(options: { readonly [name: string]: CommandOption }): readonly (readonly [string, string])[] {
  return Object.entries(options).map(([name, { placeholder, help, multiple }]) => [
    `--${name}${placeholder === undefined ? '' : ` ${placeholder}`}`,
    multiple ? `${help} (may be repeated)` : help,
  ]);
}
