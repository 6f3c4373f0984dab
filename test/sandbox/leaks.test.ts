import { readdirSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { createTestSandbox, wardenPids } from './harness.ts';
import { runMisbehaviour } from './misbehaviour.ts';

const sandbox = createTestSandbox();
afterAll(() => sandbox.close());

// A thousand of each, and the host's memory (where garbage can be collected first): test/stress/misbehaviour.ts.
test('after crashes, timeouts and memory the host has its descriptors and processes back', async () => {
  await runMisbehaviour(sandbox, 1);
  const descriptorsBefore = readdirSync('/proc/self/fd').length;
  const wardensBefore = wardenPids().length;
  const codes = await runMisbehaviour(sandbox, 4);
  expect(codes).toEqual({
    crash: ['PLUGIN_CRASHED'],
    timeout: ['TIMEOUT'],
    memory: ['MEMORY_EXCEEDED'],
    after: ['returned'],
  });
  // What ends is reaped and closed a moment after its call was answered.
  await expect.poll(() => wardenPids().length).toBeLessThanOrEqual(wardensBefore + 1);
  await expect.poll(() => readdirSync('/proc/self/fd').length).toBeLessThanOrEqual(descriptorsBefore + 4);
});
