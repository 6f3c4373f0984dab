// Operations on secrets. Values go in and never come out: no answer, no record and no message holds one, its length or a digest.

import { rfc3339 } from '#base/clock.ts';
import type { JsonObject } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import type { PluginReport } from '#domain/manifest.ts';
import type { SecretView } from '#domain/secret-ports.ts';
import { inputSchema, type Operation } from './operation.ts';

const nameProperty = {
  type: 'string',
  pattern: '^[A-Za-z_][A-Za-z0-9_]{0,63}$',
  description: 'As plugins name it in plugin.json: letters, digits and "_", at most 64.',
};

const secretSchema: JsonObject = {
  type: 'object',
  properties: {
    name: { type: 'string' },
    source: {
      enum: ['stored', 'file', 'env', 'credential', 'command', 'none'],
      description:
        '`stored`: in this home · `none`: a plugin asks for it and nobody has set it · else as config.yaml says.',
    },
    setAt: { type: ['string', 'null'], description: 'Of a stored one.' },
    askedBy: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          plugin: { type: 'string' },
          hosts: { type: 'array', items: { type: 'string' }, description: 'Requests to these carry it.' },
          isExposed: { type: 'boolean', description: 'Its program gets to see the value.' },
        },
        required: ['plugin', 'hosts', 'isExposed'],
      },
    },
  },
  required: ['name', 'source', 'setAt', 'askedBy'],
};

export const secretOperations: readonly Operation[] = [
  {
    name: 'secret_set',
    topic: 'secrets',
    summary: 'Keeps a secret for plugins, sealed, in place of the one before; its value is read from standard input.',
    command: ['secret', 'set'],
    positional: ['name'],
    secretProperty: 'value',
    method: 'POST',
    path: '/secrets/:name',
    effect: 'write',
    isForPeople: true,
    input: inputSchema(
      {
        name: nameProperty,
        value: {
          type: 'string',
          maxLength: LIMITS.secretBytesMax,
          description: `The value: a text of ${LIMITS.secretBytesMin} to ${LIMITS.secretBytesMax} bytes. No answer ever holds it.`,
        },
      },
      ['name', 'value'],
    ),
    output: secretSchema,
    subject: (input) => String(input['name']),
    run: ({ secrets, catalog }, input, { by }) =>
      viewOf(secrets.set(String(input['name']), String(input['value']), by), catalog.reports()),
  },
  {
    name: 'secret_list',
    topic: 'secrets',
    summary: 'Lists secrets by name, where they come from, and which plugins ask for them.',
    command: ['secret', 'list'],
    positional: [],
    method: 'GET',
    path: '/secrets',
    effect: 'read',
    input: inputSchema({}),
    output: { type: 'array', items: secretSchema },
    run: ({ secrets, catalog }) => {
      const reports = catalog.reports();
      const known = secrets.list();
      const asked = reports.flatMap((report) => report.secrets.map(({ name }) => name));
      const unset = [...new Set(asked)].filter((name) => !known.some((one) => one.name === name));
      return [...known, ...unset.map((name) => ({ name, source: 'none' as const }))]
        .toSorted((a, b) => (a.name < b.name ? -1 : 1))
        .map((one) => viewOf(one, reports));
    },
  },
  {
    name: 'secret_rm',
    topic: 'secrets',
    summary: 'Removes a stored secret; calls that need it fail from then on.',
    command: ['secret', 'rm'],
    positional: ['name'],
    method: 'DELETE',
    path: '/secrets/:name',
    effect: 'write',
    isForPeople: true,
    input: inputSchema({ name: nameProperty }, ['name']),
    output: {
      type: 'object',
      properties: { name: { type: 'string' }, state: { const: 'removed' } },
      required: ['name', 'state'],
    },
    subject: (input) => String(input['name']),
    run: ({ secrets }, input) => {
      const name = String(input['name']);
      secrets.remove(name);
      return { name, state: 'removed' };
    },
  },
];

type Listed = Omit<SecretView, 'source'> & { readonly source: SecretView['source'] | 'none' };

function viewOf({ name, source, setMs }: Listed, reports: readonly PluginReport[]): JsonObject {
  return {
    ...{ name, source },
    setAt: setMs === undefined ? null : rfc3339(setMs),
    askedBy: reports.flatMap((report) =>
      report.secrets
        .filter((asked) => asked.name === name)
        .map(({ hosts, isExposed }) => ({ plugin: report.name, hosts, isExposed })),
    ),
  };
}
