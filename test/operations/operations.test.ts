import { describe, expect, test } from 'vitest';
import { openApiDocument } from '#admin/openapi.ts';
import { adminRoutes } from '#admin/routes.ts';
import { systemClock } from '#base/clock.ts';
import { sha256 } from '#base/digest.ts';
import { SmcpError } from '#base/errors.ts';
import type { JsonObject } from '#base/json.ts';
import { compileOwnSchema } from '#base/schema.ts';
import type { AgentName, TokenRow } from '#domain/agent.ts';
import type { HttpRequest } from '#domain/ports.ts';
import type { RecordDraft } from '#domain/record.ts';
import type { Services } from '#operations/operation.ts';
import { createOperationRunner } from '#operations/runner.ts';
import { OPERATIONS } from '#operations/table.ts';

const ref = { version: 1, digest: sha256('policy') };

/** Services over a policy with one agent, `ana`; every draft is kept. */
function createServices() {
  const rows: TokenRow[] = [];
  const drafts: RecordDraft[] = [];
  const did: string[] = [];
  const services: Services = {
    tokens: {
      authenticate: () => undefined,
      issue: (agent, { expiresInMs }) => {
        did.push('issue');
        rows.push({
          id: 'id1',
          agent,
          secretHash: '',
          createdMs: 0,
          ...(expiresInMs === undefined ? {} : { expiresMs: expiresInMs }),
        });
        return { id: 'id1', agent, token: 'smcp_x', ...(expiresInMs === undefined ? {} : { expiresMs: expiresInMs }) };
      },
      list: () => rows,
      revoke: () => {
        throw new SmcpError('TOKEN_UNKNOWN', 'no token has this id');
      },
    },
    policy: {
      decide: () => ({ kind: 'deny', rule: 'default-deny', reason: 'no grant', remedy: 'add one', policy: ref }),
      mayCall: () => false,
      current: () => ref,
      show: () => ({ text: 'version: 1\n', policy: ref, file: '/home/policy.yaml' }),
      agents: () => ['ana' as AgentName],
      reload: async () => ref,
      addAgent: async () => ref,
    },
    catalog: { tool: () => undefined, tools: () => [], reports: () => [] },
    dispatcher: {
      call: () => Promise.reject(new Error('not used')),
      status: () => ({ lanes: [{ name: 'main', waiting: 0, running: 0 }], callsTotal: 0 }),
      drain: async () => {},
    },
    log: {
      append: async (draft) => {
        drafts.push(draft);
        did.push('record');
        return { index: 0, leaf: '' };
      },
      size: () => 1,
      record: (index) =>
        index === 0
          ? {
              index,
              envelope: JSON.stringify({ payload: Buffer.from('{"predicate":{}}').toString('base64') }),
              leaf: 'l',
              invocation: '',
              disclosed: {},
            }
          : undefined,
      findInvocation: () => [],
      checkpoint: () => undefined,
      vkey: () => 'v',
      keys: () => [],
      tile: () => undefined,
    },
    layers: () => [],
    clock: systemClock,
    server: { version: '1', startedMs: 0, isReady: () => true },
  };
  return { services, drafts, did };
}

const operation = (name: string) => {
  const found = OPERATIONS.find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(name);
  return found;
};

type OpenApiEntry = { operationId: string; parameters: { name: string; in: string }[] };

const GOOD_INPUT: { readonly [name: string]: JsonObject } = {
  agent_add: { name: 'bea' },
  agent_token: { name: 'ana', expires: '30d' },
  can: { agent: 'ana', tool: 'x__y' },
  log_show: { id: '0' },
};

describe('the table of operations', () => {
  test('has names, commands and routes that are each there once', () => {
    for (const key of [
      OPERATIONS.map(({ name }) => name),
      OPERATIONS.flatMap(({ command }) => (command === undefined ? [] : [command.join(' ')])),
      OPERATIONS.map(({ method, path }) => `${method} ${path}`),
    ]) {
      expect(new Set(key).size).toBe(key.length);
    }
  });

  test('asks for every path parameter and position in its input', () => {
    for (const { input, path, positional } of OPERATIONS) {
      const names = Object.keys(input['properties'] as object);
      const inPath = [...path.matchAll(/:([a-z]+)/g)].map((match) => match[1]);
      expect(names).toEqual(expect.arrayContaining([...inPath, ...positional]));
      expect(input['required']).toEqual(expect.arrayContaining(inPath));
    }
  });

  test.each(OPERATIONS.filter(({ name }) => name !== 'agent_revoke').map(({ name }) => [name]))(
    '%s answers as its output schema says',
    async (name) => {
      const { services } = createServices();
      const answer = await createOperationRunner(services)(operation(name), GOOD_INPUT[name] ?? {}, { by: 'admin' });
      expect(compileOwnSchema(operation(name).output)(answer)).toEqual([]);
    },
  );
});

describe('carrying an operation out', () => {
  test('writes the record of a change before the change, with who and to what, and no secret', async () => {
    const { services, drafts, did } = createServices();
    await createOperationRunner(services)(operation('agent_token'), { name: 'ana' }, { by: 'admin' });
    expect(did).toEqual(['record', 'issue']);
    expect(drafts).toMatchObject([
      { kind: 'admin', predicate: { operation: 'agent_token', subject: 'ana', by: 'admin' } },
    ]);
    expect(JSON.stringify(drafts)).not.toContain('smcp_x');
  });

  test('changes nothing when that record can not be written', async () => {
    const { services, did } = createServices();
    const full = {
      ...services,
      log: { ...services.log, append: () => Promise.reject(new SmcpError('LOG_UNAVAILABLE', 'full')) },
    };
    await expect(
      createOperationRunner(full)(operation('agent_token'), { name: 'ana' }, { by: 'admin' }),
    ).rejects.toMatchObject({
      code: 'LOG_UNAVAILABLE',
    });
    expect(did).toEqual([]);
  });

  test('records nothing for a change that can not be', async () => {
    const { services, drafts } = createServices();
    const run = createOperationRunner(services);
    await expect(run(operation('agent_revoke'), { id: 'x' }, { by: 'admin' })).rejects.toMatchObject({
      code: 'TOKEN_UNKNOWN',
    });
    await expect(run(operation('agent_add'), { name: 'ana' }, { by: 'admin' })).rejects.toMatchObject({
      code: 'AGENT_EXISTS',
    });
    expect(drafts).toEqual([]);
  });

  test('records again, with the code, what could not be done after all', async () => {
    const { services, drafts } = createServices();
    const addAgent = () => Promise.reject(new SmcpError('POLICY_INVALID', 'line 3'));
    const run = createOperationRunner({ ...services, policy: { ...services.policy, addAgent } });
    await expect(run(operation('agent_add'), { name: 'zeus' }, { by: 'admin' })).rejects.toMatchObject({
      code: 'POLICY_INVALID',
    });
    expect(drafts.map(({ predicate }) => ('failed' in predicate ? predicate.failed : undefined))).toEqual([
      undefined,
      'POLICY_INVALID',
    ]);
  });

  test('records nothing for a look', async () => {
    const { services, drafts } = createServices();
    await createOperationRunner(services)(operation('status'), {}, { by: 'admin' });
    expect(drafts).toEqual([]);
  });

  test.each([
    ['agent_token', { name: 'ana', expires: 'soon' }, 'USAGE'],
    ['agent_token', { name: 'ana', colour: 'red' }, 'USAGE'],
    ['agent_token', { name: 'nobody' }, 'AGENT_UNKNOWN'],
    ['agent_token', { name: 'Not A Name' }, 'USAGE'],
    ['agent_token', 'ana', 'USAGE'],
    ['agent_revoke', { id: 'x' }, 'TOKEN_UNKNOWN'],
    ['can', { agent: 'ana', tool: 'x', args: [] }, 'USAGE'],
    ['log_show', { id: '7' }, 'RECORD_UNKNOWN'],
    ['log_show', { id: '01' }, 'RECORD_UNKNOWN'],
    ['log_tail', { count: 0 }, 'USAGE'],
  ])('%s with %j is refused as %s', async (name, input, code) => {
    const { services } = createServices();
    await expect(createOperationRunner(services)(operation(name), input, { by: 'admin' })).rejects.toMatchObject({
      code,
    });
  });
});

describe('the admin API', () => {
  const routes = () => adminRoutes(OPERATIONS, createOperationRunner(createServices().services), '1.0.0');
  const request = (more: Partial<HttpRequest>): HttpRequest => ({
    principal: { kind: 'admin', tokenId: 'admin' },
    params: {},
    query: {},
    body: undefined,
    ...more,
  });

  test('has every operation as a route for admins only', () => {
    expect(routes().every(({ access }) => access === 'admin')).toBe(true);
    expect(routes().map(({ method, path }) => `${method} ${path}`)).toEqual([
      ...OPERATIONS.map(({ method, path }) => `${method} /admin/v1${path}`),
      'GET /openapi.json',
    ]);
  });

  test('reads numbers of a query, and takes the path before the body', async () => {
    const find = (path: string, method = 'GET') =>
      routes().find((route) => route.path === path && route.method === method);
    const tail = await find('/admin/v1/log/records')?.handle(request({ query: { count: '1' } }));
    expect(tail?.body).toHaveLength(1);
    const token = await find('/admin/v1/agents/:name/tokens', 'POST')?.handle(
      request({ params: { name: 'ana' }, body: { name: 'bea' } }),
    );
    expect(token?.body).toMatchObject({ agent: 'ana' });
  });

  test('describes each operation in OpenAPI, with its path parameters', async () => {
    const document = openApiDocument(OPERATIONS, { prefix: '/admin/v1', version: '1.0.0' });
    const paths = document['paths'] as { [path: string]: { [method: string]: OpenApiEntry } };
    for (const { name, method, path } of OPERATIONS) {
      const entry = paths[`/admin/v1${path.replace(/:([a-z]+)/g, '{$1}')}`]?.[method.toLowerCase()];
      expect(entry?.operationId).toBe(name);
      const inPath = entry?.parameters.filter((one) => one.in === 'path').map((one) => `:${one.name}`);
      expect(inPath).toEqual([...path.matchAll(/:[a-z]+/g)].map(String));
    }
  });
});
