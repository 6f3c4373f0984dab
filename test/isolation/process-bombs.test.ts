// What takes more than its share, or stays longer than it may: held by the runtime, and each with its control, the very same
// program with nothing around it.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestProcesses, type TestProcesses } from '#test/sandbox/process/harness.ts';
import { BOMBS, explodeConfined, explodeFree } from './audit/bombs.ts';

let sandbox: TestProcesses;
beforeAll(async () => {
  sandbox = await createTestProcesses();
});
afterAll(() => sandbox.close());

describe.each(BOMBS)('a program that wants $name', (bomb) => {
  test('does not get it, and nothing of it is left', async () => {
    expect(await explodeConfined(sandbox, bomb)).toBe(false);
  });

  test('gets it where nothing is around it', async () => {
    expect(await explodeFree(bomb)).toBe(true);
  });
});
