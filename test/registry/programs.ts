// A small working model of the sandbox that runs programs: what a plugin's `cli.py` answers to which words is written in that
// file as JSON, and read from the copy that would run.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PluginProber, ProgramAnswer, ProgramQuestion } from '#domain/discovery-ports.ts';
import { manifest } from './workspace.ts';

/** By the words asked. A number: it ends with that exit code. `stop`: it has to be ended. Nothing: exit code 2. */
export type Script = { readonly [words: string]: string | number | { readonly stop: 'TIMEOUT' | 'CANCELLED' } };

export type ModelProber = PluginProber & {
  /** `plugin words` of each program that was run, in order. */
  readonly asked: readonly string[];
  /** The most that ran at once. */
  readonly atOnce: () => number;
};

/** `act`: called while a program runs. `saysNow`: what it says for a while, whatever is written in its file. */
export function createModelProber(
  act: (question: ProgramQuestion) => Promise<void> = async () => {},
  saysNow: () => Script | undefined = () => undefined,
): ModelProber {
  const asked: string[] = [];
  let running = 0;
  let most = 0;
  return {
    asked,
    atOnce: () => most,
    ask: async (question) => {
      const { plugin, words } = question;
      asked.push(`${plugin.name} ${words.join(' ')}`);
      running += 1;
      most = Math.max(most, running);
      try {
        await act(question);
        const written = readFileSync(join(plugin.directory, 'cli.py'), 'utf8');
        const script = saysNow() ?? (JSON.parse(written) as Script);
        return endOf(script[words.join(' ')]);
      } finally {
        running -= 1;
      }
    },
  };
}

function endOf(said: Script[string] | undefined): ProgramAnswer {
  const end = { exitCode: 0, signal: null, stderr: Buffer.alloc(0), isStdoutCut: false, isStderrCut: false };
  if (typeof said === 'string') return { end: { ...end, stdout: Buffer.from(said) } };
  if (typeof said !== 'object') return { end: { ...end, exitCode: said ?? 2, stdout: Buffer.alloc(0) } };
  return {
    end: { ...end, exitCode: null, signal: 'SIGKILL', stdout: Buffer.alloc(0) },
    stopped: { code: said.stop, message: 'ran past its deadline' },
  };
}

/** A description of these commands, each with the parameters named. */
export const description = (commands: { readonly [name: string]: readonly string[] }, more: object = {}): string =>
  JSON.stringify({
    ...more,
    commands: Object.entries(commands).map(([name, parameters]) => ({
      name,
      description: `does ${name}`,
      parameters: parameters.map((parameter) => ({ name: parameter, type: 'string' })),
    })),
  });

/** The help of a command with these options. */
export const helpOf = (command: string, options: readonly string[] = []): string =>
  `usage: cli.py ${command} [-h]${options.map((option) => ` [--${option} X]`).join('')}\n\noptions:\n  -h, --help  show this help message and exit\n${options
    .map((option) => `  --${option} X\n`)
    .join('')}`;

/** The files of a plugin without a manifest: one command `run` that takes `what`. */
export const cliFiles = (script: Script = {}): { readonly [path: string]: unknown } => ({
  'cli.py': { '--describe': description({ run: ['what'] }), 'run --help': helpOf('run', ['what']), ...script },
});

/** A manifest that leaves its tools to the program. */
export const cliManifest = (name: string, changes: object = {}): object =>
  manifest(name, {
    runtime: { kind: 'process', command: ['python3', 'cli.py'], protocol: 'smcp-cli' },
    tools: [],
    ...changes,
  });
