// The admin API: REST routes and the OpenAPI document, both derived from the table of operations; the log's static files.

import { SmcpError } from '#base/errors.ts';
import type { Json, JsonObject } from '#base/json.ts';
import type { HttpRequest, HttpRoute, RecordReader } from '#domain/ports.ts';
import type { Operation } from '#operations/operation.ts';
import type { OperationRunner } from '#operations/runner.ts';
import { openApiDocument } from './openapi.ts';

export const ADMIN_PREFIX = '/admin/v1';

/** One route for each operation, and `/openapi.json`. */
export function adminRoutes(
  operations: readonly Operation[],
  run: OperationRunner,
  version: string,
): readonly HttpRoute[] {
  const document = openApiDocument(operations, { prefix: ADMIN_PREFIX, version });
  return [
    ...operations.map(
      (operation): HttpRoute => ({
        method: operation.method,
        path: `${ADMIN_PREFIX}${operation.path}`,
        access: 'admin',
        handle: async (request) => ({
          status: 200,
          body: await run(operation, inputOf(operation, request), { by: callerOf(request) }),
        }),
      }),
    ),
    { method: 'GET', path: '/openapi.json', access: 'admin', handle: () => ({ status: 200, body: document }) },
  ];
}

/** The log as static tlog-tiles. **Source:** c2sp.org/tlog-tiles. Open to anyone where the configuration says so. */
export function logRoutes(log: RecordReader, options: { readonly isPublic: boolean }): readonly HttpRoute[] {
  const access = options.isPublic ? 'anyone' : 'admin';
  const text = (read: () => string | undefined) => () => {
    const body = read();
    if (body === undefined) throw new SmcpError('NOT_FOUND', 'the log is empty');
    return { status: 200, body: Buffer.from(body), contentType: 'text/plain; charset=utf-8' };
  };
  return [
    { method: 'GET', path: '/log/checkpoint', access, handle: text(() => log.checkpoint()) },
    { method: 'GET', path: '/log/vkey', access, handle: text(() => `${log.vkey()}\n`) },
    {
      method: 'GET',
      path: '/log/tile/*',
      access,
      handle: ({ params }) => {
        const bytes = log.tile(`tile/${params['*'] ?? ''}`);
        if (bytes === undefined) throw new SmcpError('NOT_FOUND', 'the log has no such tile');
        return { status: 200, body: bytes, contentType: 'application/octet-stream' };
      },
    },
  ];
}

function callerOf({ principal }: HttpRequest): string {
  return principal?.kind === 'agent' ? principal.agent : 'admin';
}

/** Path parameters, query and body as one input. A GET's query is text: numbers are read where the schema wants them. */
function inputOf(operation: Operation, request: HttpRequest): JsonObject {
  const properties = operation.input['properties'] as { readonly [name: string]: JsonObject };
  const fromQuery = Object.entries(request.query).map(([name, value]): [string, Json] => {
    const isNumber = properties[name]?.['type'] === 'integer' && /^(0|-?[1-9][0-9]{0,14})$/.test(value);
    return [name, isNumber ? Number(value) : value];
  });
  const body = request.body ?? {};
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new SmcpError('USAGE', 'the body must be a JSON object');
  }
  return { ...(body as JsonObject), ...Object.fromEntries(fromQuery), ...request.params };
}
