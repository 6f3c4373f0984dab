// What a world may hold as JSON. Read by world.ts only.

import type { JsonObject } from '#base/json.ts';

const TEXT = { type: 'string' };
const ERROR = {
  type: 'object',
  required: ['code', 'message'],
  additionalProperties: false,
  properties: { code: TEXT, message: TEXT },
};

const listOf = (required: readonly string[], properties: JsonObject): JsonObject => ({
  type: 'array',
  items: { type: 'object', required, additionalProperties: false, properties },
});

export const WORLD_SCHEMA: JsonObject = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  additionalProperties: false,
  properties: {
    $schema: TEXT,
    now: { type: ['string', 'integer'] },
    seed: { type: ['string', 'number'] },
    store: { type: 'object' },
    http: listOf(['url'], {
      ...{ url: TEXT, method: TEXT, text: TEXT, base64: TEXT, json: true, error: ERROR },
      status: { type: 'integer', minimum: 200, maximum: 599 },
      headers: { type: 'object', additionalProperties: TEXT },
    }),
    privateHosts: { type: 'array', items: TEXT },
    files: {
      type: 'object',
      additionalProperties: {
        anyOf: [
          TEXT,
          { type: 'object', required: ['base64'], additionalProperties: false, properties: { base64: TEXT } },
        ],
      },
    },
    secrets: { type: 'object', additionalProperties: TEXT },
    run: listOf(['program'], {
      ...{ program: TEXT, stdout: TEXT, stderr: TEXT },
      args: { type: 'array', items: TEXT },
      exitCode: { type: 'integer', minimum: 0, maximum: 255 },
    }),
    tools: listOf(['tool'], { tool: TEXT, value: true, error: ERROR }),
  },
};
