// Runs the tests that a plugin brings, `test/*.test.js`, under this Node with node:test, where they can import `smcp/harness`.
// Called by `smcp plugin test`. **Trust:** tests are no plugin code: they run as whoever runs the command does.

import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** More is no plugin's tests. */
const FILES_MAX = 200;
/** What is kept of what the tests print, from the end. */
const OUTPUT_LENGTH_MAX = 1024 * 1024;
const TESTS_MS_MAX = 600_000;

export type TestRun = {
  readonly isGood: boolean;
  readonly passed: number;
  readonly failed: number;
  /** What node:test printed. */
  readonly output: string;
};

/** The test files of a plugin, sorted; `[]` when it brings none. */
export function testFilesOf(directory: string): readonly string[] {
  const folder = join(resolve(directory), 'test');
  let names: readonly string[];
  try {
    names = readdirSync(folder);
  } catch {
    return [];
  }
  return names
    .filter((name) => /\.test\.m?js$/.test(name))
    .sort()
    .slice(0, FILES_MAX)
    .map((name) => join(folder, name));
}

/** Resolves when the tests have ended; one that doesn't end is ended after ten minutes. */
export async function runTestFiles(files: readonly string[], signal?: AbortSignal): Promise<TestRun> {
  const hooks = new URL('./hooks.js', import.meta.url).href;
  const words = ['--import', hooks, '--test', '--test-reporter=tap', `--test-timeout=${TESTS_MS_MAX}`, ...files];
  const child = spawn(process.execPath, words, {
    env: testEnvironment(process.env),
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: TESTS_MS_MAX,
    killSignal: 'SIGKILL',
    ...(signal === undefined ? {} : { signal }),
  });
  let output = '';
  const keep = (chunk: string) => {
    output = (output + chunk).slice(-OUTPUT_LENGTH_MAX);
  };
  child.stdout.setEncoding('utf8').on('data', keep);
  child.stderr.setEncoding('utf8').on('data', keep);
  const code = await new Promise<number | null>((settle) => {
    child.on('error', () => settle(null));
    child.on('close', settle);
  });
  const passed = countOf('pass', output) - emptyFiles(files, output);
  // A run without a single test has proved nothing.
  return { isGood: code === 0 && passed > 0, passed, failed: countOf('fail', output), output };
}

/** What the tests print may look like a summary: node:test's own is the last. */
function countOf(name: string, output: string): number {
  return Number([...output.matchAll(new RegExp(`^# ${name} ([0-9]+)$`, 'gm'))].at(-1)?.[1] ?? 0);
}

/** node:test counts a file that has no test as one that passed, by the file's name. */
function emptyFiles(files: readonly string[], output: string): number {
  const names = [...output.matchAll(/^ok [0-9]+ - (.*)$/gm)].map(([, name]) => name);
  return files.filter((file) => names.includes(file)).length;
}

/** Without what would make the child take part in another run of tests, and without the tokens of this product. */
function testEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !/^(NODE_|VITEST|SMCP_)/.test(name)));
}
