import { afterAll, expect, test } from 'vitest';
import { createTestSandbox } from './harness.ts';
import { liveAndDie } from './lives.ts';

const sandbox = createTestSandbox();
afterAll(() => sandbox.close());

// Three hundred of them: node test/stress/warden-lives.ts
test('wardens start, serve two agents and are killed, one after the other, without one that fails', async () => {
  expect(await liveAndDie(sandbox, 16, 2)).toEqual({ lives: 16, failures: [] });
});
