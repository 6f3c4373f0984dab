// The admin API: REST routes, the OpenAPI document and the page about them, derived from the table of operations. An
// administrator's request is carried out; an agent's becomes a call of the tool `smcp__…`, decided and recorded like any.

import { SmcpError } from '#base/errors.ts';
import { isJsonObject, type Json, type JsonObject } from '#base/json.ts';
import { callTokenOf, type Principal } from '#domain/agent.ts';
import type { HttpRequest, HttpRoute } from '#domain/door-ports.ts';
import type { Dispatcher } from '#domain/ports.ts';
import { adminToolName } from '#operations/admin-tools.ts';
import { ADMIN_PREFIX, type Operation, propertiesOf } from '#operations/operation.ts';
import type { OperationRunner } from '#operations/runner.ts';
import { docsPage } from './docs-page.ts';
import { openApiDocument } from './openapi.ts';

export type AdminApiPorts = { readonly run: OperationRunner; readonly dispatcher: Pick<Dispatcher, 'call'> };

/** One route for each operation, and `/openapi.json` and `/docs` for administrators. */
export function adminRoutes(
  operations: readonly Operation[],
  ports: AdminApiPorts,
  version: string,
): readonly HttpRoute[] {
  const options = { prefix: ADMIN_PREFIX, version };
  const document = openApiDocument(operations, options);
  const page = docsPage(operations, options);
  return [
    ...operations.map(
      (operation): HttpRoute => ({
        method: operation.method,
        path: `${ADMIN_PREFIX}${operation.path}`,
        access: 'principal',
        handle: async (request) => ({ status: 200, body: await answer(operation, request, ports) }),
      }),
    ),
    { method: 'GET', path: '/openapi.json', access: 'admin', handle: () => ({ status: 200, body: document }) },
    {
      method: 'GET',
      path: '/docs',
      access: 'admin',
      handle: () => ({ status: 200, body: Buffer.from(page), contentType: 'text/html; charset=utf-8' }),
    },
  ];
}

async function answer(operation: Operation, request: HttpRequest, { run, dispatcher }: AdminApiPorts): Promise<Json> {
  const { principal, body } = request;
  const isStray = body !== undefined && !isJsonObject(body);
  switch (principal?.kind) {
    case 'admin':
      if (isStray) {
        const details = { remedy: 'send an object, as /openapi.json describes it' };
        throw new SmcpError('USAGE', 'the body must be a JSON object', { details });
      }
      return run(operation, inputOf(operation, request), {
        ...{ by: 'admin', kind: 'person' },
        token: { id: principal.tokenId },
      } as const);
    case 'agent':
      return callAsAgent(dispatcher, principal, {
        tool: adminToolName(operation),
        args: isStray ? {} : inputOf(operation, request),
        ...(isStray ? { strayArgs: body } : {}),
        signal: request.signal,
        mayStillAct: request.mayStillAct,
      });
    case undefined:
      throw new SmcpError('UNAUTHENTICATED', 'a valid token is needed');
  }
}

type AdminCall = Omit<Parameters<Dispatcher['call']>[0], 'agent' | 'door' | 'token'>;

/** @throws what the call ended with, so that it leaves by the error table. */
async function callAsAgent(
  dispatcher: AdminApiPorts['dispatcher'],
  caller: Principal & { readonly kind: 'agent' },
  call: AdminCall,
): Promise<Json> {
  const { agent } = caller;
  const outcome = await dispatcher.call({ ...call, agent, token: callTokenOf(caller), door: 'admin' });
  // It is only written: as it is spelled.
  if (outcome.answer.kind === 'value') return outcome.answer.value as Json;
  const { code, message, details } = outcome.answer.error;
  throw new SmcpError(code, message, details === undefined ? {} : { details });
}

/**
 * Path parameters, query and body as one input, the path before the query before the body. Of a query, which is text,
 * whole numbers and truths are read where the schema wants them; what can't be read stays text, and does not fit.
 */
function inputOf(operation: Operation, { query, params, body }: HttpRequest): JsonObject {
  const properties: { readonly [name: string]: JsonObject | undefined } = propertiesOf(operation);
  const fromQuery = Object.entries(query).map(([name, value]): [string, Json] => [
    name,
    queryValue(value, properties[name]?.['type']),
  ]);
  return { ...(isJsonObject(body) ? body : {}), ...Object.fromEntries(fromQuery), ...params } as JsonObject;
}

function queryValue(value: string, type: Json | undefined): Json {
  if (type === 'integer' && /^(0|-?[1-9][0-9]{0,14})$/.test(value)) return Number(value);
  if (type === 'boolean' && (value === 'true' || value === 'false')) return value === 'true';
  return value;
}
