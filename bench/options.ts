// What the bench is asked to do: its command line and its help.

import { parseArgs } from 'node:util';
import type { BareKind } from './servers/start-servers.ts';

export type Options = {
  readonly isJson: boolean;
  readonly isHelp: boolean;
  readonly rounds: number;
  readonly seconds: number;
  readonly connections: readonly number[];
  readonly agents: number;
  readonly client: 'lean' | 'sdk';
  readonly bare: BareKind;
  /** The parts to run besides, or instead of, the comparison. */
  readonly isComparing: boolean;
  readonly isProfiling: boolean;
  /** Under which the host is sampled. */
  readonly profileConnections: number;
  /** Calls of the memory part; undefined without it. */
  readonly memoryCalls: number | undefined;
  /** Running calls of the freeze part; undefined without it. */
  readonly freezeCalls: number | undefined;
  readonly isCheck: boolean;
};

/** A wrong command line: its message is for people. */
export class UsageError extends Error {}

export const HELP = `npm run bench -- [options]

Compares a bare server of the MCP SDK with ours: the same tool, the same client, in turns on the same machine.
Without options it takes about a minute and a half, and prints one table.

What is measured
  (nothing)            calls a second, p50 and p99 of both, at 1, 16 and 64 connections
  --profile            where the time of one of our calls goes, part by part and file by file
  --memory [CALLS]     memory over so many calls (100000), and what is left after SIGTERM
  --freeze [CALLS]     from \`smcp freeze\` to the end of so many running calls (50) and of their processes
  --check              all that the product is held to (comparison at 1 and 16, memory, freeze); exit code 1 when it isn't
  --compare            the comparison too, where one of the others was asked for

How
  --rounds N           pairs of runs for each number of connections (7)
  --seconds S          how long each run takes (1.5)
  --connections LIST   (1,16,64); --profile samples the host under the first of them (16)
  --agents N           our connections belong to N agents in turn (1)
  --client lean|sdk    a client that does little more than write and read (lean), or the SDK's own (sdk)
  --bare recommended|lean
                       the bare server as the SDK's documentation has it (recommended), or the least that the SDK can do:
                       no McpServer, no check of arguments or result
  --json               one JSON document instead of tables
  --help

Exit code 0 when all was measured, 1 when an answer was wrong or --check failed, 2 for a wrong option.
What the figures mean: docs/bench.md
`;

/** Of the options that may stand alone. */
const CALLS_BY_DEFAULT: { readonly [option: string]: number } = { '--memory': 100_000, '--freeze': 50 };

/** @throws `UsageError` */
export function parseOptions(args: readonly string[]): Options {
  const { values } = parse(withCounts(args));
  const isCheck = values.check === true;
  const callsOf = (name: 'memory' | 'freeze') => {
    const text = values[name] ?? (isCheck ? String(CALLS_BY_DEFAULT[`--${name}`]) : undefined);
    return text === undefined ? undefined : count(`--${name}`, text);
  };
  const memoryCalls = callsOf('memory');
  const freezeCalls = callsOf('freeze');
  const isProfiling = values.profile === true;
  const isOther = isProfiling || freezeCalls !== undefined || memoryCalls !== undefined;
  return {
    isJson: values.json === true,
    isHelp: values.help === true,
    rounds: count('--rounds', values.rounds ?? '7'),
    seconds: positive('--seconds', values.seconds ?? '1.5'),
    connections: (values.connections ?? (isCheck ? '1,16' : '1,16,64'))
      .split(',')
      .map((text) => count('--connections', text)),
    agents: count('--agents', values.agents ?? '1'),
    client: oneOf('--client', values.client ?? 'lean', ['lean', 'sdk']),
    bare: oneOf('--bare', values.bare ?? 'recommended', ['recommended', 'lean']),
    isComparing: !isOther || isCheck || values.compare === true,
    isProfiling,
    profileConnections: count('--connections', values.connections?.split(',')[0] ?? '16'),
    memoryCalls,
    freezeCalls,
    isCheck,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        json: { type: 'boolean' },
        help: { type: 'boolean' },
        rounds: { type: 'string' },
        seconds: { type: 'string' },
        connections: { type: 'string' },
        agents: { type: 'string' },
        client: { type: 'string' },
        bare: { type: 'string' },
        compare: { type: 'boolean' },
        profile: { type: 'boolean' },
        memory: { type: 'string' },
        freeze: { type: 'string' },
        check: { type: 'boolean' },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/** The arguments with the numbers that were left out. */
function withCounts(args: readonly string[]): readonly string[] {
  return args.flatMap((arg, place) => {
    const byDefault = CALLS_BY_DEFAULT[arg];
    const isAlone = byDefault !== undefined && !/^\d+$/.test(args[place + 1] ?? '');
    return isAlone ? [arg, String(byDefault)] : [arg];
  });
}

function count(name: string, text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= 1 && Number.isSafeInteger(value)) return value;
  throw new UsageError(`${name} takes whole numbers from 1, not ${JSON.stringify(text)}`);
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value) && value > 0) return value;
  throw new UsageError(`${name} takes a number above 0, not ${JSON.stringify(text)}`);
}

function oneOf<T extends string>(name: string, text: string, known: readonly T[]): T {
  const found = known.find((one) => one === text);
  if (found !== undefined) return found;
  throw new UsageError(`${name} is one of ${known.join(', ')}, not ${JSON.stringify(text)}`);
}
