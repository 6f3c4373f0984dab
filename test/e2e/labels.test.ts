// Labels on a real server: from one connection to the next, over a restart, by an administering agent, and by a person's command.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { connectStreamable, errorOf } from './clients.ts';
import { smcp, startServer, temporaryFolder } from './server.ts';

const folder = temporaryFolder();
afterAll(() => folder.remove());

const POLICY = `
version: 1
labels:
  - { tools: ["demo_math__*"], carries: [private] }
  - { tools: ["demo_text__*"], sink: external }
deny:
  - { id: no-leak, sink: external, after: [private] }
agents:
  demo:
    grants:
      - tools: ["demo_*", "smcp__labels_*", "smcp__log_show"]
`;

test('what an agent has seen outlives its connection and the server, and a person clears it with a reason', async () => {
  const home = join(folder.path, 'home');
  mkdirSync(home, { recursive: true, mode: 0o700 });
  writeFileSync(join(home, 'policy.yaml'), POLICY, { mode: 0o600 });
  let server = await startServer(home);
  const issued = await smcp(['agent', 'token', 'demo', '--home', home, '--json']);
  const { token } = JSON.parse(issued.stdout) as { token: string };
  const call = async (tool: string, args: Record<string, unknown>, session?: string) => {
    const client = await connectStreamable(server.url, token);
    try {
      return (
        errorOf(await client.call(tool, args, session === undefined ? {} : { 'smcp/session': session }))?.code ??
        'value'
      );
    } finally {
      await client.close();
    }
  };
  const say = (session?: string) => call('demo_text__echo', { message: 'the sum' }, session);

  expect(await say()).toBe('value');
  expect(await call('demo_math__calculate', { operation: 'add', a: 1, b: 1 }, 'one')).toBe('value');
  expect(await say('one')).toBe('DENIED');
  expect(await say('another')).toBe('DENIED');
  expect(await say()).toBe('DENIED');
  await server.stop();
  server = await startServer(home);
  expect(await say()).toBe('DENIED');
  expect(await call('smcp__labels_clear', { agent: 'demo', why: 'I would like to' })).toBe('PERSON_NEEDED');
  expect(await say()).toBe('DENIED');

  const can = await smcp(['can', 'demo', 'demo_text__echo', '--home', home, '--json']);
  expect(can.code).toBe(1);
  expect(JSON.parse(can.stdout)).toMatchObject({ decision: 'deny', rule: 'no-leak' });
  const listed = await smcp(['labels', 'list', '--home', home, '--json']);
  expect(JSON.parse(listed.stdout)).toMatchObject([
    { agent: 'demo', session: 'one', label: 'private', tool: 'demo_math__calculate' },
  ]);
  expect((await smcp(['labels', 'clear', '--agent', 'demo', '--home', home])).code).toBe(2);
  const clear = ['labels', 'clear', '--agent', 'demo', '--why', 'started anew', '--home', home, '--json'];
  expect(JSON.parse((await smcp(clear)).stdout)).toEqual({ cleared: 1, left: [], leftThere: [] });
  expect(await say()).toBe('value');
  const log = await smcp(['log', 'tail', '--home', home, '--json']);
  expect(log.stdout).toContain('started anew');
  await server.stop();
  expect((await smcp(['log', 'verify', home, '--json'])).code).toBe(0);
});
