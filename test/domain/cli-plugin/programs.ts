// Starts the programs of test/fixtures/cli-plugins with the machine's Python, as the sandbox would: what they print is real.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { CliSources } from '#domain/cli-plugin/cli-tool.ts';
import type { CommandHelpReading } from '#domain/cli-plugin/command-help.ts';
import { helpToAsk, inferTools } from '#domain/cli-plugin/infer-tools.ts';
import type { ProgramEnd } from '#domain/cli-plugin/outcome.ts';
import { parseCommandHelp } from '#domain/cli-plugin/parse-command-help.ts';
import { parseDescription } from '#domain/cli-plugin/parse-description.ts';
import { parseHelp } from '#domain/cli-plugin/parse-help.ts';

const FOLDER = fileURLToPath(new URL('../../fixtures/cli-plugins/', import.meta.url));

export const programPath = (name: string): string => `${FOLDER}${name}/cli.py`;

/** `columns`: how wide the program takes its terminal to be. */
export function runProgram(name: string, args: readonly string[], columns = 80): ProgramEnd {
  const env = { ...process.env, COLUMNS: String(columns), PYTHONIOENCODING: 'utf-8', PYTHONUTF8: '1' };
  const { status, signal, stdout, stderr, error } = spawnSync('python3', [programPath(name), ...args], { env });
  if (error !== undefined) throw error;
  return { exitCode: status, signal, stdout, stderr, isStdoutCut: false, isStderrCut: false };
}

export const outputOf = (name: string, args: readonly string[], columns?: number): string =>
  runProgram(name, args, columns).stdout.toString();

/** What discovery learns of a program: it asks until nothing more is to be asked. */
export function discover(name: string, options: { readonly columns?: number; readonly isDescribed?: boolean } = {}) {
  const { columns, isDescribed = true } = options;
  const described = isDescribed ? runProgram(name, ['--describe'], columns) : undefined;
  const reading = described?.exitCode === 0 ? parseDescription(described.stdout.toString()) : undefined;
  const commandHelps = new Map<string, CommandHelpReading>();
  const sources: CliSources = {
    plugin: name,
    ...(reading?.kind === 'description' ? { description: reading } : {}),
    help: parseHelp(outputOf(name, ['--help'], columns)),
    commandHelps,
  };
  for (let asked = helpToAsk(sources); asked.length > 0; asked = helpToAsk(sources)) {
    for (const words of asked) {
      commandHelps.set(words.join(' '), parseCommandHelp(outputOf(name, [...words, '--help'], columns), words));
    }
  }
  return { ...inferTools(sources), sources };
}

export type Answer = { readonly code: number; readonly stdout: string; readonly stderr: string };

/** One interpreter that runs the program again and again. */
export function startBatch(name: string) {
  const child: ChildProcess = spawn('python3', [`${FOLDER}batch.py`, programPath(name)], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, PYTHONUTF8: '1' },
  });
  const { stdin, stdout } = child;
  if (stdin === null || stdout === null) throw new Error('the batch has no pipes');
  const lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
  return {
    run: async (args: readonly string[]): Promise<Answer> => {
      stdin.write(`${JSON.stringify(args)}\n`);
      const { value, done } = await lines.next();
      if (done === true) throw new Error('the batch ended');
      return JSON.parse(value) as Answer;
    },
    [Symbol.dispose]: () => {
      stdin.end();
    },
  };
}
