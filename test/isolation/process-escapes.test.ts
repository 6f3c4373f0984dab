// Terminal escape sequences of a plugin: what a person would read of its errors moves no cursor, changes no title and writes
// nothing to a clipboard. The control is what the program printed, which the runtime hands on as it came.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseOutcome, tailOf } from '#domain/cli-plugin/outcome.ts';
import { createTestProcesses, TEST_LIMITS, type TestProcesses } from '#test/sandbox/process/harness.ts';

let sandbox: TestProcesses;
beforeAll(async () => {
  sandbox = await createTestProcesses();
});
afterAll(() => sandbox.close());

/** Begins a sequence, is invisible, or turns the direction of what follows. */
const DANGEROUS = /[\p{Cc}\p{Cf}]/u;

describe.each([
  ['a title', '\u001b]0;title\u0007'],
  ['a cleared screen', '\u001b[2J\u001b[H'],
  ['a clipboard', '\u001b]52;c;Y3VybCB4\u0007'],
  ['a link', '\u001b]8;;https://host.example/\u001b\\here\u001b]8;;\u001b\\'],
  ['an answer of the terminal', '\u001b[6n\u001bP+q\u001b\\'],
  ['sequences of one byte', '\u009b2J\u009d0;title\u009c'],
  ['a line over another', 'harmless\rhidden\b\b'],
  ['text from right to left', '\u202egnp.exe'],
])('of standard error with %s', (_, text) => {
  const plugin = () => sandbox.plugin(`import sys\nsys.stderr.write(${JSON.stringify(`${text}the end`)})\nsys.exit(1)`);
  const request = () => ({ plugin: plugin(), words: [], limits: TEST_LIMITS, signal: new AbortController().signal });

  test('nothing is left that a terminal acts on', async () => {
    const { end } = await sandbox.runtime.runProgram(request());
    const outcome = parseOutcome(end);
    expect(outcome).toMatchObject({ kind: 'error', error: { message: expect.stringContaining('the end') } });
    for (const shown of [outcome.kind === 'error' ? outcome.error.message : '', tailOf(end) ?? '']) {
      expect(shown.split('\n').filter((line) => DANGEROUS.test(line))).toEqual([]);
    }
    expect(DANGEROUS.test(Buffer.from(end.stderr).toString('utf8'))).toBe(true);
  });
});
