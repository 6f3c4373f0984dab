import { describe, expect, test } from 'vitest';
import { LIMITS } from '#base/limits.ts';
import { type ProgramEnd, parseOutcome } from '#domain/cli-plugin/outcome.ts';
import { runProgram } from './programs.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const end = (fields: Partial<ProgramEnd>): ProgramEnd => ({
  exitCode: 0,
  signal: null,
  stdout: bytes(''),
  stderr: bytes(''),
  isStdoutCut: false,
  isStderrCut: false,
  ...fields,
});
const failed = (fields: Partial<ProgramEnd>) => {
  const outcome = parseOutcome(end({ exitCode: 1, ...fields }));
  if (outcome.kind !== 'error') throw new Error('not an error');
  return outcome.error;
};

describe('a program that ended well', () => {
  test('gives its output as text, and as an object where it is one', () => {
    expect(parseOutcome(runProgram('outcomes', ['json']))).toEqual({
      kind: 'value',
      text: '{"result": "done", "\\u00e9": 1}',
      structured: { result: 'done', é: 1 },
      notes: [],
    });
    expect(parseOutcome(runProgram('outcomes', ['text']))).toEqual({ kind: 'value', text: 'two\n  lines', notes: [] });
    expect(parseOutcome(runProgram('outcomes', ['silent']))).toEqual({ kind: 'value', text: '', notes: [] });
  });

  test.each(['[1]', '"x"', '1', '{"a":1', '{"a":1} more', `${'{"a":'.repeat(100)}1${'}'.repeat(100)}`])(
    'gives no object for %s',
    (text) => {
      expect(parseOutcome(end({ stdout: bytes(text) }))).not.toHaveProperty('structured');
    },
  );

  test.each(['1e999', '1e-1000000000000000000000000'])('is passed on as text with %s in its object', (number) => {
    const text = `{"a":[${number}]}`;
    expect(parseOutcome(end({ stdout: bytes(text) }))).toEqual({ kind: 'value', text, notes: [] });
  });

  test('is said to have printed bytes that are not UTF-8', () => {
    expect(parseOutcome(runProgram('outcomes', ['not-utf8']))).toMatchObject({
      kind: 'value',
      text: 'caf\uFFFD\n[bytes of the output that are not UTF-8 were replaced]',
      notes: [expect.stringContaining('UTF-8')],
    });
  });

  test('is said to have been cut short, and then is no object', () => {
    const outcome = parseOutcome(end({ stdout: bytes('{"a":1}'), isStdoutCut: true }));
    expect(outcome).toMatchObject({ kind: 'value', text: '{"a":1}\n[the output was cut after 7 bytes]' });
    expect(outcome).not.toHaveProperty('structured');
  });
});

describe('a program that failed says why', () => {
  test.each([
    ['error-json', 'no such page', { exitCode: 3, stderr: 'noise' }],
    ['error-object', 'quota is used up', { exitCode: 1 }],
    ['error-text', 'it went wrong\n(exit code 1)', { exitCode: 1 }],
    ['error-silent', 'the program ended with exit code 9', { exitCode: 9 }],
    ['killed', 'the program ended with signal SIGKILL', { signal: 'SIGKILL' }],
  ])('%s: %s', (how, message, details) => {
    expect(parseOutcome(runProgram('outcomes', [how]))).toMatchObject({
      kind: 'error',
      error: { code: 'TOOL_FAILED', message, details },
    });
  });

  test('with the tail of stderr where stdout is silent', () => {
    const { message } = failed(runProgram('outcomes', ['error-stderr']));
    expect(message.split('\n').at(-1)).toBe('RuntimeError: deep inside');
  });

  test.each<[string, string]>([
    ['{"error":{"code":1}}', '{"code":1}'],
    ['{"error":["a"]}', '["a"]'],
    ['{"error":""}', '{"error":""}\n(exit code 1)'],
    ['{"error":null,"x":1}', '{"error":null,"x":1}\n(exit code 1)'],
    ['{"__proto__":{"error":"x"}}', '{"__proto__":{"error":"x"}}\n(exit code 1)'],
  ])('%s: %s', (stdout, message) => {
    expect(failed({ stdout: bytes(stdout) }).message).toBe(message);
  });

  test('with all that it left, where it printed something before', () => {
    const { message, details } = failed({
      exitCode: 2,
      stdout: bytes('reading the list\n'),
      stderr: bytes('usage: cli.py tag\ncli.py: error: unrecognized arguments: --x\n'),
    });
    expect(message).toBe(
      'reading the list\nusage: cli.py tag\ncli.py: error: unrecognized arguments: --x\n(exit code 2)',
    );
    expect(details).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('unrecognized') });
  });

  test('with the end of stderr, however much it printed before', () => {
    const { message } = failed({ stdout: bytes('x'.repeat(100_000)), stderr: bytes('why\n'.repeat(2_000)) });
    expect(message.endsWith('why\n(exit code 1)')).toBe(true);
    expect(message).toMatch(/^x+… \(\d+ more\)\n…\nwhy\n/);
    expect(message.length).toBeLessThan(LIMITS.errorMessageLengthMax + 40);
  });

  test('and its stderr moves no terminal', () => {
    const { message } = failed(runProgram('outcomes', ['terminal']));
    expect(message).toBe('red \\u{8}\\u{202e}done\nlast');
    expect(message).not.toMatch(/[^\P{Cc}\n]/u);
  });

  test('in bounded length, from the end, in whole lines and characters', () => {
    const lines = Array.from({ length: 1_000 }, (_, at) => `line ${at}\n`).join('');
    const { message } = failed({ stderr: bytes(lines) });
    expect(message.startsWith('…\nline ')).toBe(true);
    expect(message.endsWith('line 999')).toBe(true);
    expect(message.length).toBeLessThanOrEqual(LIMITS.cliErrorTailLengthMax + 2);
    expect(failed({ stderr: bytes('é end').subarray(1), isStderrCut: true }).message).toBe('…\nend');
    expect(failed({ stdout: bytes('x'.repeat(100_000)) }).message.length).toBeLessThan(
      LIMITS.errorMessageLengthMax + 40,
    );
  });
});
