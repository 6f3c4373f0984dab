// What a manifest may change in the schema of a command: everything that the program still gets as it was meant.

import { describe, expect, test } from 'vitest';
import type { JsonObject } from '#base/json.ts';
import type { CliTool } from '#domain/cli-plugin/cli-tool.ts';
import { declareInput } from '#domain/cli-plugin/declared-input.ts';
import { inferTools } from '#domain/cli-plugin/infer-tools.ts';
import { parseCommandHelp } from '#domain/cli-plugin/parse-command-help.ts';
import { parseHelp } from '#domain/cli-plugin/parse-help.ts';
import { renderArguments } from '#domain/cli-plugin/render-arguments.ts';

const HELP = `usage: cli.py add [-h] --title TITLE [--tag TAG] [--pin] [--pair A A] [--many M [M ...]] [where]

positional arguments:
  where

options:
  -h, --help  show this help message and exit
  --title TITLE
  --tag TAG
  --pin
  --pair A A
  --many M [M ...]
`;

function program(): CliTool {
  const commandHelps = new Map([['add', parseCommandHelp(HELP, ['add'])]]);
  const [tool] = inferTools({ plugin: 'p', help: parseHelp('Commands:\n  add  Add\n'), commandHelps }).tools;
  if (tool === undefined) throw new Error('no tool');
  return tool;
}

/** As `adopt` writes it, with some properties changed. */
const edited = (properties: JsonObject, more: JsonObject = {}): JsonObject => ({
  ...program().inputSchema,
  ...more,
  properties: { ...(program().inputSchema['properties'] as JsonObject), ...properties },
});

const texts = { type: 'array', items: { type: 'string' } };

test('the schema that the program itself gives is taken as it is', () => {
  const tool = program();
  expect(declareInput(tool, tool.inputSchema)).toEqual({ plan: tool.plan, notes: [], faults: [] });
});

describe('a changed type is followed by how the value is given', () => {
  test.each<[string, JsonObject, object, readonly string[]]>([
    ['a list of texts gives the flag for each', { tag: texts }, { tag: ['a', 'b'] }, ['--tag=a', '--tag=b']],
    ['an integer is spelled as one', { tag: { type: 'integer' } }, { tag: 2.0 }, ['--tag=2']],
    ['a number', { tag: { type: ['number', 'null'] } }, { tag: 2.5 }, ['--tag=2.5']],
    ['a choice', { tag: { enum: ['a', 'b'] } }, { tag: 'b' }, ['--tag=b']],
    ['an object is JSON text', { tag: { type: 'object' } }, { tag: { a: 1 } }, ['--tag={"a":1}']],
    ['one of several values is one', { many: { type: 'string' } }, { many: 'a' }, ['--many=a']],
  ])('%s', (_, properties, args, words) => {
    const { plan, faults } = declareInput(program(), edited(properties));
    expect(faults).toEqual([]);
    expect(renderArguments(plan, JSON.stringify(args))).toEqual(['add', ...words]);
  });

  test('and what is guessed by that is noted', () => {
    expect(declareInput(program(), edited({ tag: texts })).notes).toEqual([expect.stringContaining('sees the last')]);
    expect(declareInput(program(), edited({ tag: { type: 'object' } })).notes).toEqual([
      expect.stringContaining('as JSON text'),
    ]);
  });
});

describe('a schema whose values the program would not get as they were meant is refused', () => {
  test.each<[string, JsonObject, string]>([
    ['a flag that is a text', edited({ pin: { type: 'string' } }), '/properties/pin'],
    ['a flag that may be a text too', edited({ pin: { type: ['boolean', 'string'] } }), '/properties/pin'],
    ['a list where one value is positional', edited({ where: texts }), '/properties/where'],
    ['a list or a text', edited({ tag: { anyOf: [texts, { type: 'string' }] } }), '/properties/tag'],
    ['no type', edited({ tag: { description: 'any' } }), '/properties/tag'],
    ['a reference', edited({ tag: { $ref: '#/$defs/x' } }), '/properties/tag'],
    ['true', edited({ tag: true }), '/properties/tag'],
    ['one value where there must be two', edited({ pair: { type: 'string' } }), '/properties/pair'],
    ['an argument that there is not', edited({ 'a/b': { type: 'string' } }), '/properties/a~1b'],
    ['other properties', edited({}, { additionalProperties: true }), '/additionalProperties'],
    ['other texts', edited({}, { additionalProperties: { type: 'string' } }), '/additionalProperties'],
    ['patterns of names', edited({}, { patternProperties: { '^x': {} } }), '/patternProperties'],
    ['a needed argument that may be left out', edited({}, { required: [] }), '/required'],
    ['no needed argument at all', { type: 'object', properties: {}, additionalProperties: false }, '/properties'],
    [
      'nothing about others',
      { type: 'object', properties: edited({})['properties'] ?? {}, required: ['title'] },
      '/additionalProperties',
    ],
  ])('%s', (_, input, pointer) => {
    const { faults } = declareInput(program(), input);
    expect(faults).toEqual([{ pointer, message: expect.any(String), remedy: expect.any(String) }]);
  });
});
