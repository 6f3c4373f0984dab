// Administration of a running server: by a client generated from its OpenAPI document, by an agent that was granted it, by
// one that was granted `*`, and by the command line.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compileOwnSchema } from '#base/schema.ts';
import { OPERATIONS } from '#operations/table.ts';
import { type GeneratedAnswer, type GeneratedClient, generateClient } from './admin-client.ts';
import { connectStreamable, DOORS, errorOf } from './clients.ts';
import { smcp, startServer, type TestServer, temporaryFolder } from './server.ts';

const POLICY = `# mine
version: 1
agents:
  demo:
    grants:
      - tools: ["demo_text__*"]
  ops:
    grants:
      - tools: ["smcp__*"]
  star:
    grants:
      - tools: ["*"]
`;
/** Under which demo may do less, and more. */
const NARROWER = POLICY.replace('demo_text__*', 'demo_text__echo');
const WIDER = POLICY.replace('demo_text__*', 'demo_*');

const folder = temporaryFolder();
const home = join(folder.path, 'home');
let server: TestServer;
let admin: GeneratedClient;
let tokens: { readonly [agent: string]: string };

beforeAll(async () => {
  mkdirSync(home, { mode: 0o700 });
  writeFileSync(join(home, 'policy.yaml'), POLICY, { mode: 0o600 });
  server = await startServer(home);
  const issued = ['demo', 'ops', 'star'].map((name) => server.json('agent', 'token', name));
  const all = (await Promise.all(issued)) as { agent: string; token: string }[];
  tokens = Object.fromEntries(all.map(({ agent, token }) => [agent, token]));
  admin = await generateClient(server.url, adminToken());
});

afterAll(async () => {
  await server.stop();
  folder.remove();
});

const adminToken = () => readFileSync(join(home, 'admin.token'), 'utf8').trim();

async function documentOf(): Promise<object> {
  const headers = { authorization: `Bearer ${adminToken()}` };
  return (await (await fetch(`${server.url}/openapi.json`, { headers })).json()) as object;
}

const clientOf = async (agent: string) => generateClient(server.url, tokens[agent] ?? '', await documentOf());
const entries = async () => ((await admin.call('status')).data as { log: { entries: number } }).log.entries;

/** A call of demo that waits, since the lane is paused; its answer comes when it is ended. */
async function startWaitingCall() {
  const client = await connectStreamable(server.url, tokens['demo'] ?? '');
  const answer = client.call('demo_text__echo', { message: 'x' }).finally(() => client.close());
  await expect.poll(async () => (await callsNow()).length, { timeout: 20_000 }).toBe(1);
  return { answer, id: (await callsNow())[0]?.invocation ?? '' };
}

async function callsNow() {
  return ((await admin.call('queue')).data as { calls: { invocation: string }[] }).calls;
}

/** Input of operations that need some. */
const INPUT: { readonly [operation: string]: object } = {
  can: { agent: 'demo', tool: 'demo_text__echo', args: { message: 'x' } },
  agent_add: { name: 'zoe' },
  agent_token: { name: 'zoe', expires: '1h' },
  agent_revoke: { id: 'nothing' },
  policy_rollback: { version: 1 },
  policy_show: { version: 1 },
  plugin_disable: { name: 'demo_math' },
  plugin_enable: { name: 'demo_math' },
  queue_cancel: { id: 'nothing' },
  log_show: { id: '0' },
  log_prove: { id: '0' },
  log_tail: { count: 2 },
};

describe('a client generated from /openapi.json', () => {
  const done = new Map<string, GeneratedAnswer>();
  const act = async (operation: string, input: object = INPUT[operation] ?? {}) => {
    const answer = await admin.call(operation, { ...input });
    expect([operation, answer.status, answer.data]).toEqual([operation, 200, expect.anything()]);
    const row = OPERATIONS.find(({ name }) => name === operation);
    expect([operation, compileOwnSchema(row?.output ?? {})(answer.data)]).toEqual([operation, []]);
    done.set(operation, answer);
    return answer.data;
  };

  test('asks what there is', async () => {
    for (const name of [
      'status',
      'agent_list',
      'plugin_list',
      'policy_show',
      'policy_history',
      'log_tail',
      'log_keys',
    ]) {
      await act(name);
    }
    for (const name of ['log_show', 'log_prove', 'can']) await act(name);
    expect(await act('can')).toMatchObject({ decision: 'allow' });
  });

  test('adds an agent, gives it a token and takes it away', async () => {
    await act('agent_add');
    const { id, token } = (await act('agent_token')) as { id: string; token: string };
    expect((await (await generateClient(server.url, token, await documentOf())).call('status')).status).toBe(403);
    await act('agent_revoke', { id });
    expect((await (await generateClient(server.url, token, await documentOf())).call('status')).status).toBe(401);
  });

  test('compares, applies and goes back to a policy', async () => {
    const before = (await act('policy_show', {})) as { version: number; text: string };
    const diff = (await act('policy_diff', { text: WIDER })) as { widenings: string[]; text: string };
    expect(diff.text).toContain('+      - tools: ["demo_*"]');
    expect(diff.widenings.length).toBeGreaterThan(0);
    expect(await act('policy_apply', { text: NARROWER })).toMatchObject({ version: before.version + 1 });
    expect(await act('can', { agent: 'demo', tool: 'demo_text__slugify' })).toMatchObject({ decision: 'deny' });
    await act('policy_rollback', { version: before.version });
    expect(await act('can', { agent: 'demo', tool: 'demo_text__slugify' })).toMatchObject({ decision: 'allow' });
    expect(await act('policy_show', {})).toMatchObject({ text: before.text });
  });

  test('pauses the lane, ends calls that wait, and lets it go on', async () => {
    await act('queue_pause');
    const first = await startWaitingCall();
    await act('queue_cancel', { id: first.id });
    expect(errorOf(await first.answer)).toMatchObject({ code: 'CANCELLED' });
    const second = await startWaitingCall();
    expect(await act('queue')).toMatchObject({ lanes: [{ isPaused: true }, {}] });
    expect(await act('queue_flush', { agent: 'demo' })).toEqual({ ended: 1 });
    expect(errorOf(await second.answer)).toMatchObject({ code: 'CANCELLED' });
    await act('queue_resume');
  });

  test('freezes and unfreezes', async () => {
    expect(await act('freeze', { agent: 'demo' })).toMatchObject({ scope: 'agent', name: 'demo', by: 'admin' });
    expect(await act('can')).toMatchObject({ decision: 'deny', rule: 'frozen' });
    expect(await act('unfreeze', { agent: 'demo' })).toMatchObject({ lifted: [{ name: 'demo' }], freezes: [] });
  });

  test('switches a plugin off and on, and looks for plugins again', async () => {
    expect(await act('plugin_disable')).toMatchObject({ state: 'disabled' });
    expect(await act('plugin_enable')).toMatchObject({ state: 'ready' });
    await act('plugin_reload');
  });

  test('has then done every operation there is, and the document has no other', () => {
    expect([...done.keys()].toSorted()).toEqual(OPERATIONS.map(({ name }) => name).toSorted());
    expect(admin.operations.toSorted()).toEqual(OPERATIONS.map(({ name }) => name).toSorted());
  });

  test('gets an error as the document describes it', async () => {
    const { status, data } = await admin.call('queue_cancel', { id: 'nothing' });
    expect([status, data]).toEqual([
      404,
      { error: { code: 'CALL_UNKNOWN', message: expect.any(String), details: { remedy: expect.any(String) } } },
    ]);
  });
});

describe('an agent that was granted smcp__*', () => {
  test.each(
    OPERATIONS.filter(({ effect, isForPeople }) => effect === 'read' && !isForPeople).map(({ name }) => [name]),
  )('asks %s by REST, and the call is recorded', async (name) => {
    const ops = await clientOf('ops');
    const before = await entries();
    expect((await ops.call(name, { ...INPUT[name] })).status).toBe(200);
    expect(await entries()).toBe(before + 2);
  });

  test.each(OPERATIONS.filter(({ isForPeople }) => isForPeople).map(({ name }) => [name]))(
    'is refused %s by REST and as a tool: it takes a person',
    async (name) => {
      const input = { ...(name === 'agent_token' ? { name: 'demo' } : INPUT[name]) };
      expect(await (await clientOf('ops')).call(name, input)).toMatchObject({
        status: 403,
        data: { error: { code: 'PERSON_NEEDED' } },
      });
      for (const [, connect] of DOORS) {
        const client = await connect(server.url, tokens['ops'] ?? '');
        expect(errorOf(await client.call(`smcp__${name}`, input))).toMatchObject({ code: 'PERSON_NEEDED' });
        await client.close();
      }
    },
  );

  test("can not raise anybody's rights, but take them away", async () => {
    const ops = await clientOf('ops');
    const version = ((await admin.call('policy_show')).data as { version: number }).version;
    const widens = { status: 403, data: { error: { code: 'POLICY_WIDENS' } } };
    expect(await ops.call('policy_apply', { text: WIDER })).toMatchObject(widens);
    expect(await ops.call('policy_apply', { text: POLICY.replace('"smcp__*"', '"*", "smcp__*"') })).toMatchObject(
      widens,
    );
    expect((await ops.call('policy_apply', { text: NARROWER })).status).toBe(200);
    expect(await ops.call('policy_rollback', { version })).toMatchObject(widens);
    expect((await admin.call('policy_rollback', { version })).status).toBe(200);
    expect((await admin.call('policy_show')).data).toMatchObject({ version: version + 2 });
  });

  test('is shown its tools on every door, without those left to people', async () => {
    for (const [, connect] of DOORS) {
      const client = await connect(server.url, tokens['ops'] ?? '');
      const own = OPERATIONS.filter(({ isForPeople }) => !isForPeople).map(({ name }) => `smcp__${name}`);
      expect(await client.listNames()).toEqual(own.toSorted());
      const result = await client.call('smcp__status');
      expect(result.structuredContent).toMatchObject({ ready: true });
      await client.close();
    }
  });

  test('can freeze everything, itself included; only a person lifts it, and it outlives the server', async () => {
    const ops = await clientOf('ops');
    expect((await ops.call('freeze')).status).toBe(200);
    expect(await ops.call('status')).toMatchObject({ status: 403, data: { error: { code: 'FROZEN' } } });
    await server.stop();
    server = await startServer(home);
    expect(await server.json('status')).toMatchObject({ freezes: [{ scope: 'all', by: 'ops' }] });
    expect(await server.smcp('call', 'demo_text__echo', '--agent', 'demo', '--args', '{"message":"x"}')).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('FROZEN'),
    });
    expect(await server.smcp('can', 'demo', 'demo_text__echo')).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('frozen'),
    });
    expect(await server.smcp('unfreeze')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('lifted: everything'),
    });
    expect((await server.smcp('can', 'demo', 'demo_text__echo')).code).toBe(0);
    admin = await generateClient(server.url, adminToken());
  });
});

describe('an agent that was granted *', () => {
  test.each(OPERATIONS.map(({ name }) => [name]))('is denied %s by REST, and that is recorded', async (name) => {
    const star = await clientOf('star');
    const before = await entries();
    expect(await star.call(name, { ...INPUT[name] })).toMatchObject({
      status: 403,
      data: { error: { code: 'DENIED', details: { rule: 'default-deny' } } },
    });
    expect(await entries()).toBe(before + 1);
  });

  test('sees no admin tool and is denied each as a tool', async () => {
    const client = await connectStreamable(server.url, tokens['star'] ?? '');
    expect((await client.listNames()).filter((name) => name.startsWith('smcp__'))).toEqual([]);
    for (const { name } of OPERATIONS) {
      expect([name, errorOf(await client.call(`smcp__${name}`, { ...INPUT[name] }))]).toEqual([
        name,
        expect.objectContaining({ code: 'DENIED' }),
      ]);
    }
    await client.close();
    expect((await admin.call('status')).data).toMatchObject({ freezes: [], plugins: { disabled: 0 } });
  });
});

describe('what describes the API', () => {
  test.each(['/openapi.json', '/docs'])('%s is for administrators', async (path) => {
    const get = async (token?: string) =>
      (await fetch(`${server.url}${path}`, token === undefined ? {} : { headers: { 'x-api-key': token } })).status;
    expect([await get(), await get(tokens['ops']), await get(adminToken())]).toEqual([401, 403, 200]);
  });

  test('the page is HTML, and the command saves it', async () => {
    const response = await fetch(`${server.url}/docs`, { headers: { 'x-api-key': adminToken() } });
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    const out = join(folder.path, 'docs.html');
    expect((await server.smcp('docs', '--out', out)).code).toBe(0);
    expect(readFileSync(out, 'utf8')).toBe(await response.text());
  });
});

describe('an agent at the command line', () => {
  test('administers with its token as far as it was granted, and is refused beyond', async () => {
    const env = { SMCP_URL: server.url, SMCP_TOKEN: tokens['ops'] ?? '' };
    expect((await smcp(['status'], env)).code).toBe(0);
    expect(await smcp(['agent', 'token', 'demo'], env)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('PERSON_NEEDED'),
    });
    expect(await smcp(['status'], { ...env, SMCP_TOKEN: tokens['star'] ?? '' })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('DENIED'),
    });
  });

  test('gets a proof that anyone can verify with the key alone', async () => {
    const out = join(folder.path, 'proof.json');
    const key = join(folder.path, 'log.vkey');
    const vkey = await fetch(`${server.url}/log/vkey`, { headers: { 'x-api-key': adminToken() } });
    writeFileSync(key, await vkey.text());
    expect((await server.smcp('log', 'prove', '3', '--out', out)).code).toBe(0);
    expect(await smcp(['log', 'verify', out, '--key', key, '--json'])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('"trust":"pinned"'),
    });
    expect((await server.smcp('log', 'prove', '3', '--out', out)).code).toBe(2);
  });
});
