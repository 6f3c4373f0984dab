// Operations on notices: which targets people are told by, what waits for them, and a test.

import { rfc3339 } from '#base/clock.ts';
import type { JsonObject } from '#base/json.ts';
import { NOTICE_KINDS, type NoticeTarget } from '#domain/notify-ports.ts';
import { inputSchema, type Operation } from './operation.ts';

const text = { type: 'string' };
const textOrNull = { type: ['string', 'null'] };

export const targetSchema: JsonObject = {
  type: 'object',
  properties: {
    name: text,
    type: { enum: ['webhook', 'ntfy', 'mail', 'telegram'] },
    kinds: { type: 'array', items: { enum: [...NOTICE_KINDS] }, description: 'What it is told of.' },
    waiting: { type: 'integer', description: 'Notices that it was not given yet.' },
    delivered: { type: 'integer', description: 'Since the start.' },
    dropped: { type: 'integer', description: 'Since the start: what it was never told, each with a record.' },
    deliveredAt: { ...textOrNull, description: 'Since the start.' },
    failingSince: { ...textOrNull, description: 'Null: its last try was taken, or there was none.' },
    why: textOrNull,
    nextTryAt: textOrNull,
    buttons: {
      ...textOrNull,
      description: 'Why decisions by its buttons are not heard; null: they are, or it has none.',
    },
  },
  required: [
    ...[
      'name',
      'type',
      'kinds',
      'waiting',
      'delivered',
      'dropped',
      'deliveredAt',
      'failingSince',
      'why',
      'nextTryAt',
      'buttons',
    ],
  ],
};

export function targetView({ deliveredMs, failing, kinds, problem, ...target }: NoticeTarget): JsonObject {
  return {
    ...target,
    kinds: [...kinds],
    deliveredAt: deliveredMs === undefined ? null : rfc3339(deliveredMs),
    failingSince: failing === undefined ? null : rfc3339(failing.sinceMs),
    why: failing?.why ?? null,
    nextTryAt: failing === undefined ? null : rfc3339(failing.nextMs),
    buttons: problem ?? null,
  };
}

export const noticeOperations: readonly Operation[] = [
  {
    name: 'notify_list',
    topic: 'notices',
    summary: 'Lists the targets that people are told by, and what waits to be told.',
    command: ['notify', 'list'],
    positional: [],
    method: 'GET',
    path: '/notices',
    effect: 'read',
    input: inputSchema({}),
    output: {
      type: 'object',
      properties: {
        targets: { type: 'array', items: targetSchema },
        waiting: {
          type: 'array',
          items: {
            type: 'object',
            properties: {
              id: { type: 'string', description: 'The same for each try, and for each target.' },
              target: text,
              subject: text,
              createdAt: text,
              tries: { type: 'integer' },
              why: { ...textOrNull, description: 'Why the last try failed.' },
            },
            required: ['id', 'target', 'subject', 'createdAt', 'tries', 'why'],
          },
        },
      },
      required: ['targets', 'waiting'],
    },
    run: ({ notices }) => ({
      targets: notices.targets().map(targetView),
      waiting: notices.waiting().map(({ createdMs, why, ...notice }) => ({
        ...notice,
        createdAt: rfc3339(createdMs),
        why: why ?? null,
      })),
    }),
  },
  {
    name: 'notify_test',
    topic: 'notices',
    summary: 'Sends a test notice to one target, or to all, and says which took it.',
    command: ['notify', 'test'],
    positional: ['target'],
    method: 'POST',
    path: '/notices/test',
    effect: 'write',
    isForPeople: true,
    input: inputSchema({ target: { type: 'string', maxLength: 64, description: 'Its name; absent: every target.' } }),
    output: {
      type: 'array',
      items: {
        type: 'object',
        properties: { target: text, taken: { type: 'boolean' }, why: textOrNull },
        required: ['target', 'taken', 'why'],
      },
    },
    subject: ({ target }) => (typeof target === 'string' ? target : 'every target'),
    saysNo: (answer) => {
      const results = answer as readonly JsonObject[];
      return results.length === 0 || results.some(({ taken }) => taken === false);
    },
    run: async ({ notices }, { target }) => {
      const results = await notices.test(typeof target === 'string' ? target : undefined);
      return results.map((result) => ({
        ...{ target: result.target, taken: result.why === undefined, why: result.why ?? null },
      }));
    },
  },
];
