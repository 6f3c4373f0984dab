// What is asked of a program, in which order, and what its answers come to.

import { describe, expect, test } from 'vitest';
import { LIMITS } from '#base/limits.ts';
import {
  type Answer,
  answerBytesMax,
  answerOf,
  areWhole,
  type HeardAnswer,
  hear,
  readInterview,
  wordsToAsk,
} from '#domain/cli-plugin/interview.ts';
import { renderArguments } from '#domain/cli-plugin/render-arguments.ts';
import { runProgram } from './programs.ts';

const text = (said: string): Answer => ({ kind: 'text', text: said });
const silent: Answer = { kind: 'silent', reason: 'ended with exit code 2', isUsage: true };
const END = { exitCode: 0, signal: null, stderr: Buffer.alloc(0), isStdoutCut: false, isStderrCut: false };

/** What was answered to which words. */
const heard = (...answers: readonly (readonly [string, Answer])[]) =>
  new Map(answers.map(([asked, answer]) => [asked, hear(asked.split(' '), answer)]));

/** Asks a fixture until nothing more is to be asked. */
function interview(name: string) {
  const answers = new Map<string, HeardAnswer>();
  const rounds: string[][] = [];
  for (let open = wordsToAsk(name, answers); open.length > 0; open = wordsToAsk(name, answers)) {
    rounds.push(open.map((words) => words.join(' ')));
    for (const words of open) answers.set(words.join(' '), hear(words, answerOf({ end: runProgram(name, words) })));
  }
  return { rounds, ...readInterview(name, answers) };
}

describe('a program is asked', () => {
  test('for its description and its help, then for the help of what they name', () => {
    const { rounds, tools, about } = interview('mail');
    expect(rounds).toEqual([
      ['--describe', '--help'],
      ['send --help', 'list --help'],
    ]);
    expect(tools.map(({ name }) => name)).toEqual(['send', 'list']);
    expect(about).toEqual({ name: 'mail', version: '2.1.0', description: 'Sends mail' });
  });

  test('for commands below commands, and no deeper', () => {
    const { rounds, tools } = interview('idioms');
    expect(rounds[2]).toEqual(['remote add --help', 'remote remove --help']);
    expect(rounds).toHaveLength(3);
    expect(tools.map(({ name }) => name)).toContain('remote_add');
  });

  test('nothing more once it had to be stopped while it described itself', () => {
    const stopped: Answer = { kind: 'stopped', code: 'TIMEOUT', reason: 'ran past its deadline' };
    const answers = heard(['--describe', stopped], ['--help', text('usage: cli.py {a,b} ...')]);
    expect(wordsToAsk('p', answers)).toEqual([]);
    expect(readInterview('p', answers)).toEqual({
      ...{ tools: [], problems: [], about: {} },
      stopped: { code: 'TIMEOUT', reason: 'ran past its deadline' },
    });
  });
});

describe('an answer is', () => {
  test.each<[string, Parameters<typeof answerOf>[0], object]>([
    ['the text of one that ended well', { end: { ...END, stdout: Buffer.from('é') } }, { kind: 'text', text: 'é' }],
    [
      'silence with the last line of stderr, when it failed',
      { end: { ...END, exitCode: 1, stdout: Buffer.alloc(0), stderr: Buffer.from('a\nImportError: x\u001b[1m\n') } },
      { kind: 'silent', reason: 'ended with exit code 1: ImportError: x' },
    ],
    [
      'silence when a signal of its own ended it',
      { end: { ...END, exitCode: null, signal: 'SIGSEGV', stdout: Buffer.alloc(0) } },
      { kind: 'silent', reason: 'was ended by SIGSEGV' },
    ],
    [
      'broken when it is no UTF-8',
      { end: { ...END, stdout: Buffer.from([0x7b, 0xff]) } },
      { kind: 'broken', reason: 'is not UTF-8' },
    ],
    [
      'broken when there was more than is kept',
      { end: { ...END, stdout: Buffer.from('ab'), isStdoutCut: true } },
      { kind: 'broken', reason: 'is longer than 2 bytes' },
    ],
    [
      'stopped when its bounds ended it, whatever it printed before',
      { end: { ...END, stdout: Buffer.from('{}') }, stopped: { code: 'MEMORY_EXCEEDED', message: 'used more' } },
      { kind: 'stopped', code: 'MEMORY_EXCEEDED', reason: 'used more' },
    ],
  ])('%s', (_what, end, answer) => {
    expect(answerOf(end)).toEqual(answer);
  });

  test('kept in as many bytes as the characters that are read may take', () => {
    expect(answerBytesMax(['--describe'])).toBeGreaterThan(3 * LIMITS.cliDescriptionLengthMax);
    expect(answerBytesMax(['a', '--help'])).toBeGreaterThan(3 * LIMITS.cliHelpLengthMax);
    expect(answerBytesMax(['a', '--help'])).toBeLessThan(LIMITS.cliDescriptionLengthMax);
  });
});

describe('answers may serve again', () => {
  const usage = { kind: 'silent', reason: 'ended with exit code 2', isUsage: true } as const;
  const sound: readonly (readonly [string, Answer])[] = [
    ['--describe', text('{}')],
    ['--help', text('')],
    ['go --help', text('')],
  ];
  const holding = (asked: string, answer: Answer) => areWhole(new Map([...sound, [asked, answer]]));

  test('where each is a text, or the program knows no --describe or no --help', () => {
    expect(areWhole(new Map(sound))).toBe(true);
    expect(holding('--describe', usage)).toBe(true);
    expect(holding('--help', usage)).toBe(true);
  });

  test.each(['--describe', '--help', 'go --help'])('and not where %s failed for another reason', (asked) => {
    expect(holding(asked, { kind: 'silent', reason: 'ended with exit code 1' })).toBe(false);
    expect(holding(asked, { kind: 'broken', reason: 'is not UTF-8' })).toBe(false);
    expect(holding(asked, { kind: 'stopped', code: 'TIMEOUT', reason: 'ran too long' })).toBe(false);
  });

  test('nor where a command that is listed is not known to the program: that may be a part that is missing now', () => {
    expect(holding('go --help', usage)).toBe(false);
  });
});

describe('what answers come to', () => {
  test('a description that can not be used is told, and the help takes its place', () => {
    const answers = heard(
      ['--describe', text('{"commands": 1}')],
      ['--help', text('usage: cli.py [-h] {go} ...\n\npositional arguments:\n  {go}\n    go  Goes')],
      ['go --help', text('usage: cli.py go [-h]\n\noptions:\n  -h, --help  show this')],
    );
    const { tools, problems } = readInterview('p', answers);
    expect(tools.map(({ name }) => name)).toEqual(['go']);
    expect(problems).toEqual([expect.objectContaining({ source: '--describe', pointer: '/commands' })]);
  });

  test('help that is not given leaves the description, and the note says how it ended', () => {
    const answers = heard(
      ['--describe', text('{"commands": [{"name": "go"}]}')],
      ['--help', silent],
      ['go --help', silent],
    );
    const { tools, problems } = readInterview('p', answers);
    expect(tools[0]?.notes[0]).toContain('its help ended with exit code 2');
    expect(problems).toEqual([]);
  });

  test('neither is one problem that tells how both ended', () => {
    const answers = heard(
      ['--describe', { kind: 'silent', reason: 'ended with exit code 1: ModuleNotFoundError' }],
      ['--help', text('hello')],
    );
    expect(readInterview('p', answers)).toMatchObject({
      tools: [],
      problems: [{ message: expect.stringMatching(/--describe ended with exit code 1: Mod.*--help names no command/) }],
    });
  });

  const WHOLE = `usage: cli.py [-h] --title TITLE [--pin] [where]

positional arguments:
  where          Where

options:
  -h, --help     show this help message and exit
  --title TITLE
  --pin
`;

  test('a program of argparse without commands is one tool', () => {
    const answers = heard(['--describe', silent], ['--help', text(WHOLE)]);
    expect(wordsToAsk('p', answers)).toEqual([]);
    const { tools, problems } = readInterview('p', answers);
    expect(problems).toEqual([]);
    expect(tools).toMatchObject([{ name: 'run', inputSchema: { required: ['title'] }, plan: { command: [] } }]);
    const [tool] = tools;
    const words = tool && renderArguments(tool.plan, '{"title":"t","pin":true,"where":"w"}');
    expect(words).toEqual(['--title=t', '--pin', '--', 'w']);
  });

  test.each<[string, Answer, string]>([
    ['it describes itself, though wrongly', text('{"commands": 1}'), WHOLE],
    ['it fails otherwise than by its usage', { kind: 'silent', reason: 'ended with exit code 1: MemoryError' }, WHOLE],
    ['its parser is not known', silent, 'usage: cli.py [--title TITLE]\n\n  --title TITLE\n'],
    ['it names commands that can not be called', silent, WHOLE.replace('[where]', '{a/b} ...')],
  ])('and none where %s', (_, described, help) => {
    const { tools, problems } = readInterview('p', heard(['--describe', described], ['--help', text(help)]));
    expect([tools, problems.length]).toEqual([[], 1]);
  });

  test.each([
    ["ModuleNotFoundError: No module named 'x'", /python3 of the machine .*virtual environments/],
    ['SyntaxError: invalid syntax', /^mend cli\.py/],
    ['KeyError: 1', /--describe/],
  ])('what helps against nothing depends on why: %s', (why, remedy) => {
    const ended: Answer = { kind: 'silent', reason: `ended with exit code 1: ${why}` };
    const { problems } = readInterview('p', heard(['--describe', ended], ['--help', ended]));
    expect(problems).toMatchObject([{ remedy: expect.stringMatching(remedy) }]);
  });
});
