// The OpenAPI 3.1 document of the admin API, derived from the table of operations.

import { ERRORS } from '#base/errors.ts';
import type { JsonObject } from '#base/json.ts';
import { fillPath, type Operation, pathParameters } from '#operations/operation.ts';

const errorSchema: JsonObject = {
  type: 'object',
  properties: {
    error: {
      type: 'object',
      properties: {
        code: { enum: Object.keys(ERRORS) },
        message: { type: 'string' },
        details: { type: 'object' },
      },
      required: ['code', 'message'],
    },
  },
  required: ['error'],
};

/** **Source:** OpenAPI 3.1.1. Schemas are JSON Schema 2020-12, its own dialect. */
export function openApiDocument(
  operations: readonly Operation[],
  { prefix, version }: { readonly prefix: string; readonly version: string },
): JsonObject {
  const paths: { [path: string]: { [method: string]: JsonObject } } = {};
  for (const operation of operations) {
    const path = `${prefix}${fillPath(operation.path, (name) => `{${name}}`)}`;
    paths[path] = { ...paths[path], [operation.method.toLowerCase()]: entry(operation) };
  }
  return {
    openapi: '3.1.1',
    info: { title: 'SMCP admin API', version },
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
      schemas: { Error: errorSchema },
    },
    security: [{ token: [] }],
    paths,
  };
}

function entry(operation: Operation): JsonObject {
  const properties = operation.input['properties'] as { readonly [name: string]: JsonObject };
  const required = operation.input['required'] as readonly string[];
  const inPath = pathParameters(operation.path);
  const rest = Object.keys(properties).filter((name) => !inPath.includes(name));
  const hasBody = operation.method === 'POST' && rest.length > 0;
  const parameter = (name: string, where: 'path' | 'query'): JsonObject => ({
    name,
    in: where,
    required: where === 'path' || required.includes(name),
    schema: properties[name] ?? {},
  });
  return {
    operationId: operation.name,
    summary: operation.summary,
    parameters: [
      ...inPath.map((name) => parameter(name, 'path')),
      ...(operation.method === 'POST' ? [] : rest.map((name) => parameter(name, 'query'))),
    ],
    ...(hasBody
      ? { requestBody: { required: true, content: { 'application/json': { schema: bodySchema(operation, rest) } } } }
      : {}),
    responses: {
      '200': { description: 'Done.', content: { 'application/json': { schema: operation.output } } },
      default: {
        description: 'Refused or failed.',
        content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
      },
    },
  };
}

function bodySchema(operation: Operation, names: readonly string[]): JsonObject {
  const properties = operation.input['properties'] as { readonly [name: string]: JsonObject };
  const required = operation.input['required'] as readonly string[];
  return {
    type: 'object',
    properties: Object.fromEntries(names.map((name) => [name, properties[name] ?? {}])),
    required: required.filter((name) => names.includes(name)),
    additionalProperties: false,
  };
}
