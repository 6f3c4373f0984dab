// A program that abuses what it talks to the host by: lines without an end, depth, ids, requests that nobody asked for. Its
// control is a reader as one writes it without thinking of this: it takes all of it.

import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { LIMITS } from '#base/limits.ts';
import type { HostCall } from '#domain/sandbox-ports.ts';
import { residentBytes } from '#sandbox/host/process-figures.ts';
import { codeOf, createTestProcesses, type TestProcesses, until } from '#test/sandbox/process/harness.ts';

let sandbox: TestProcesses;
beforeAll(async () => {
  sandbox = await createTestProcesses();
});
afterAll(() => sandbox.close());

/** Nothing is held for a program that was ended, though it had said more than was read. */
afterEach(async () => {
  await until(() => sandbox.folders().length === 0);
});

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;
const HEAD = 'import json, os, sys, time\n';
/** Until nobody reads any more. */
const GIANT_LINE = `
part = b"x" * ${MIB}
for _ in range(1024):
    sent = 0
    while sent < len(part): sent += os.write(3, part[sent:])
`;
const DEEP = 'os.write(3, b\'{"id":1,"call":"now","params":\' + b"[" * 20000 + b"]" * 20000 + b"}\\n")';
const REPEATED = 'os.write(3, b\'{"id":7,"call":"now"}\\n\' * 2)';
const ANSWER = 'os.write(3, b\'{"id":1,"ok":true,"value":"mine"}\\n\')';
const NOT_GRANTED =
  'os.write(3, b\'{"id":1,"call":"random","params":{"bytes":8}}\\n\'); got = json.loads(os.read(3, 4096))';
/** It ends with what it was answered. */
const ANSWERED = { end: '\nprint(json.dumps({"result": got.get("error", {"code": "answered"})["code"]}))' };

const STAYS = '\ntime.sleep(600)';

/** The call of a program of the protocol `json` that does this. */
async function abuse(source: string, { end = STAYS, limits = {} }: { end?: string; limits?: object } = {}) {
  const plugin = sandbox.plugin(`${HEAD}${source}${end}`, { protocol: 'json' });
  const calls: HostCall[] = [];
  const onHostCall = (call: HostCall) => {
    calls.push(call);
    return 1;
  };
  const given = { capabilities: { clock: true } as const, onHostCall, limits };
  return { outcome: await sandbox.call(plugin, given), calls };
}

/** Answers every line that has an id, and holds each until it ends. */
async function readNaively(source: string, until: (seen: { bytes: number; answered: readonly unknown[] }) => boolean) {
  const child: ChildProcess = spawn('python3', ['-c', `${HEAD}${source}${STAYS}`], {
    stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
  });
  const channel = child.stdio[3] as Readable & Writable;
  const answered: unknown[] = [];
  let bytes = 0;
  let line = '';
  for await (const chunk of channel) {
    bytes += chunk.length;
    // The text of the giant line would be longer than any text can be.
    if (bytes < MIB) line += String(chunk);
    for (let end = line.indexOf('\n'); end !== -1 && bytes < MIB; end = line.indexOf('\n')) {
      const { id } = JSON.parse(line.slice(0, end));
      answered.push(id);
      line = line.slice(end + 1);
    }
    if (until({ bytes, answered })) break;
  }
  child.kill('SIGKILL');
  return { bytes, answered };
}

describe('a line of a gigabyte', () => {
  test('ends the program at its first bytes, and the server does not grow', async () => {
    const before = residentBytes(process.pid) ?? 0;
    const { outcome, calls } = await abuse(GIANT_LINE);
    expect(outcome).toMatchObject({ error: { code: 'PLUGIN_CRASHED', message: 'broke the protocol of host calls' } });
    expect(calls).toEqual([]);
    expect((residentBytes(process.pid) ?? 0) - before).toBeLessThan(256 * MIB);
  });

  test('comes whole to a reader without bounds', async () => {
    const { bytes } = await readNaively(GIANT_LINE, (seen) => seen.bytes >= GIB);
    expect(bytes).toBeGreaterThanOrEqual(GIB);
  });
});

describe('a line that never ends', () => {
  test('is waited for no longer than the deadline', async () => {
    const { outcome, calls } = await abuse('os.write(3, b\'{"id":1,"call":"now"}\')', { limits: { timeoutMs: 1_000 } });
    expect(codeOf(outcome)).toBe('TIMEOUT');
    expect(calls).toEqual([]);
  });
});

test('requests that are never answered are waited for no longer than the deadline, however many more are unread', async () => {
  const source = `for n in range(1, 20000): os.write(3, b'{"id":%d,"call":"now"}\\n' % n)`;
  const plugin = sandbox.plugin(`${HEAD}${source}${STAYS}`, { protocol: 'json' });
  const given = { capabilities: { clock: true } as const, limits: { timeoutMs: 1_000, hostCalls: 30_000 } };
  let asked = 0;
  const onHostCall = () => {
    asked += 1;
    return new Promise<never>(() => {});
  };
  expect(codeOf(await sandbox.call(plugin, { ...given, onHostCall }))).toBe('TIMEOUT');
  expect(asked).toBeLessThanOrEqual(LIMITS.hostCallsUnderWayMax);
});

describe.each([
  ['nests deeper than any', DEEP, [1]],
  ['asks twice by one id', REPEATED, [7, 7]],
  ['answers what nobody asked', ANSWER, [1]],
])('a line that %s', (_, source, taken) => {
  test('ends the program', async () => {
    const { outcome, calls } = await abuse(source);
    expect(outcome).toMatchObject({ error: { code: 'PLUGIN_CRASHED', message: 'broke the protocol of host calls' } });
    expect(calls.length).toBeLessThanOrEqual(1);
  });

  test('is taken by a reader without bounds', async () => {
    const { answered } = await readNaively(source, (seen) => seen.answered.length >= taken.length);
    expect(answered).toEqual(taken);
  });
});

describe('a request for what was not granted', () => {
  test('is refused before any handler sees it', async () => {
    const { outcome, calls } = await abuse(NOT_GRANTED, ANSWERED);
    expect(outcome).toMatchObject({ resultJson: '"CAPABILITY_DENIED"' });
    expect(calls).toEqual([]);
  });

  test('that is granted reaches it: the control', async () => {
    const { outcome, calls } = await abuse(NOT_GRANTED.replace('random', 'now'), ANSWERED);
    expect(outcome).toMatchObject({ resultJson: '"answered"' });
    expect(calls.map(({ name }) => name)).toEqual(['now']);
  });
});

test('standard output without a line feed is bounded as any other', async () => {
  const source = `part = b"x" * ${MIB}\nfor _ in range(1024): os.write(1, part)`;
  const plugin = sandbox.plugin(`${HEAD}${source}`, { protocol: 'json' });
  const outcome = await sandbox.call(plugin);
  expect(outcome).toMatchObject({
    error: { code: 'OUTPUT_TOO_LARGE', message: expect.stringContaining(String(LIMITS.programPrintedBytesMax)) },
  });
});
