import { readdirSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { createTestSandbox, wardenPids } from './harness.ts';
import { runMisbehaviour } from './misbehaviour.ts';

const sandbox = createTestSandbox();
afterAll(() => sandbox.close());

// The whole of it, a thousand of each, is test/stress/misbehaviour.ts.
test('after crashes, timeouts and memory the host has its descriptors, processes and memory back', async () => {
  await runMisbehaviour(sandbox, 1);
  const descriptorsBefore = readdirSync('/proc/self/fd').length;
  const wardensBefore = wardenPids().length;
  const rssBefore = process.memoryUsage.rss();
  const codes = await runMisbehaviour(sandbox, 4);
  expect(codes).toEqual({
    crash: ['PLUGIN_CRASHED'],
    timeout: ['TIMEOUT'],
    memory: ['MEMORY_EXCEEDED'],
    after: ['returned'],
  });
  expect(wardenPids().length).toBeLessThanOrEqual(wardensBefore + 1);
  expect(readdirSync('/proc/self/fd').length).toBeLessThanOrEqual(descriptorsBefore + 4);
  expect(process.memoryUsage.rss() - rssBefore).toBeLessThan(64 * 1024 * 1024);
});
