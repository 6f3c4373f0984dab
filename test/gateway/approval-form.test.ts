// What an agent's own client is shown of a call: all of it, or nothing.

import { describe, expect, test } from 'vitest';
import { LIMITS } from '#base/limits.ts';
import type { AgentName } from '#domain/agent.ts';
import type { AskedOfClient } from '#domain/invocation.ts';
import { formOf } from '#gateway/approval-form.ts';

const asked = (args: unknown, more: Partial<AskedOfClient> = {}) =>
  formOf(
    { agent: 'athena' as AgentName, tool: 'a__b' },
    { id: 'x', argsJson: JSON.stringify(args), expiresMs: 0, seen: [], actors: [], ...more },
  );

/** A list of `count` items within `deep` others. */
function nested(count: number, deep = 60): unknown {
  let value: unknown = Array.from({ length: count }, () => 1);
  for (let depth = 0; depth < deep; depth += 1) value = [value];
  return value;
}

describe('a form', () => {
  test('shows the whole call, with what is invisible written out', () => {
    expect(asked({ to: 'bank\u3164\u202e', sum: 5 })?.message).toBe(
      'The agent athena asks to call a__b with\n{\n  "to": "bank\\u3164\\u202e",\n  "sum": 5\n}\n\n' +
        'Request x, until 1970-01-01T00:00:00.000Z. Also: smcp approvals approve x',
    );
  });

  test('says why it is asked, what the agent has seen and which sub-agent asks, where there is any', () => {
    const { message = '' } =
      asked({}, { why: 'money\u202e moves', seen: ['private', 'untrusted'], actors: ['a', ''] }) ?? {};
    expect(message).toContain(
      'Why it is asked: money\\u{202e} moves\nThe agent has seen: private, untrusted\nA sub-agent asks: a > (without a name)\n\nRequest x',
    );
  });

  test.each([
    ['is long', 'x'.repeat(LIMITS.formArgumentsLengthMax)],
    ['swells by its nesting', nested(1_000)],
    ['swells by invisible characters', '\u200b'.repeat(2_000)],
  ])('is none where what it would show %s: a client cuts it, or scrolls', (_what, value) => {
    expect(asked({ value })).toBeUndefined();
    // The control: less of the same is shown.
    const less = typeof value === 'string' ? value.slice(0, 100) : nested(10, 5);
    expect(asked({ value: less })?.message.length).toBeGreaterThan(100);
  });
});
