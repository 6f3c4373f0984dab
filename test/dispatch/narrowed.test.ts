// A plugin that a person approved again with less than before: what was let in with more does not go on.

import { expect, test } from 'vitest';
import type { RunOutcome } from '#domain/invocation.ts';
import type { RunRequest } from '#domain/sandbox-ports.ts';
import { createWorld, settle, usage } from './world.ts';

const untilStopped = ({ signal }: RunRequest): Promise<RunOutcome> =>
  new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve({ kind: 'cancelled', effect: 'known', usage }));
  });

test('a tool that is given less than when the call was let in ends it; the same given anew does not', async () => {
  const { call, dispatcher, state, tools } = createWorld();
  state.run = untilStopped;
  const running = call('p__write');
  await settle();
  const tool = tools.get('p__write');
  if (tool?.kind !== 'plugin') throw new Error('no tool of a plugin');
  tools.set('p__write', { ...tool, capabilities: structuredClone(tool.capabilities) });
  await dispatcher.reconsider();
  expect(dispatcher.calls()).toHaveLength(1);
  tools.set('p__write', { ...tool, capabilities: {} });
  await dispatcher.reconsider();
  expect((await running).answer).toMatchObject({ error: { code: 'TOOL_UNKNOWN' } });
});
