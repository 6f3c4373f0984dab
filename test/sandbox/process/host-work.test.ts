// What the host does for a program's host calls is processor time of its call.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '#base/clock.ts';
import type { HostCallHandler } from '#domain/sandbox-ports.ts';
import { codeOf, createTestProcesses, type TestProcesses } from './harness.ts';

let sandbox: TestProcesses;
beforeAll(async () => {
  sandbox = await createTestProcesses();
});
afterAll(() => sandbox.close());

const PROGRAM = `import json, sys
request = json.load(sys.stdin)
host = open(3, "r+b", buffering=0)
lines = open(3, "rb", closefd=False)
for id in range(1, 201):
    host.write(json.dumps({"id": id, "call": "now"}).encode() + b"\\n")
    lines.readline()
print(json.dumps({"result": "all done"}))`;

/** Takes so much of the host's processor for each call. */
function working(us: number) {
  const done = { calls: 0 };
  const handler: HostCallHandler = () => {
    done.calls += 1;
    const untilUs = threadUs() + us;
    while (threadUs() < untilUs);
    return 1;
  };
  return { done, handler };
}

const threadUs = (): number => systemClock.threadUs?.() ?? 0;

test('a program whose host calls take more of the host than it may use is ended for it', async () => {
  const { done, handler } = working(20_000);
  const plugin = sandbox.plugin(PROGRAM, { protocol: 'json' });
  const given = { capabilities: { clock: true }, onHostCall: handler, limits: { cpuMs: 1_000 } } as const;
  const outcome = await sandbox.call(plugin, given);
  expect(codeOf(outcome)).toBe('CPU_EXCEEDED');
  expect(done.calls).toBeLessThan(60);
  expect(outcome.usage.cpuMs).toBeGreaterThan(1_000);
});

test('one whose host calls take little is served', async () => {
  const { done, handler } = working(0);
  const plugin = sandbox.plugin(PROGRAM, { protocol: 'json' });
  const given = { capabilities: { clock: true }, onHostCall: handler, limits: { cpuMs: 1_000 } } as const;
  expect(await sandbox.call(plugin, given)).toMatchObject({ resultJson: '"all done"' });
  expect(done.calls).toBe(200);
});
