import { describe, expect, test } from 'vitest';
import { withRefusal } from '#app/with-refusal.ts';
import type { ErrorCode } from '#base/errors.ts';
import type { JsonObject } from '#base/json.ts';
import type { RunOutcome } from '#domain/invocation.ts';

const USAGE = { cpuMs: 0, wallMs: 0, heapBytesPeak: 0 };
const REFUSED = { plugin: 'old', hasManifest: true, codeFolder: '/work/code-1', available: [] } as const;
const SHADOW = "PermissionError: [Errno 13] Permission denied: '/etc/shadow'";

const failed = (message: string, details?: JsonObject, code: ErrorCode = 'TOOL_FAILED'): RunOutcome => ({
  ...{ kind: 'failed', effect: 'known', usage: USAGE },
  error: { code, message, ...(details === undefined ? {} : { details }) },
});

const remedyOf = (outcome: RunOutcome): unknown =>
  outcome.kind === 'failed' ? outcome.error.details?.['remedy'] : undefined;

describe('a call that failed as if the sandbox had refused something', () => {
  test.each([
    ['in its message', failed(SHADOW)],
    ['on its standard error', failed('it went wrong', { stderr: SHADOW, exitCode: 1 })],
  ])('%s is told what to do; the rest of the outcome stays', (_where, outcome) => {
    const told = withRefusal(outcome, REFUSED);
    expect(remedyOf(told)).toMatch(/the file "\/etc\/shadow".*can not give `files` yet/);
    expect(told).toMatchObject(outcome);
  });

  test('with a manifest or without is told by the same guess', () => {
    expect(remedyOf(withRefusal(failed(SHADOW), REFUSED))).not.toContain('adopt');
    expect(remedyOf(withRefusal(failed(SHADOW), { ...REFUSED, hasManifest: false }))).toContain('smcp plugin adopt');
  });
});

test.each<[string, RunOutcome]>([
  ['looks like no refusal', failed('no such page', { stderr: 'ValueError' })],
  ['was ended by its bounds, which have a remedy of their own', failed(SHADOW, { remedy: 'less' }, 'MEMORY_EXCEEDED')],
  ['returned', { kind: 'returned', resultJson: JSON.stringify(SHADOW), usage: USAGE }],
])('an outcome that %s is left as it is', (_what, outcome) => {
  expect(withRefusal(outcome, REFUSED)).toBe(outcome);
});
