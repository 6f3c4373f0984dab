// Follows the steps of a document as a new user would: in an empty folder, in a shell, with `smcp` as the only command that a
// system doesn't bring.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type CommandStep, fits, type Step } from './steps.ts';

const SMCP = fileURLToPath(new URL('../../src/smcp.js', import.meta.url));
const PRINTS_MS_MAX = 300_000;

export type Reader = {
  /** Does one step. @throws when a command prints something else than the document says */
  readonly follow: (step: Step) => Promise<void>;
  /** Ends what goes on. */
  readonly leave: () => Promise<void>;
};

/**
 * A new user in an empty folder.
 *
 * @param ports Free ones for those that the document names: tests run beside each other. 8000 is the server's own.
 */
export function createReader(folder: string, ports: { readonly [named: string]: number }): Reader {
  const bin = join(folder, 'bin');
  const work = join(folder, 'work');
  for (const directory of [bin, work]) mkdirSync(directory);
  writeFileSync(
    join(bin, 'smcp'),
    `#!/bin/sh\nexec ${JSON.stringify(process.execPath)} ${JSON.stringify(SMCP)} "$@"\n`,
  );
  chmodSync(join(bin, 'smcp'), 0o755);
  const env = {
    PATH: `${bin}:${dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin`,
    HOME: folder,
    MCP_PORT: String(ports['8000'] ?? 8000),
  };
  const running: ChildProcess[] = [];
  const withPorts = (text: string) => text.replace(/(?<![-\d])\d{4}(?!\d)/g, (named) => String(ports[named] ?? named));

  /** What it prints, both streams as they come, as on a terminal. */
  const start = (command: string) => {
    const child = spawn('bash', ['-c', `exec 2>&1\n${command}`], { cwd: work, env, detached: true });
    const printed = { text: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      printed.text += text;
    });
    return { child, printed };
  };

  const goOn = async ({ command, output }: CommandStep) => {
    const { child, printed } = start(command);
    running.push(child);
    const endMs = Date.now() + PRINTS_MS_MAX;
    while (!fits(output, printed.text)) {
      if (child.exitCode !== null || Date.now() > endMs) throw differs(command, output, printed.text);
      await sleep(50);
    }
  };

  return {
    follow: async (step) => {
      if (step.kind === 'file') {
        mkdirSync(dirname(join(work, step.path)), { recursive: true });
        writeFileSync(join(work, step.path), withPorts(step.text));
        return;
      }
      const command = withPorts(step.command);
      const output = withPorts(step.output);
      if (step.goesOn) return goOn({ ...step, command, output });
      const { child, printed } = start(command);
      await once(child, 'close');
      if (!fits(output, printed.text)) throw differs(command, output, printed.text);
    },
    leave: async () => {
      const left = running.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null);
      const ended = left.map((child) => once(child, 'exit'));
      for (const { pid } of left) if (pid !== undefined) process.kill(-pid, 'SIGTERM');
      await Promise.all(ended);
    },
  };
}

function differs(command: string, output: string, printed: string): Error {
  return new Error(`$ ${command}\nprints\n${printed}\nand the document says\n${output}`);
}
