// What a new user does in the first minute, on a server of its own: start, call, look at the record, stop.
// Run by `npm run smoke` on this folder, and by test/pack on what `npm pack` makes of it.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { removeFolder } from './remove-folder.ts';

/** How `smcp` is started: a program, what precedes the command's own words, where, with which environment. */
export type Installation = {
  readonly program: string;
  readonly words: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
};

const START_MS_MAX = 300_000;
const STOP_MS_MAX = 300_000;

function check(condition: boolean, sentence: string): void {
  if (!condition) throw new Error(sentence);
}

/** Runs one command to its end. */
export function runSmcp(installation: Installation, words: readonly string[]) {
  const { program, cwd, env } = installation;
  const ended = spawnSync(program, [...installation.words, ...words], {
    cwd,
    env,
    encoding: 'utf8',
    timeout: START_MS_MAX,
  });
  return { status: ended.status, stdout: ended.stdout, stderr: ended.stderr };
}

/** The address that a server wrote into its home, once it is there. */
async function addressOf(home: string, server: ChildProcess): Promise<string> {
  const deadline = Date.now() + START_MS_MAX;
  while (Date.now() < deadline) {
    check(server.exitCode === null, `smcp serve ended with ${server.exitCode}`);
    try {
      return (JSON.parse(readFileSync(join(home, 'server.json'), 'utf8')) as { url: string }).url;
    } catch {
      await sleep(50);
    }
  }
  throw new Error(`smcp serve did not start within ${START_MS_MAX} ms`);
}

/** Sends SIGTERM and waits. @returns the exit code, null when it had to be killed. */
async function stop(server: ChildProcess): Promise<number | null> {
  if (server.exitCode !== null) return server.exitCode;
  const exited = once(server, 'exit');
  const timer = setTimeout(() => server.kill('SIGKILL'), STOP_MS_MAX);
  server.kill('SIGTERM');
  await exited;
  clearTimeout(timer);
  return server.exitCode;
}

async function look(installation: Installation, home: string, url: string): Promise<void> {
  const health = await fetch(`${url}/healthz`);
  check(health.status === 200, `/healthz answered ${health.status}`);
  const closed = await fetch(`${url}/mcp`, { method: 'POST', body: '{}' });
  check(closed.status === 401, `/mcp without a token answered ${closed.status}`);

  const smcp = (...words: readonly string[]) => runSmcp(installation, [...words, '--home', home, '--json']);
  const call = smcp('call', 'demo_text__word_count', '--args', '{"text":"one two three"}', '--agent', 'demo');
  check(call.status === 0, `smcp call ended with ${call.status}: ${call.stderr}`);
  check(call.stdout.includes('3'), `smcp call answered ${call.stdout}`);
  const unknown = smcp('can', 'demo', 'nothing__at_all');
  check(
    unknown.status === 1,
    `smcp can ended with ${unknown.status} for a tool that no grant covers: ${unknown.stderr}`,
  );
  const file = join(home, 'policy.yaml');
  const wider = join(home, 'wider.yaml');
  writeFileSync(wider, `${readFileSync(file, 'utf8')}\n  stranger: { grants: [{ tools: ["*"] }] }\n`);
  const diff = smcp('policy', 'diff', wider);
  check(
    diff.status === 0 && diff.stdout.includes('agent stranger'),
    `smcp policy diff answered ${diff.stdout}${diff.stderr}`,
  );
  const verified = smcp('log', 'verify', home);
  check(verified.status === 0, `smcp log verify ended with ${verified.status}: ${verified.stdout}${verified.stderr}`);
}

/** Starts a server on a free port and a new home, uses it, stops it. @throws with a sentence where something is not as it should be. */
export async function firstMinute(installation: Installation): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), 'smcp-home-'));
  const { program, words, cwd, env } = installation;
  const server = spawn(program, [...words, 'serve', '--port', '0', '--home', home], {
    cwd,
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  server.stderr?.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  try {
    await look(installation, home, await addressOf(home, server));
    const status = await stop(server);
    check(status === 0, `smcp serve ended with ${status} after SIGTERM`);
    check(!/Warning/.test(stderr), 'smcp serve printed a warning of Node');
  } catch (cause) {
    throw new Error(`${cause instanceof Error ? cause.message : cause}\nstderr of smcp serve:\n${stderr}`, { cause });
  } finally {
    await stop(server);
    removeFolder(home);
  }
}

if (import.meta.main) {
  const env = { ...process.env };
  delete env['SMCP_HOME'];
  await firstMinute({
    program: process.execPath,
    words: ['src/smcp.js'],
    cwd: join(import.meta.dirname, '../..'),
    env,
  });
  process.stdout.write('smoke: started, called, recorded, verified, stopped\n');
}
