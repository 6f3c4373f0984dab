// An agent that was granted operations reads by them what others sent and were answered: then it has seen what those have.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { OPERATIONS } from '#operations/table.ts';
import { askFor, INPUT, NARROWER } from './admin-world.ts';
import { connectStreamable } from './clients.ts';
import { startServer, type TestServer, temporaryFolder } from './server.ts';

const SENT = 'what-another-agent-sent';
const POLICY = `version: 1
labels:
  - { tools: ["demo_text__*"], carries: [private] }
agents:
  demo: { grants: [{ tools: ["demo_text__*"] }] }
  careful: { grants: [{ tools: ["demo_text__*"], approval: { ttl: 1h, wait: 0s } }] }
  spy: { grants: [{ tools: ["smcp__*"] }] }
`;

const folder = temporaryFolder();
let server: TestServer;
let spy: Awaited<ReturnType<typeof connectStreamable>>;
const inputs: { [operation: string]: object } = {
  ...{ ...INPUT, policy_simulate: { text: NARROWER }, log_tail: { count: 50 } },
};

const tokenOf = async (name: string) => ((await server.json('agent', 'token', name)) as { token: string }).token;
const seenBySpy = async () =>
  ((await server.json('labels', 'list', '--agent', 'spy')) as { label: string }[]).map(({ label }) => label);

beforeAll(async () => {
  const home = join(folder.path, 'home');
  mkdirSync(home, { mode: 0o700 });
  writeFileSync(join(home, 'policy.yaml'), POLICY, { mode: 0o600 });
  server = await startServer(home);
  const demo = await connectStreamable(server.url, await tokenOf('demo'));
  const result = await demo.call('demo_text__echo', { message: SENT });
  await demo.close();
  const receipt = result._meta?.['smcp/receipt'] as { readonly invocation: string } | undefined;
  const id = receipt?.invocation;
  for (const name of ['log_show', 'log_prove', 'log_disclose', 'log_replay']) inputs[name] = { id };
  const careful = await tokenOf('careful');
  for (const name of ['approvals_deny', 'approvals_approve']) {
    const { id } = await askFor(server.url, careful, `${SENT} ${name}`);
    const { digest } = (await server.json('approvals', 'show', id)) as { digest: string };
    inputs[name] = name === 'approvals_deny' ? { id } : { id, digest };
    inputs['approvals_show'] = { id };
  }
  spy = await connectStreamable(server.url, await tokenOf('spy'));
});
afterAll(async () => {
  await spy.close();
  await server.stop();
  folder.remove();
});

/** What stops or decides something comes last. */
const LAST = ['approvals_approve', 'approvals_deny', 'queue_pause', 'queue_flush', 'freeze'];
const ASKED = OPERATIONS.filter(({ isForPeople, name }) => isForPeople !== true && !LAST.includes(name)).map(
  ({ name }) => name,
);
const showsCalls = (name: string) => OPERATIONS.find((one) => one.name === name)?.showsCalls === true;

test('whatever has arguments or results of others in its answer is known to show calls', async () => {
  const showing: string[] = [];
  for (const name of [...ASKED, ...LAST]) {
    if (showsCalls(name)) continue;
    const answer = JSON.stringify(await spy.call(`smcp__${name}`, { ...inputs[name] }));
    if (answer.includes(SENT)) showing.push(name);
  }
  expect(showing).toEqual([]);
  expect(await seenBySpy()).toEqual([]);
});

test.each(OPERATIONS.filter((one) => one.showsCalls === true).map(({ name }) => [name]))(
  'by %s an agent has seen what the agents of these calls have',
  async (name) => {
    await server.json('unfreeze');
    await spy.call(`smcp__${name}`, { ...inputs[name] });
    expect(await seenBySpy()).toEqual(['private']);
    await server.json('labels', 'clear', '--agent', 'spy', '--why', 'the next test');
  },
);
