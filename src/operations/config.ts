// Operations on the configuration of the running server: what is in force, and the few keys that need no start.

import type { JsonObject } from '#base/json.ts';
import type { Setting } from '#domain/settings-ports.ts';
import { pathFor, sentenceFor } from './host-paths.ts';
import { inputSchema, type Operation } from './operation.ts';

const settingSchema: JsonObject = {
  type: 'object',
  properties: {
    key: { type: 'string' },
    value: { description: 'In force now.' },
    changes: {
      enum: ['at run time', 'at start'],
      description: 'at start: edit config.yaml, and start the server again.',
    },
    nextStart: { description: 'What config.yaml says by now and is not in force; absent: nothing else.' },
  },
  required: ['key', 'value', 'changes'],
};

export const configOperations: readonly Operation[] = [
  {
    name: 'config_show',
    topic: 'config',
    summary: 'Shows the configuration in force, and which keys can change while the server runs.',
    detail: 'Sections that may hold something secret (notify, secrets) are left out; to agents also what is a path.',
    command: ['config', 'show'],
    positional: [],
    method: 'GET',
    path: '/config',
    effect: 'read',
    input: inputSchema({}),
    output: {
      type: 'object',
      properties: {
        file: { type: 'string' },
        problem: {
          type: ['string', 'null'],
          description: 'Why the server would not start with the file as it is now.',
        },
        settings: { type: 'array', items: settingSchema },
      },
      required: ['file', 'problem', 'settings'],
    },
    run: ({ settings }, _, caller) => {
      const { file, problem, settings: all } = settings.show();
      const shown = all.filter(({ isPath }) => !isPath || caller.kind === 'person');
      return {
        file: pathFor(caller, file),
        problem: problem === undefined ? null : sentenceFor(caller, problem, file),
        settings: shown.map(settingView),
      };
    },
  },
  {
    name: 'config_set',
    topic: 'config',
    summary: 'Changes one key of the configuration, in config.yaml and in force at once; it outlives a restart.',
    detail:
      'An agent may only make workspaces smaller and the messages of the server more; every other change takes a person.',
    command: ['config', 'set'],
    positional: ['key', 'value'],
    method: 'POST',
    path: '/config/:key',
    effect: 'write',
    input: inputSchema(
      {
        key: {
          type: 'string',
          maxLength: 100,
          description:
            'One that `config show` marks: logging.level, policy.apply, workspaces.bytesMax, workspaces.filesMax.',
        },
        value: { type: 'string', minLength: 1, maxLength: 100, description: 'As it would stand in config.yaml.' },
      },
      ['key', 'value'],
    ),
    output: settingSchema,
    subject: (input) => `${String(input['key'])} ${String(input['value'])}`,
    check: ({ settings }, input, { kind }) =>
      settings.check(String(input['key']), String(input['value']), { mayWiden: kind === 'person' }),
    run: ({ settings }, input, { kind }) =>
      settingView(settings.set(String(input['key']), String(input['value']), { mayWiden: kind === 'person' })),
  },
];

function settingView({ key, value, changes, nextStart }: Setting): JsonObject {
  return { key, value, changes, ...(nextStart === undefined ? {} : { nextStart }) };
}
