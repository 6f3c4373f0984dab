// What an agent sends to a tool that takes a secret is in no record, whatever becomes of the call.

import { expect, test } from 'vitest';
import type { AdminTool } from '#domain/tool.ts';
import { createWorld } from './world.ts';

const SENT = 'value-that-an-agent-sent';
const NAME = 'smcp__secret_set';

function openWorld(unrecorded: readonly string[]) {
  const world = createWorld();
  const known = world.tools.get('smcp__queue_flush') as AdminTool;
  world.tools.set(NAME, { ...known, name: NAME, operation: 'secret_set', unrecorded });
  const seen: unknown[] = [];
  world.state.runAdmin = async ({ args }) => {
    seen.push(args);
    return { kind: 'error', error: { code: 'PERSON_NEEDED', message: 'only a person may' } };
  };
  return { ...world, seen };
}

const sendAll = async ({ call, state, drafts, seen }: ReturnType<typeof openWorld>) => {
  await call(NAME, { args: { name: 'A', value: SENT } });
  await call(NAME, { args: { name: 'A', value: { deep: [SENT] } } });
  await call(NAME, { args: { name: 'A' }, strayArgs: [SENT] });
  await call(NAME, { args: { name: 'A', value: SENT }, idempotencyKey: 'k' });
  state.denied.add(NAME);
  await call(NAME, { args: { name: 'A', value: SENT } });
  return JSON.stringify([drafts, seen]);
};

test('the argument is put out before anything is recorded: allowed, denied, of another form, under a key', async () => {
  const world = openWorld(['value']);
  const kept = await sendAll(world);
  expect(kept).not.toContain(SENT);
  expect(kept).toContain('"name":"A","value":"[unrecorded]"');
  expect(world.drafts.length).toBeGreaterThanOrEqual(5);
});

test('without that it is in the records, as the arguments of any other tool are', async () => {
  expect(await sendAll(openWorld([]))).toContain(SENT);
});
