// The OpenAPI 3.1 document of the admin API, derived from the table of operations. Clients are generated from it, so an
// `operationId` is a name that stays: it is the operation's.

import { ERRORS } from '#base/error-table.ts';
import type { Json, JsonObject } from '#base/json.ts';
import { adminToolName } from '#operations/admin-tools.ts';
import {
  fillPath,
  type Operation,
  pathParameters,
  propertiesOf,
  requiredOf,
  type Topic,
} from '#operations/operation.ts';

import { type Example, loadExamples } from './examples.ts';

export type ApiOptions = { readonly prefix: string; readonly version: string };

/** What each topic is about; in the order of documents. */
export const TOPICS: { readonly [topic in Topic]: string } = {
  server: 'What runs and what is stopped.',
  freezes: 'Stopping everything, an agent, a plugin or all that changes something.',
  queue: 'Calls that wait or run.',
  approvals: 'Calls that somebody has to approve before they begin.',
  people: 'People who sign in on the console with a passkey.',
  labels: 'What agents have seen, and what their files and values carry.',
  notices: 'What people are told, and by which targets.',
  agents: 'Agents and their tokens.',
  policy: 'Who may call what.',
  plugins: 'Where the tools come from.',
  config: 'How the server runs, and what of it can change while it does.',
  secrets: 'Names of secrets, and where they come from. No answer holds a value.',
  log: 'What happened, signed.',
};

const errorSchema: JsonObject = {
  type: 'object',
  description: 'What every refusal and failure looks like. `details.remedy`, where present, says what to do.',
  properties: {
    error: {
      type: 'object',
      properties: {
        code: { type: 'string', enum: Object.keys(ERRORS) },
        message: { type: 'string' },
        details: { type: 'object', additionalProperties: true },
      },
      required: ['code', 'message', 'details'],
    },
  },
  required: ['error'],
};

/** **Source:** OpenAPI 3.1.1. Schemas are JSON Schema 2020-12, its own dialect. */
export function openApiDocument(operations: readonly Operation[], { prefix, version }: ApiOptions): JsonObject {
  const paths: { [path: string]: { [method: string]: JsonObject } } = {};
  const schemas: { [name: string]: JsonObject } = { Error: errorSchema };
  const examples = loadExamples();
  for (const operation of operations) {
    const path = `${prefix}${fillPath(operation.path, (name) => `{${name}}`)}`;
    paths[path] = { ...paths[path], [operation.method.toLowerCase()]: entry(operation, examples[operation.name]) };
    schemas[answerName(operation)] = operation.output;
    if (hasBody(operation)) schemas[inputName(operation)] = bodySchema(operation);
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'SMCP admin API',
      version,
      description:
        'For an administrator, and for an agent that the policy grants the tool of an operation (`smcp__…`). Every change, and every call of an agent, is in the signed log.',
    },
    tags: Object.entries(TOPICS).map(([name, description]) => ({ name, description })),
    security: [{ bearer: [] }, { apiKey: [] }],
    paths,
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer' },
        apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
      },
      responses: {
        Error: {
          description: 'Refused or failed; the code says why.',
          content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
        },
      },
      schemas,
    },
  };
}

/** The names of an operation's input that are not in its path. */
function restOf(operation: Operation): readonly string[] {
  const inPath = pathParameters(operation.path);
  return Object.keys(propertiesOf(operation)).filter((name) => !inPath.includes(name));
}

function entry(operation: Operation, example: Example | undefined): JsonObject {
  const properties = propertiesOf(operation);
  const required = requiredOf(operation);
  const parameter = (name: string, where: 'path' | 'query'): JsonObject => {
    const { description, ...schema } = properties[name] ?? {};
    return {
      name,
      in: where,
      required: where === 'path' || required.includes(name),
      ...(description === undefined ? {} : { description }),
      schema,
      ...(example?.input[name] === undefined ? {} : { example: example.input[name] }),
    };
  };
  const isRequired = restOf(operation).some((name) => required.includes(name));
  return {
    operationId: operation.name,
    tags: [operation.topic],
    summary: operation.summary,
    description: descriptionOf(operation),
    parameters: [
      ...pathParameters(operation.path).map((name) => parameter(name, 'path')),
      ...(operation.method === 'POST' ? [] : restOf(operation).map((name) => parameter(name, 'query'))),
    ],
    ...(hasBody(operation)
      ? { requestBody: { required: isRequired, content: contentOf(inputName(operation), bodyOf(operation, example)) } }
      : {}),
    responses: {
      '200': { description: 'Done.', content: contentOf(answerName(operation), example?.answer) },
      default: { $ref: '#/components/responses/Error' },
    },
  };
}

function descriptionOf(operation: Operation): string {
  const { detail, isForPeople, command } = operation;
  return [
    ...(detail === undefined ? [] : [detail]),
    ...(command === undefined ? [] : [`Command: \`smcp ${command.join(' ')}\`.`]),
    isForPeople ? 'Only for administrators.' : `As a tool: \`${adminToolName(operation)}\`.`,
  ].join(' ');
}

function hasBody(operation: Operation): boolean {
  return operation.method === 'POST' && restOf(operation).length > 0;
}

function bodySchema(operation: Operation): JsonObject {
  const properties = propertiesOf(operation);
  const names = restOf(operation);
  return {
    type: 'object',
    properties: Object.fromEntries(names.map((name) => [name, properties[name] ?? {}])),
    required: requiredOf(operation).filter((name) => names.includes(name)),
    additionalProperties: false,
  };
}

/** The part of an example that goes into the body. */
function bodyOf(operation: Operation, example: Example | undefined): JsonObject | undefined {
  const names = restOf(operation);
  return example && Object.fromEntries(Object.entries(example.input).filter(([name]) => names.includes(name)));
}

function contentOf(schema: string, example: Json | undefined): JsonObject {
  const content = { schema: { $ref: `#/components/schemas/${schema}` } };
  return { 'application/json': example === undefined ? content : { ...content, example } };
}

const inputName = (operation: Operation): string => `${pascalCase(operation.name)}Input`;
const answerName = (operation: Operation): string => `${pascalCase(operation.name)}Answer`;

function pascalCase(name: string): string {
  return name
    .split('_')
    .map((word) => `${word.charAt(0).toUpperCase()}${word.slice(1)}`)
    .join('');
}
