import { describe, expect, test } from 'vitest';
import { roundedJson } from '#base/exact-json.ts';
import type { JsonObject } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import { createForeignSchemaCompiler } from '#base/schema.ts';
import type { CliTool } from '#domain/cli-plugin/cli-tool.ts';
import type { CommandPlan } from '#domain/cli-plugin/plan.ts';
import { renderArguments } from '#domain/cli-plugin/render-arguments.ts';
import { normaliseArguments } from '#domain/normalise-arguments.ts';
import { discover, outputOf, runProgram } from './programs.ts';

function planOf(tool: CliTool | undefined): CommandPlan {
  if (tool === undefined) throw new Error('no such tool');
  return tool.plan;
}

describe('a described program', () => {
  const mail = discover('mail').tools.find(({ name }) => name === 'send');
  const send = (args: JsonObject | string): JsonObject => {
    const words = renderArguments(planOf(mail), typeof args === 'string' ? args : JSON.stringify(args));
    const { exitCode, stdout, stderr } = runProgram('mail', words);
    expect({ exitCode, stderr: stderr.toString() }).toEqual({ exitCode: 0, stderr: '' });
    return JSON.parse(stdout.toString()) as JsonObject;
  };

  test('gets every kind of value', () => {
    const args = {
      to: ['ana@example.org', 'bo@example.org'],
      subject: '--help',
      is_html: true,
      cache: false,
      priority: 2,
      weight: 0.5,
      header: ['a: 1', '-b: 2'],
      rules: [{ if: 'x' }, { if: '--y' }],
      meta: { deep: ['é'] },
      retry: true,
      message: '-- hello',
    };
    const { message, cache, retry, ...same } = args;
    expect(send(args)).toEqual({
      ...same,
      text: message,
      cache,
      retry: String(retry),
      command: 'send',
      describe: false,
    });
  });

  test('gets nothing for what is null, and for flags that are not wanted', () => {
    const args = { to: ['a'], subject: 's', message: 'm', is_html: false, cache: true, priority: null, header: null };
    expect(send(args)).toMatchObject({ is_html: false, cache: true, priority: null, header: null });
  });

  test('gets integers beyond 2^53 with every digit, and numbers as Python spells them', () => {
    const args =
      '{"to":["a"],"subject":"s","message":"m","priority":9007199254740993,"weight":1e-7,"header":[5.0,12345678901234567890]}';
    const { stdout } = runProgram('mail', renderArguments(planOf(mail), args));
    expect(stdout.toString()).toContain('"priority": 9007199254740993');
    expect(JSON.parse(stdout.toString())).toMatchObject({ weight: 1e-7, header: ['5.0', '12345678901234567890'] });
  });
});

test('a command that is a positional argument comes with the others', () => {
  const read = discover('one-parser', { isDescribed: false }).tools.find(({ name }) => name === 'read');
  const words = renderArguments(planOf(read), '{"title":"--page=7","page":"3"}');
  expect(JSON.parse(outputOf('one-parser', words))).toEqual({ command: 'read', title: '--page=7', page: 3 });
});

test('a program with a parser of its own gets a flag and its value as two words', () => {
  const note = discover('by-hand').tools[0];
  const words = (args: JsonObject) => renderArguments(planOf(note), JSON.stringify(args));
  const said = JSON.parse(
    outputOf(
      'by-hand',
      words({ text: 'a b', loud: true, quiet: false, mark: false, tags: ['x', 'y'], lines: ['1', '2'] }),
    ),
  );
  expect(said).toEqual({
    command: 'note',
    text: ['a b'],
    loud: [],
    quiet: [],
    mark: ['false'],
    tags: ['x', 'y'],
    lines: ['1', '2'],
  });
  // At worst it refuses the call; it never takes the value for an option.
  expect(words({ text: '--loud' })).toEqual(['note', '--text=--loud']);
  expect(runProgram('by-hand', words({ text: '--loud' })).exitCode).toBe(2);
});

test('a call as Letta sends it arrives as it was meant', () => {
  const send = discover('mail').tools.find(({ name }) => name === 'send');
  const schema = send?.inputSchema ?? {};
  const sent = {
    to: { item: ['ana', 'bo'] },
    subject: 7,
    'is-html': 'true',
    priority: '9007199254740993',
    weight: null,
    meta: '{"id":12345678901234567890}',
    message: 'hi',
  };
  const validate = createForeignSchemaCompiler()(schema);
  expect(validate(sent)).not.toEqual([]);
  const { args, changes } = normaliseArguments(schema, sent);
  expect(validate(roundedJson(args))).toEqual([]);
  expect(changes).toHaveLength(7);
  const { stdout } = runProgram('mail', renderArguments(planOf(send), JSON.stringify(args)));
  expect(stdout.toString()).toContain('"priority": 9007199254740993');
  expect(stdout.toString()).toContain('{"id": 12345678901234567890}');
  expect(JSON.parse(stdout.toString())).toMatchObject({ to: ['ana', 'bo'], subject: '7', is_html: true, weight: null });
});

test.runIf(process.platform === 'linux')('the longest argument arrives, and the system takes no longer one', () => {
  const open = planOf(discover('partial').tools.find(({ name }) => name === 'open'));
  const url = 'x'.repeat(LIMITS.programWordBytesMax);
  const words = renderArguments(open, JSON.stringify({ url }));
  expect(JSON.parse(outputOf('partial', words))).toMatchObject({ url });
  expect(() => renderArguments(open, JSON.stringify({ url: `${url}x` }))).toThrow('one argument may have');
  expect(() => runProgram('partial', ['open', `${url}x`])).toThrow('E2BIG');
});
