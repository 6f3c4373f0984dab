// The REST routes over the real dispatcher: an administrator, an agent with grants, one without.

import { describe, expect, test } from 'vitest';
import { adminRoutes } from '#admin/routes.ts';
import { ERRORS } from '#base/error-table.ts';
import { SmcpError } from '#base/errors.ts';
import type { Json } from '#base/json.ts';
import { compileOwnSchema } from '#base/schema.ts';
import type { Principal } from '#domain/agent.ts';
import type { HttpRequest, HttpRoute } from '#domain/door-ports.ts';
import { leavesRecord, type Operation, pathParameters } from '#operations/operation.ts';
import { createOperationRunner } from '#operations/runner.ts';
import { OPERATIONS } from '#operations/table.ts';
import { ana, bea } from '#test/operations/fake-policy.ts';
import { createWorld, operation, prepare, type World } from '#test/operations/world.ts';

const admin: Principal = { kind: 'admin', tokenId: 'admin' };
const granted: Principal = { kind: 'agent', agent: bea, tokenId: 'b' };
const ungranted: Principal = { kind: 'agent', agent: ana, tokenId: 'a' };

const routesOf = ({ services }: World): readonly HttpRoute[] =>
  adminRoutes(OPERATIONS, { run: createOperationRunner(services), dispatcher: services.dispatcher }, '1.0.0');

/** The route of an operation, asked as a client would: path, query or body by its row. */
async function ask(world: World, { name, method, path }: Operation, input: object, more: Partial<HttpRequest>) {
  const route = routesOf(world).find((one) => one.path === `/admin/v1${path}` && one.method === method);
  const inPath = pathParameters(path);
  const entries = Object.entries(input).map(([key, value]): [string, Json] => [key, value as Json]);
  const rest = entries.filter(([key]) => !inPath.includes(key));
  const request: HttpRequest = {
    principal: undefined,
    params: Object.fromEntries(
      entries.filter(([key]) => inPath.includes(key)).map(([key, value]) => [key, String(value)]),
    ),
    query: method === 'POST' ? {} : Object.fromEntries(rest.map(([key, value]) => [key, String(value)])),
    body: method === 'POST' ? Object.fromEntries(rest) : undefined,
    headers: { host: undefined, origin: undefined, cookie: undefined, page: undefined },
    address: '127.0.0.1',
    signal: new AbortController().signal,
    mayStillAct: () => true,
    ...more,
  };
  if (route === undefined) throw new Error(name);
  return route.handle(request);
}

const table = OPERATIONS.map((row) => [row.name, row] as const);

describe('the routes', () => {
  test('are one for each operation for any good token, and two documents for administrators', () => {
    const routes = routesOf(createWorld());
    expect(routes.map(({ method, path, access }) => `${method} ${path} ${access}`)).toEqual([
      ...OPERATIONS.map(({ method, path }) => `${method} /admin/v1${path} principal`),
      'GET /openapi.json admin',
      'GET /docs admin',
    ]);
  });

  test.each(table)(
    '%s is done for an administrator, with a record of its own where it changes or runs something',
    async (name, row) => {
      const world = createWorld();
      const { input, ended } = await prepare(world, name);
      world.drafts.length = 0;
      const { status, body } = await ask(world, row, input, { principal: admin });
      expect(status).toBe(200);
      expect(compileOwnSchema(row.output)(body)).toEqual([]);
      await ended;
      const own = world.drafts.filter(({ kind }) => kind === 'admin');
      expect(own).toMatchObject(!leavesRecord(row) ? [] : [{ predicate: { operation: name, by: 'admin' } }]);
    },
  );

  test.each(table.filter(([, { isForPeople }]) => !isForPeople))(
    '%s is done for an agent that was granted its tool, as a call by the door admin',
    async (name, row) => {
      const world = createWorld();
      const { input, ended } = await prepare(world, name);
      const { status, body } = await ask(world, row, input, { principal: granted });
      expect(status).toBe(200);
      expect(compileOwnSchema(row.output)(body)).toEqual([]);
      await ended;
      expect(world.drafts.filter(({ kind }) => kind === 'admin')).toEqual([]);
      expect(world.drafts).toContainEqual(
        expect.objectContaining({
          predicate: expect.objectContaining({
            phase: 'outcome',
            agent: 'bea',
            door: 'admin',
            tool: expect.objectContaining({ name: `smcp__${name}` }),
          }),
        }),
      );
    },
  );

  test.each(table.filter(([, { isForPeople }]) => isForPeople))('%s is refused to such an agent', async (name, row) => {
    const world = createWorld();
    const { input } = await prepare(world, name);
    const thrown = await Promise.resolve(ask(world, row, input, { principal: granted })).catch((error) => error);
    expect(thrown).toMatchObject({ code: 'PERSON_NEEDED' });
    expect(ERRORS[(thrown as SmcpError).code].http).toBe(403);
  });

  test.each(table)('%s is denied to an agent without the grant, and that is recorded', async (name, row) => {
    const world = createWorld();
    const { input, ended } = await prepare(world, name);
    const before = world.drafts.length;
    await expect(ask(world, row, input, { principal: ungranted })).rejects.toMatchObject({
      code: 'DENIED',
      details: { rule: 'default-deny', remedy: expect.any(String) },
    });
    expect(world.drafts.slice(before)).toMatchObject([{ kind: 'invocation', predicate: { phase: 'denied' } }]);
    for (const { invocation } of world.services.dispatcher.calls()) world.services.dispatcher.cancel(invocation);
    await ended;
  });

  test.each(table)('%s is refused without anybody who asks', async (name, row) => {
    await expect(ask(createWorld(), row, (await prepare(createWorld(), 'none')).input, {})).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
    });
    expect(name).toBe(row.name);
  });
});

describe('what a request says', () => {
  test('is read from path, query and body, the path first', async () => {
    const world = createWorld();
    const tail = await ask(world, operation('log_tail'), {}, { principal: admin, query: { count: '1' } });
    expect(tail.body).toHaveLength(1);
    const token = await ask(
      world,
      operation('agent_token'),
      { name: 'ana' },
      { principal: admin, body: { name: 'bea' } },
    );
    expect(token.body).toMatchObject({ agent: 'ana' });
    for (const scope of [{ writes: 'true' }, { agent: 'ana' }]) {
      const lifted = await ask(world, operation('unfreeze'), {}, { principal: admin, query: scope });
      expect(lifted.body).toEqual({ lifted: [], freezes: [] });
    }
  });

  test.each([
    ['unfreeze', { query: { writes: 'yes' } }],
    ['log_tail', { query: { count: '1e3' } }],
    ['log_tail', { query: { colour: 'red' } }],
    ['freeze', { body: ['all'] }],
    ['freeze', { body: 'all' }],
    ['policy_apply', { body: null }],
  ])('that does not fit %s is refused, to an agent by a recorded call: %j', async (name, more) => {
    const world = createWorld();
    await expect(ask(world, operation(name), {}, { principal: admin, ...more })).rejects.toMatchObject({
      code: 'USAGE',
    });
    expect(world.drafts).toEqual([]);
    if (operation(name).isForPeople) return;
    await expect(ask(world, operation(name), {}, { principal: granted, ...more })).rejects.toMatchObject({
      code: 'ARGUMENTS_INVALID',
    });
    expect(world.drafts).toMatchObject([{ predicate: { phase: 'denied', agent: 'bea' } }]);
    expect(world.services.freezes.list()).toEqual([]);
  });

  test('ends a call that waits when its client goes away, or its token no longer stands for it', async () => {
    const world = createWorld();
    const gone = new AbortController();
    gone.abort(new Error('closed'));
    const goneAway = ask(world, operation('freeze'), {}, { principal: granted, signal: gone.signal });
    await expect(goneAway).rejects.toBeInstanceOf(SmcpError);
    const revoked = ask(world, operation('freeze'), {}, { principal: granted, mayStillAct: () => false });
    await expect(revoked).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(world.services.freezes.list()).toEqual([]);
  });
});
