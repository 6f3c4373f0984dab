// Calls that a person approves, on a running server: a real client of 2026-07-28, one of HTTP+SSE, and the command line.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectSse, connectStreamable, DOORS, errorOf } from './clients.ts';
import { startServer, type TestServer, temporaryFolder } from './server.ts';

type Request = { readonly id: string; readonly digest: string; readonly state: string; readonly shown: string | null };

const POLICY = `version: 1
agents:
  careful:
    grants:
      - id: echoes
        tools: ["demo_text__echo"]
        approval: { ttl: 1h }
      - id: at-once
        tools: ["demo_text__slugify"]
        approval: { ttl: 1h, wait: 0s }
      - tools: ["smcp__approvals*"]
  limited:
    grants:
      - id: once
        tools: ["demo_text__*"]
        limits: { calls: 1, per: 1h }
        approval: { ttl: 1h, wait: 0s }
  helper:
    grants:
      - tools: ["smcp__approvals*"]
  other:
    grants:
      - tools: ["demo_text__*"]
        approval: { ttl: 1h, wait: 0s }
`;

const folder = temporaryFolder();
let server: TestServer;
const tokens: { [agent: string]: string } = {};

const start = async () => {
  server = await startServer(join(folder.path, 'home'));
};
beforeAll(async () => {
  mkdirSync(join(folder.path, 'home'), { mode: 0o700 });
  writeFileSync(join(folder.path, 'home', 'policy.yaml'), POLICY, { mode: 0o600 });
  await start();
  for (const name of ['careful', 'helper', 'limited', 'other']) {
    tokens[name] = ((await server.json('agent', 'token', name)) as { token: string }).token;
  }
});
afterAll(async () => {
  await server.stop();
  folder.remove();
});

const tokenOf = (agent: string) => tokens[agent] ?? '';
const waiting = async () => ((await server.json('approvals')) as Request[]).filter(({ state }) => state === 'pending');
const theOne = async (): Promise<Request> => {
  await expect.poll(async () => (await waiting()).length).toBe(1);
  const [request] = await waiting();
  if (request === undefined) throw new Error('nothing waits');
  return request;
};
const rest = (path: string, token: string | undefined, body?: object) =>
  fetch(`${server.url}/admin/v1/approvals${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });

describe('a call that a person has to approve', () => {
  test.each(DOORS)('over %s runs once it is approved at the command line', async (name, connect) => {
    const client = await connect(server.url, tokenOf('careful'));
    expect(await client.listNames()).toContain('demo_text__echo');
    const call = client.call('demo_text__echo', { message: `by ${name} \u202e\u001b[2J` });
    const { id } = await theOne();
    const { code, stdout } = await server.smcp('approvals', 'approve', id);
    expect(code).toBe(0);
    expect(stdout).toContain(`"message": "by ${name} \\u202e\\u001b[2J"`);
    for (const hidden of ['\u202e', '\u001b']) expect(stdout).not.toContain(hidden);
    for (const line of ['careful  demo_text__echo', 'rule      echoes', 'could use nothing'])
      expect(stdout).toContain(line);
    expect(await call).not.toHaveProperty('isError', true);
    await client.close();
  });

  test('is denied with the words of the person', async () => {
    const client = await connectStreamable(server.url, tokenOf('careful'));
    const call = client.call('demo_text__echo', { message: 'to be denied' });
    const { id } = await theOne();
    expect((await server.smcp('approvals', 'deny', id, '--why', 'not today')).code).toBe(0);
    expect(errorOf(await call)).toMatchObject({ code: 'APPROVAL_DENIED', details: { id, why: 'not today' } });
    expect((await server.smcp('approvals', 'approve', id)).stderr).toContain('APPROVAL_DECIDED');
    expect(await server.json('approvals', '--all')).toContainEqual(
      expect.objectContaining({ id, state: 'denied', by: 'admin', why: 'not today', args: null }),
    );
    await client.close();
  });

  test('is told how it is approved, and the same call uses the approval after a restart', async () => {
    const ask = async (meta: object = {}) => {
      const client = await connectStreamable(server.url, tokenOf('careful'));
      const result = await client.call('demo_text__slugify', { title: 'A b' }, meta);
      await client.close();
      return result;
    };
    const told = errorOf(await ask());
    const { id } = told.details as { id: string };
    expect(told).toMatchObject({ code: 'APPROVAL_PENDING' });
    expect(JSON.stringify(told)).toContain(`smcp approvals approve ${id}`);
    await server.stop();
    await start();
    expect((await theOne()).id).toBe(id);
    expect((await server.smcp('approvals', 'approve', id)).code).toBe(0);
    expect(errorOf(await ask({ 'smcp/approval': 'f'.repeat(16) }))).toMatchObject({ code: 'APPROVAL_UNKNOWN' });
    expect(await ask({ 'smcp/approval': id })).not.toHaveProperty('isError', true);
    expect(errorOf(await ask({ 'smcp/approval': id }))).toMatchObject({ code: 'APPROVAL_USED' });
  });

  test('is one for `can`, which says so and exits with 1', async () => {
    const { code, stdout } = await server.smcp('can', 'careful', 'demo_text__echo', '--json');
    expect([code, JSON.parse(stdout)]).toEqual([1, expect.objectContaining({ decision: 'ask', rule: 'echoes' })]);
  });

  test('leaves a log that verifies, and in which a record says who approved what', async () => {
    expect((await server.smcp('log', 'verify')).code).toBe(0);
    const records = (await server.json('log', 'tail', '--count', '1000')) as {
      index: number;
      record: { predicateType: string };
    }[];
    const approvals = records.filter(({ record }) => record.predicateType === 'urn:smcp:approval:v1');
    expect(approvals.length).toBeGreaterThan(2);
    const shown = await server.json('log', 'show', String(approvals[0]?.index));
    expect(shown).toMatchObject({
      record: { predicate: { decision: 'approved', agent: 'careful', by: { kind: 'admin' } } },
      disclosed: { statement: { tool: { name: 'demo_text__echo' }, rule: { name: 'echoes' } } },
    });
  });
});

describe('a call that is approved and over a limit', () => {
  test('does not run, and its approval is not used up', async () => {
    const client = await connectStreamable(server.url, tokenOf('limited'));
    const ask = (title: string) => client.call('demo_text__slugify', { title });
    const asked = [errorOf(await ask('one')), errorOf(await ask('two'))].map(
      ({ details }) => (details as { id: string }).id,
    );
    expect(await server.json('status')).toMatchObject({ approvalsPending: 2 });
    for (const id of asked) expect((await server.smcp('approvals', 'approve', id)).code).toBe(0);
    expect(await ask('one')).not.toHaveProperty('isError', true);
    expect(errorOf(await ask('two'))).toMatchObject({ code: 'RATE_LIMITED' });
    const states = await Promise.all(
      asked.map(async (id) => ((await server.json('approvals', 'show', id)) as Request).state),
    );
    expect(states).toEqual(['used', 'approved']);
    // What a limit refuses asks nobody.
    expect(errorOf(await ask('three'))).toMatchObject({ code: 'RATE_LIMITED' });
    expect(await server.json('status')).toMatchObject({ approvalsPending: 0 });
    await client.close();
  });
});

describe('who may approve', () => {
  /** A call of `agent` that waits, and its request. */
  const asked = async (agent: string, text: string) => {
    const client = await connectStreamable(server.url, tokenOf(agent));
    const error = errorOf(await client.call('demo_text__slugify', { title: text }));
    await client.close();
    const { id } = error.details as { id: string };
    return (await server.json('approvals', 'show', id)) as Request;
  };

  test('is nobody without a token, and no agent without the grant', async () => {
    const { id, digest } = await asked('careful', 'first');
    expect((await rest(`/${id}/approve`, undefined, { digest })).status).toBe(401);
    expect((await rest(`/${id}/approve`, 'smcp_nonsense', { digest })).status).toBe(401);
    expect((await rest(`/${id}/approve`, tokenOf('other'), { digest })).status).toBe(403);
    expect((await rest('', tokenOf('other'))).status).toBe(403);
    expect((await server.smcp('approvals', 'deny', id)).code).toBe(0);
  });

  test('is no agent for a call of its own, by REST or as a tool on any door', async () => {
    const { id, digest } = await asked('careful', 'second');
    const own = await rest(`/${id}/approve`, tokenOf('careful'), { digest });
    expect([own.status, await own.json()]).toEqual([403, { error: expect.objectContaining({ code: 'APPROVAL_OWN' }) }]);
    for (const [, connect] of DOORS) {
      const client = await connect(server.url, tokenOf('careful'));
      expect(errorOf(await client.call('smcp__approvals_approve', { id, digest }))).toMatchObject({
        code: 'APPROVAL_OWN',
      });
      expect(errorOf(await client.call('smcp__approvals_deny', { id }))).toMatchObject({ code: 'APPROVAL_OWN' });
      await client.close();
    }
    expect(((await server.json('approvals', 'show', id)) as Request).state).toBe('pending');
  });

  test('is no agent for a call of one that may approve calls itself: two could do it in turn', async () => {
    const { id, digest } = await asked('careful', 'in turn');
    const helped = await rest(`/${id}/approve`, tokenOf('helper'), { digest });
    const refused = { error: expect.objectContaining({ code: 'APPROVAL_NEEDS_PERSON' }) };
    expect([helped.status, await helped.json()]).toEqual([403, refused]);
    const control = await asked('other', 'of one that may not');
    const approved = await rest(`/${control.id}/approve`, tokenOf('helper'), { digest: control.digest });
    expect(await approved.json()).toMatchObject({ state: 'approved', by: 'helper' });
    expect((await server.smcp('approvals', 'approve', id)).code).toBe(0);
  });

  test('says the digest of what was seen; without one, or with another, nothing is approved', async () => {
    const { id, digest } = await asked('careful', 'third');
    const admin = readFileSync(join(folder.path, 'home', 'admin.token'), 'utf8').trim();
    expect((await rest(`/${id}/approve`, admin, {})).status).toBe(400);
    const other = `sha256:${'0'.repeat(64)}`;
    expect(await (await rest(`/${id}/approve`, admin, { digest: other })).json()).toMatchObject({
      error: { code: 'APPROVAL_MISMATCH' },
    });
    expect((await server.smcp('approvals', 'approve', id, '--digest', other)).code).toBe(1);
    expect((await server.smcp('approvals', 'approve', id, '--digest', digest)).code).toBe(0);
  });

  test('is told whose call it is: an id of another agent opens nothing', async () => {
    const { id } = await asked('careful', 'fourth');
    const client = await connectSse(server.url, tokenOf('other'));
    expect(
      errorOf(await client.call('demo_text__slugify', { title: 'fourth' }, { 'smcp/approval': id })),
    ).toMatchObject({
      code: 'APPROVAL_UNKNOWN',
    });
    await client.close();
  });
});
