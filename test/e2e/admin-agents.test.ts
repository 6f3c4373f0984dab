// What agents may administer on a running server, by REST, as tools on every door, and at the command line.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OPERATIONS } from '#operations/table.ts';
import { type AdminWorld, INPUT, NARROWER, POLICY, startAdminWorld, WIDER } from './admin-world.ts';
import { connectStreamable, DOORS, errorOf } from './clients.ts';
import { smcp } from './server.ts';

let world: AdminWorld;

beforeAll(async () => {
  world = await startAdminWorld();
});

afterAll(() => world.end());

const clientOf = (agent: string) => world.clientWith(world.tokens[agent] ?? '');

describe('an agent that was granted smcp__*', () => {
  test.each(
    OPERATIONS.filter(({ effect, isForPeople }) => effect === 'read' && !isForPeople).map(({ name }) => [name]),
  )('asks %s by REST, and the call is recorded', async (name) => {
    const ops = await clientOf('ops');
    const before = await world.entries();
    expect((await ops.call(name, { ...world.inputOf(name) })).status).toBe(200);
    expect(await world.entries()).toBe(before + 2);
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
        const client = await connect(world.server().url, world.tokens['ops'] ?? '');
        expect(errorOf(await client.call(`smcp__${name}`, input))).toMatchObject({ code: 'PERSON_NEEDED' });
        await client.close();
      }
    },
  );

  test("can not raise anybody's rights, but take them away", async () => {
    const ops = await clientOf('ops');
    const version = ((await world.admin().call('policy_show')).data as { version: number }).version;
    const widens = { status: 403, data: { error: { code: 'POLICY_WIDENS' } } };
    expect(await ops.call('policy_apply', { text: WIDER })).toMatchObject(widens);
    expect(await ops.call('policy_apply', { text: POLICY.replace('"smcp__*"', '"*", "smcp__*"') })).toMatchObject(
      widens,
    );
    expect((await ops.call('policy_apply', { text: NARROWER })).status).toBe(200);
    expect(await ops.call('policy_rollback', { version })).toMatchObject(widens);
    expect((await world.admin().call('policy_rollback', { version })).status).toBe(200);
    expect((await world.admin().call('policy_show')).data).toMatchObject({ version: version + 2 });
  });

  test('is shown its tools on every door, without those left to people', async () => {
    for (const [, connect] of DOORS) {
      const client = await connect(world.server().url, world.tokens['ops'] ?? '');
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
    await world.restart();
    expect(await world.server().json('status')).toMatchObject({ freezes: [{ scope: 'all', by: 'ops' }] });
    expect(
      await world.server().smcp('call', 'demo_text__echo', '--agent', 'demo', '--args', '{"message":"x"}'),
    ).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('FROZEN'),
    });
    expect(await world.server().smcp('can', 'demo', 'demo_text__echo')).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('frozen'),
    });
    expect(await world.server().smcp('unfreeze')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('lifted: everything'),
    });
    expect((await world.server().smcp('can', 'demo', 'demo_text__echo')).code).toBe(0);
  });
});

describe('an agent that was granted *', () => {
  test.each(OPERATIONS.map(({ name }) => [name]))('is denied %s by REST, and that is recorded', async (name) => {
    const star = await clientOf('star');
    const before = await world.entries();
    expect(await star.call(name, { ...INPUT[name] })).toMatchObject({
      status: 403,
      data: { error: { code: 'DENIED', details: { rule: 'default-deny' } } },
    });
    expect(await world.entries()).toBe(before + 1);
  });

  test('sees no admin tool and is denied each as a tool', async () => {
    const client = await connectStreamable(world.server().url, world.tokens['star'] ?? '');
    expect((await client.listNames()).filter((name) => name.startsWith('smcp__'))).toEqual([]);
    for (const { name } of OPERATIONS) {
      expect([name, errorOf(await client.call(`smcp__${name}`, { ...INPUT[name] }))]).toEqual([
        name,
        expect.objectContaining({ code: 'DENIED' }),
      ]);
    }
    await client.close();
    expect((await world.admin().call('status')).data).toMatchObject({ freezes: [], plugins: { disabled: 0 } });
  });
});

describe('what describes the API', () => {
  test.each(['/openapi.json', '/docs'])('%s is for administrators', async (path) => {
    const get = async (token?: string) =>
      (await fetch(`${world.server().url}${path}`, token === undefined ? {} : { headers: { 'x-api-key': token } }))
        .status;
    expect([await get(), await get(world.tokens['ops']), await get(world.adminToken)]).toEqual([401, 403, 200]);
  });

  test('the page is HTML, and the command saves it', async () => {
    const response = await fetch(`${world.server().url}/docs`, { headers: { 'x-api-key': world.adminToken } });
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    const out = join(world.folder, 'docs.html');
    expect((await world.server().smcp('docs', '--out', out)).code).toBe(0);
    expect(readFileSync(out, 'utf8')).toBe(await response.text());
  });
});

describe('an agent at the command line', () => {
  test('administers with its token as far as it was granted, and is refused beyond', async () => {
    const env = { SMCP_URL: world.server().url, SMCP_TOKEN: world.tokens['ops'] ?? '' };
    expect((await smcp(['status'], env)).code).toBe(0);
    expect(await smcp(['agent', 'token', 'demo'], env)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('PERSON_NEEDED'),
    });
    expect(await smcp(['status'], { ...env, SMCP_TOKEN: world.tokens['star'] ?? '' })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('DENIED'),
    });
  });

  test('gets a proof that anyone can verify with the key alone', async () => {
    const out = join(world.folder, 'proof.json');
    const key = join(world.folder, 'log.vkey');
    const vkey = await fetch(`${world.server().url}/log/vkey`, { headers: { 'x-api-key': world.adminToken } });
    writeFileSync(key, await vkey.text());
    expect((await world.server().smcp('log', 'prove', '3', '--out', out)).code).toBe(0);
    expect(await smcp(['log', 'verify', out, '--key', key, '--json'])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('"trust":"pinned"'),
    });
    expect((await world.server().smcp('log', 'prove', '3', '--out', out)).code).toBe(2);
  });
});
