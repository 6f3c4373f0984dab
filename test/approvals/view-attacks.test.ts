// Ways for an agent to keep a person from seeing what is asked: arguments that swell when they are shown, that crowd others out of the
// list, or that are drawn as nothing.

import { describe, expect, test } from 'vitest';
import type { JsonObject } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import { visibleJson } from '#base/visible.ts';
import { requestText } from '#cli/render-approvals.ts';
import type { ApprovalQuestion } from '#domain/approval-ports.ts';
import { approvalOperations } from '#operations/approvals.ts';
import type { Caller, Services } from '#operations/operation.ts';
import { bea, createWorld, question } from './world.ts';

const PERSON: Caller = { by: 'admin', kind: 'person' };

type World = ReturnType<typeof createWorld>;

const run = ({ approvals }: World, name: string, input: JsonObject = {}) => {
  const operation = approvalOperations.find((one) => one.name === name);
  return operation?.run({ approvals } as unknown as Services, input, PERSON);
};
const list = (world: World) => run(world, 'approvals') as readonly JsonObject[];
const show = (world: World, id: string) => run(world, 'approvals_show', { id }) as JsonObject;

/** 98 KB of JSON text, within every bound of a door: a list of `count` items within sixty others. */
function nested(count: number): ApprovalQuestion['args'] {
  let value: unknown = Array.from({ length: count }, () => 1);
  for (let depth = 0; depth < 60; depth += 1) value = [value];
  return { value } as ApprovalQuestion['args'];
}

const lengthOf = (value: unknown) => JSON.stringify(value).length;

describe('an agent that asks at length', () => {
  test('does not make a list that nobody can read, and hides nothing that others ask', () => {
    const world = createWorld();
    const fill = 'x'.repeat(500_000);
    for (let n = 0; n < LIMITS.approvalsPendingPerAgentMax; n += 1) {
      world.approvals.request(question({ args: n % 2 === 0 ? { n, fill } : { n, ...nested(49_000) } }));
    }
    const other = world.approvals.request(question({ agent: bea, args: { to: 'bank', sum: 5 } }));
    const listed = list(world);
    expect(lengthOf(listed)).toBeLessThan(100_000);
    expect(listed.find(({ id }) => id === other.id)).toMatchObject({ args: { to: 'bank', sum: 5 } });
    // The control: as they are shown one by one, they are hundred times as long.
    const whole = listed.map(({ id }) => show(world, String(id)));
    expect(lengthOf(whole)).toBeGreaterThan(10_000_000);
  });

  test('is seen to: how much is not shown, and where it is shown whole', () => {
    const world = createWorld();
    const args = { note: 'x'.repeat(LIMITS.approvalListedBytesMax), command: 'rm -rf /' };
    const { id, digest } = world.approvals.request(question({ args }));
    const [listed] = list(world);
    expect(listed).toMatchObject({ id, digest, args: null, shown: null, argsLeftOutBytes: lengthOf(args) });
    expect(requestText(listed ?? {})).toContain(
      `arguments ${lengthOf(args)} bytes, not shown here: smcp approvals show ${id}\n`,
    );
    const shown = show(world, id);
    expect(shown).toMatchObject({ args, shown: expect.stringContaining('rm -rf /') });
    expect(shown).not.toHaveProperty('argsLeftOutBytes');
  });

  test('from many agents leaves a list that is bounded in all', () => {
    const world = createWorld();
    const count = 2 * Math.ceil(LIMITS.approvalsListedBytesMax / LIMITS.approvalListedBytesMax);
    for (let n = 0; n < count; n += 1) {
      const agent = `agent-${n}` as typeof bea;
      world.approvals.request(question({ agent, args: { fill: 'x'.repeat(LIMITS.approvalListedBytesMax - 100) } }));
    }
    const listed = list(world);
    expect(listed).toHaveLength(count);
    expect(listed.filter(({ args }) => args === null).length).toBeGreaterThan(count / 3);
    // As arguments, and as they are shown.
    expect(lengthOf(listed)).toBeLessThan(3 * LIMITS.approvalsListedBytesMax);
  });
});

describe('arguments that are shown', () => {
  test('do not swell with their nesting, and mean the same on one line', () => {
    const world = createWorld();
    const args = nested(10_000);
    const { id } = world.approvals.request(question({ args }));
    const { shown } = show(world, id);
    expect(String(shown).length).toBeLessThan(2 * lengthOf(args));
    expect(JSON.parse(String(shown))).toEqual(args);
    // The control: with a line for each value they are fifty times as long.
    expect(visibleJson(args as JsonObject, 2).length).toBeGreaterThan(50 * lengthOf(args));
  });

  test('have a line for each value where a person reads them so', () => {
    const world = createWorld();
    const { id } = world.approvals.request(question({ args: { to: ['bank', { sum: 5 }] } }));
    const { shown } = show(world, id);
    expect(shown).toBe('{\n  "to": [\n    "bank",\n    {\n      "sum": 5\n    }\n  ]\n}');
    expect(requestText(show(world, id))).toContain('  arguments 8 lines, 56 characters\n');
  });
});

describe('an agent that asks with letters of other scripts', () => {
  test('is seen to: what looks like another name is shown by its numbers, and what runs is what was asked', () => {
    const world = createWorld();
    const args = { user: '\u0430dmin', group: '\u0441\u043e\u0440' };
    const { id } = world.approvals.request(question({ args }));
    const shown = String(show(world, id)['shown']);
    expect(shown).toContain('"\\u0430dmin"');
    expect(shown).toContain('"\\u0441\\u043e\\u0440"');
    expect(JSON.parse(shown)).toEqual(args);
    // The control: as JSON alone writes it, both read as plain names.
    expect(JSON.stringify(args)).not.toContain('\\u');
  });

  test('in its own language is read as it is', () => {
    const world = createWorld();
    const args = { note: 'Купить молоко и хлеб', to: 'Ελένη' };
    const { id } = world.approvals.request(question({ args }));
    expect(show(world, id)['shown']).toBe(JSON.stringify(args, null, 2));
  });
});
