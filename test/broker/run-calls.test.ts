import { describe, expect, test } from 'vitest';
import { systemClock } from '#base/clock.ts';
import type { Json, JsonObject } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import { silentLogger } from '#base/log.ts';
import { compileStarPattern } from '#base/star-pattern.ts';
import { createBroker } from '#broker/broker.ts';
import { coversArgumentPattern, matchesArgumentPattern } from '#domain/argument-pattern.ts';
import type { RunEntry } from '#domain/capability.ts';
import type { ProgramOutcome, ProgramRunner } from '#domain/sandbox-ports.ts';

type Asked = Parameters<ProgramRunner['run']>[0];

const ended: ProgramOutcome = {
  exitCode: 0,
  signal: null,
  stdout: Buffer.from('out'),
  stderr: Buffer.from(''),
  isCut: false,
};

/** A session that was given these programs, before a machine that notes what it is to run. */
function open(run: readonly RunEntry[], answer: (asked: Asked) => Promise<ProgramOutcome> = async () => ended) {
  const asked: Asked[] = [];
  const runner = {
    run: (request) => {
      asked.push(request);
      return answer(request);
    },
  } satisfies ProgramRunner;
  const session = createBroker({ clock: systemClock, logger: silentLogger, effects: { run: runner } }).open({
    ...{ plugin: 'p', tool: 'p__t', agent: 'a' as never, invocation: 'i' },
    ...{ capabilities: { run }, hostCallsMax: LIMITS.hostCallsMax },
  });
  const signal = new AbortController().signal;
  const call = async (params: JsonObject): Promise<Json> => session.handle({ name: 'run', params }, signal);
  return { call, asked, session };
}

/** Every text of these signs, up to this length. */
const wordsOf = (signs: string, lengthMax: number): readonly string[] =>
  lengthMax === 0
    ? ['']
    : ['', ...wordsOf(signs, lengthMax - 1).flatMap((word) => [...signs].map((sign) => word + sign))];

const refused = (code: string) => expect.objectContaining({ code });

test('a program is run as it was asked, and the record says which', async () => {
  const { call, asked, session } = open([{ program: 'git', args: ['log', '*'] }]);
  expect(await call({ program: 'git', args: ['log', 'main'], stdin: 'x' })).toEqual({
    ...{ exitCode: 0, stdout: 'out', stderr: '', isCut: false },
  });
  expect(asked).toEqual([expect.objectContaining({ agent: 'a', program: 'git', args: ['log', 'main'], stdin: 'x' })]);
  expect(session.used()).toEqual([expect.objectContaining({ kind: 'run', target: 'git', count: 1 })]);
});

describe('arguments', () => {
  test.each<[RunEntry, readonly string[]]>([
    [{ program: 'git', args: ['log', '*'] }, ['log', '--output=/x']],
    [{ program: 'git', args: ['log', '*'] }, ['log', '-p']],
    [{ program: 'git', args: ['log', '*'] }, ['log', '-']],
    [{ program: 'git', args: ['log', '*'] }, ['log']],
    [{ program: 'git', args: ['log', '*'] }, ['log', 'a', 'b']],
    [{ program: 'git', args: ['log'] }, ['log;id']],
    [{ program: 'git', args: ['log'] }, ['log\n']],
    [{ program: 'git', args: ['--pretty=*'] }, ['--prett=x']],
    [{ program: 'git' }, ['log']],
  ])('that %j does not give are refused: %j', async (entry, args) => {
    const { call, asked } = open([entry]);
    await expect(call({ program: 'git', args })).rejects.toMatchObject({
      code: 'CAPABILITY_DENIED',
      details: { capability: 'run', allowed: [JSON.stringify(['git', ...(entry.args ?? [])])] },
    });
    expect(asked).toEqual([]);
  });

  test('would be options in the place of a name, were the pattern all that is asked', () => {
    // The wall that is tried above, taken away: a plain pattern lets the option in.
    expect(compileStarPattern('*')('--output=/x')).toBe(true);
    expect(matchesArgumentPattern('*', '--output=/x')).toBe(false);
    expect(matchesArgumentPattern('--output=*', '--output=/x')).toBe(true);
  });

  test('for a shell are words like any other', async () => {
    const { call, asked } = open([{ program: 'printf', args: ['%s', '*'] }]);
    for (const word of ['; id', '$(id)', '`id`', 'a\nb', '| sh', ''])
      await call({ program: 'printf', args: ['%s', word] });
    expect(asked.map(({ args }) => args[1])).toEqual(['; id', '$(id)', '`id`', 'a\nb', '| sh', '']);
  });

  test.each([
    [['a\0b']],
    [['\ud800']],
    [[1]],
    ['log'],
    [['x'.repeat(LIMITS.programWordBytesMax + 1)]],
    [Array.from({ length: LIMITS.programArgumentsMax + 1 }, () => 'x')],
  ] as readonly (readonly [Json])[])('that no program can be given are no request: %.30j', async (args) => {
    const { call, asked } = open([{ program: 'git', args: ['*'] }]);
    await expect(call({ program: 'git', args })).rejects.toEqual(refused('REQUEST_INVALID'));
    expect(asked).toEqual([]);
  });

  test('of a pattern that another covers are arguments of that other', () => {
    const patterns = wordsOf('-*a', 3);
    const words = wordsOf('-a', 4);
    let covered = 0;
    for (const outer of patterns) {
      for (const inner of patterns.filter((pattern) => coversArgumentPattern(outer, pattern))) {
        covered += 1;
        const beyond = words.filter(
          (word) => matchesArgumentPattern(inner, word) && !matchesArgumentPattern(outer, word),
        );
        expect([outer, inner, ...beyond]).toEqual([outer, inner]);
      }
    }
    expect(covered).toBeGreaterThan(patterns.length);
  });
});

describe('a program', () => {
  test.each(['id', '/usr/bin/git', '../git', 'git ', ''])('that was not given is refused: %j', async (program) => {
    const { call, asked } = open([{ program: 'git' }]);
    await expect(call({ program })).rejects.toEqual(refused('CAPABILITY_DENIED'));
    expect(asked).toEqual([]);
  });

  test('runs beside few others of the same call', async () => {
    const held = Promise.withResolvers<ProgramOutcome>();
    const { call, asked } = open([{ program: 'sleep' }], () => held.promise);
    const calls = Array.from({ length: LIMITS.runAtOnceMax + 3 }, () => call({ program: 'sleep' }));
    const settled = Promise.allSettled(calls);
    await expect(calls.at(-1)).rejects.toEqual(refused('QUEUE_FULL'));
    expect(asked).toHaveLength(LIMITS.runAtOnceMax);
    held.resolve(ended);
    await settled;
    expect(await call({ program: 'sleep' })).toMatchObject({ exitCode: 0 });
  });

  test('whose output is no text and as large as it may be still gives an answer that fits', async () => {
    const stdout = Buffer.alloc(LIMITS.runStdoutBytesMax, 1);
    const stderr = Buffer.alloc(LIMITS.runStderrBytesMax, 0xff);
    const { call } = open([{ program: 'x' }], async () => ({
      ...ended,
      exitCode: null,
      signal: 'SIGKILL',
      stdout,
      stderr,
    }));
    const answer = await call({ program: 'x' });
    expect(JSON.stringify(answer).length).toBeLessThan(LIMITS.hostAnswerBytesMax);
    expect(answer).toMatchObject({ exitCode: null, signal: 'SIGKILL', stderr: '\ufffd'.repeat(stderr.length) });
  });
});
