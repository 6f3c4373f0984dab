import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PROGRAM_PATH } from '#sandbox/host/process/interpreter.ts';
import { createTestProcesses, type TestProcesses } from './harness.ts';
import { PARITY_PROGRAMS, type ParityProgram } from './parity-programs.ts';
import { type RawEnd, runRaw } from './raw-runs.ts';

const BESIDE = 'VALUE = "beside"\n';

let sandbox: TestProcesses;
const direct = mkdtempSync(join(tmpdir(), 'smcp-direct-'));

beforeAll(async () => {
  sandbox = await createTestProcesses();
});
afterAll(async () => {
  await sandbox.close();
  rmSync(direct, { recursive: true, force: true });
});

/** As any shell would run it, with the same environment and nothing else of ours. */
function runDirect({ source, words = [] }: ParityProgram, name: string): RawEnd {
  const folder = join(direct, name);
  const home = join(folder, 'home');
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const file = join(folder, 'cli.py');
  writeFileSync(file, source);
  writeFileSync(join(folder, 'beside.py'), BESIDE);
  const env = {
    PATH: PROGRAM_PATH,
    LANG: 'C.UTF-8',
    HOME: home,
    TMPDIR: home,
    PYTHONDONTWRITEBYTECODE: '1',
    PYTHONNOUSERSITE: '1',
  };
  const limited = ['-c', 'umask 077; exec "$@"', 'sh', '/usr/bin/env', 'python3', file, ...words];
  const { status, signal, stdout, stderr } = spawnSync('/bin/sh', limited, {
    cwd: home,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return {
    exitCode: status,
    signal,
    stdout: stdout.toString('latin1'),
    stderr: stderr.toString('latin1').replaceAll(folder, 'CODE').replaceAll(home, 'HOME'),
  };
}

describe('a program of a warm interpreter ends as `python3 cli.py` does: one that', () => {
  test.each(PARITY_PROGRAMS)('$name', async (program) => {
    const warm = await runRaw(sandbox, { 'cli.py': program.source, 'beside.py': BESIDE }, program.words ?? []);
    const fresh = await runRaw(sandbox, { 'cli.py': program.source, 'beside.py': BESIDE }, program.words ?? [], false);
    const free = runDirect(program, program.name.replaceAll(' ', '-'));
    expect(warm).toEqual(fresh);
    // Outside limits and modes are other ones, and the test's own descriptors are there too.
    if (!/its (limits|folder|descriptors)/.test(program.name)) expect(warm).toEqual(free);
  });
});
