import { spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LIMITS } from '#base/limits.ts';
import { findInterpreter } from '#sandbox/host/process/interpreter.ts';
import { systemGroundOf } from '#sandbox/host/process/system-program.ts';
import { agent, createTestProcesses, type TestProcesses } from './harness.ts';

let sandbox: TestProcesses;
let server: Server;
const folder = mkdtempSync(join(tmpdir(), 'smcp-system-'));

beforeAll(async () => {
  chmodSync(folder, 0o755);
  process.env['SMCP_TEST_SECRET'] = 'in the environment';
  sandbox = await createTestProcesses();
  server = createServer((socket) => socket.end('hello'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  await sandbox.close();
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

const never = new AbortController().signal;

function run(program: string, args: readonly string[] = [], more: { stdin?: string; signal?: AbortSignal } = {}) {
  const { stdin = '', signal = never } = more;
  return sandbox.runtime.runSystemProgram({ agent: agent('ana'), program, args, stdin, signal });
}

const text = async (...asked: Parameters<typeof run>): Promise<string> => {
  const { stdout } = await run(...asked);
  return Buffer.from(stdout).toString('utf8');
};

/** Processes whose command line holds this. */
const processesWith = (mark: string): number =>
  readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(mark);
    } catch {
      return false;
    }
  }).length;

describe('a program of the machine', () => {
  test('gets its arguments and its input as they are, and its end is told', async () => {
    expect(await text('sort', [], { stdin: 'b\na\n' })).toBe('a\nb\n');
    expect(await text('printf', ['%s', '$(id); `id`\n| id'])).toBe('$(id); `id`\n| id');
    expect(await run('sh', ['-c', 'echo no >&2; exit 3'])).toMatchObject({ exitCode: 3, signal: null });
    const longest = 'x'.repeat(LIMITS.programWordBytesMax);
    expect((await text('printf', ['%s', longest])).length).toBe(longest.length);
  });

  test('has an environment of ours alone', async () => {
    const names = (await text('env')).split('\n').map((line) => line.split('=')[0]);
    expect(names.filter((name) => name !== '').sort()).toEqual(
      ['HOME', 'LANG', 'PATH', 'PYTHONDONTWRITEBYTECODE', 'PYTHONNOUSERSITE', 'TMPDIR'].sort(),
    );
    expect(spawnSync('env', { encoding: 'utf8' }).stdout).toContain('SMCP_TEST_SECRET');
  });

  test('reads no file but the system’s, and writes to its work folder alone', async () => {
    const secret = join(folder, 'secret');
    writeFileSync(secret, 'the secret', { mode: 0o644 });
    expect(spawnSync('cat', [secret], { encoding: 'utf8' }).stdout).toBe('the secret');
    expect(await run('cat', [secret])).toMatchObject({ exitCode: 1, stdout: Buffer.from('') });
    expect(await text('sh', ['-c', 'echo kept > file && cat file && ls -A /tmp; true'])).toBe('kept\n');
    expect(await text('ls', ['-A'])).toBe('');
  });

  test('reaches no network', async () => {
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : 0;
    const dial = `exec 3<>/dev/tcp/127.0.0.1/${port} && cat <&3`;
    const code = (program: string, args: readonly string[]) =>
      new Promise<string>((resolve) => {
        // Not by spawnSync: this process is the one that answers.
        void import('node:child_process').then(({ execFile }) =>
          execFile(program, [...args], (_error, stdout) => resolve(stdout)),
        );
      });
    expect(await code('bash', ['-c', dial])).toBe('hello');
    const outcome = await run('bash', ['-c', dial]);
    expect(outcome.exitCode).not.toBe(0);
    expect(outcome.stdout).toHaveLength(0);
  });

  test('that prints more than is kept is told to be cut, and one that floods is ended', async () => {
    const { stdout, isCut } = await run('head', ['-c', '1000000', '/dev/zero']);
    expect([stdout.length, isCut]).toEqual([LIMITS.runStdoutBytesMax, true]);
    await expect(run('yes')).rejects.toMatchObject({ code: 'OUTPUT_TOO_LARGE' });
  });

  test('ends with its call, and all that it started with it', async () => {
    const controller = new AbortController();
    const mark = `86123.${randomInt(1e9)}`;
    const running = run('sh', ['-c', `sleep ${mark} & sleep ${mark}`], { signal: controller.signal });
    const told = running.catch((thrown: { code: string }) => thrown.code);
    // Without the end of its call it lives.
    await expect.poll(() => processesWith(`sleep\0${mark}`)).toBe(2);
    controller.abort();
    expect(await told).toBe('CANCELLED');
    expect(processesWith(`sleep\0${mark}`)).toBe(0);
  });

  test('leaves nothing that lives on when it ends by itself', async () => {
    const mark = `86124.${randomInt(1e9)}`;
    await run('sh', ['-c', `sleep ${mark} >/dev/null 2>&1 & exit 0`]);
    expect(processesWith(`sleep\0${mark}`)).toBe(0);
  });

  test('is not started for a call that has ended', async () => {
    await expect(run('id', [], { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'CANCELLED' });
  });
});

describe('what a name means', () => {
  test('is nothing that anybody but root could have put there', () => {
    const open = join(folder, 'bin');
    mkdirSync(open);
    symlinkSync('/usr/bin/id', join(open, 'id'));
    writeFileSync(join(open, 'mine'), '#!/bin/sh\necho mine\n', { mode: 0o755 });
    // Both are programs that would be found and run.
    for (const name of ['id', 'mine']) {
      expect(findInterpreter(name, { searchPath: open, forAll: false }).path).toBe(join(open, name));
      expect(() => systemGroundOf(name, { searchPath: open, forAll: false })).toThrow('not on this machine');
    }
    // What is shut out is passed over for the one behind it.
    const { interpreter } = systemGroundOf('id', { searchPath: `${open}:/usr/bin`, forAll: false });
    expect(interpreter?.path).toBe('/usr/bin/id');
  });

  test.each(['../bin/id', '/usr/bin/id', '.', '..', '', 'id\n', 'no-such-program-here'])(
    'is nothing for %j',
    async (name) => {
      await expect(run(name)).rejects.toMatchObject({ code: 'SANDBOX_UNAVAILABLE' });
    },
  );

  test('does not follow the environment of the server', async () => {
    const before = process.env['PATH'];
    const planted = join(folder, 'planted');
    mkdirSync(planted);
    writeFileSync(join(planted, 'id'), '#!/bin/sh\necho planted\n', { mode: 0o755 });
    process.env['PATH'] = `${planted}:${before}`;
    try {
      expect(spawnSync('id', { encoding: 'utf8' }).stdout).toBe('planted\n');
      expect(await text('id', ['-u'])).toMatch(/^\d+\n$/);
    } finally {
      process.env['PATH'] = before;
    }
  });
});
