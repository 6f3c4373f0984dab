// Secrets that a command prints, such as `op read op://vault/item/field`: run by the host itself, as the configuration says, with no
// shell, a clean environment, bounded time and output. **Trust:** the command is the operator's; what it prints is not shown.

import { spawn } from 'node:child_process';
import { LIMITS } from '#base/limits.ts';

export type CommandSource = {
  /** The program, by its path or its name, and its arguments. */
  readonly command: readonly string[];
  /** Variables of the server that it gets besides. */
  readonly environment?: readonly string[];
};

type Environment = { readonly [name: string]: string | undefined };

/** Where a program without a path is looked for: where only root could have put it. */
const SEARCH_PATH = '/usr/local/bin:/usr/bin:/bin';
/** What programs need to find their own settings. */
const USUAL_VARIABLES = ['HOME', 'USER', 'LOGNAME', 'LANG', 'LC_ALL', 'TMPDIR', 'XDG_RUNTIME_DIR', 'XDG_CONFIG_HOME'];

/** Why a command gave no value, for the server's log; nothing that it printed is in it. */
export class CommandFailure extends Error {}

/**
 * What it prints on stdout, at most one byte more than a value may have. All that it started is ended with it.
 *
 * @throws CommandFailure when it does not start, ends with another code than 0, takes too long or prints no UTF-8
 */
export async function runSecretCommand(source: CommandSource, env: Environment): Promise<string> {
  const [program = '', ...args] = source.command;
  const child = spawn(program, args, {
    env: environmentOf(source, env),
    cwd: '/',
    stdio: ['ignore', 'pipe', 'ignore'],
    // A group of its own, so that what it starts can be ended with it.
    detached: true,
  });
  const chunks: Buffer[] = [];
  let length = 0;
  let stopped: string | undefined;
  const stop = (why: string) => {
    stopped ??= why;
    endGroup(child.pid);
    // What left the group may hold the other end.
    child.stdout.destroy();
  };
  const { promise: ended, resolve } = Promise.withResolvers<string | number | null>();
  const timer = setTimeout(() => stop(`took longer than ${LIMITS.secretCommandMsMax} ms`), LIMITS.secretCommandMsMax);
  child.stdout.on('data', (chunk: Buffer) => {
    length += chunk.length;
    // With its line break.
    if (length > LIMITS.secretBytesMax + 2) stop('printed more than a value may have');
    else chunks.push(chunk);
  });
  child.on('error', (error) => resolve(`did not start: ${(error as { readonly code?: string }).code ?? 'error'}`));
  child.on('exit', (code, signal) => {
    endGroup(child.pid);
    child.stdout.once('close', () => resolve(code ?? signal));
    if (child.stdout.closed) resolve(code ?? signal);
  });
  const end = await ended;
  clearTimeout(timer);
  if (stopped !== undefined) throw new CommandFailure(stopped);
  if (end !== 0) throw new CommandFailure(typeof end === 'string' ? end : `ended with exit code ${end}`);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
  } catch {
    throw new CommandFailure('printed something that is no UTF-8');
  }
}

function environmentOf({ environment = [] }: CommandSource, env: Environment): { readonly [name: string]: string } {
  const given = [...USUAL_VARIABLES, ...environment].flatMap((name): (readonly [string, string])[] => {
    const value = env[name];
    return value === undefined ? [] : [[name, value]];
  });
  return { PATH: SEARCH_PATH, ...Object.fromEntries(given) };
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // All of it has ended.
  }
}
