import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { rfc3339 } from '#base/clock.ts';
import type { JsonObject } from '#base/json.ts';
import type { AgentName } from '#domain/agent.ts';
import type { ClosingRow } from '#domain/store-ports.ts';
import { decide } from '#policy/decide.ts';
import { simulatePage } from '#policy/review/simulate.ts';
import type { Policy } from '#policy/rules.ts';
import { NOW_MS, policyOf, REF } from '#test/policy/policies.ts';

const SCHEMAS = new Map<string, JsonObject>([
  ['demo_math__add', { type: 'object', properties: { n: { type: 'integer' }, x: { type: 'number' } } }],
  ['demo_text__echo', { type: 'object' }],
]);

const rule = fc.record(
  {
    tools: fc.constantFrom(['*'], ['demo_*'], ['demo_math__add'], ['*__echo', 'smcp__*']),
    when: fc.constantFrom(
      'args.n > 1',
      'args.n + 1 == 2',
      'args.x == 1.5',
      'args.gone.deep',
      'agent != "athena"',
      'session == "s"',
    ),
    expires: fc.constantFrom(rfc3339(NOW_MS - 1_000), rfc3339(NOW_MS), rfc3339(NOW_MS + 1_000)),
  },
  { requiredKeys: ['tools'] },
);
const body = fc.record({ grants: fc.array(rule, { maxLength: 3 }), deny: fc.array(rule, { maxLength: 2 }) });
const written = fc.record({
  version: fc.constant(1),
  deny: fc.array(rule, { maxLength: 1 }),
  agents: fc.record({ athena: body, boreas: body }),
});
const call = fc.record(
  {
    agent: fc.constantFrom('athena', 'boreas', 'nobody'),
    tool: fc.constantFrom(...SCHEMAS.keys(), 'smcp__status', 'no tool at all'),
    args: fc.record({ n: fc.integer({ min: 0, max: 3 }), x: fc.constantFrom(1, 1.5) }, { requiredKeys: [] }),
    nowMs: fc.integer({ min: NOW_MS - 2_000, max: NOW_MS + 2_000 }),
    session: fc.constantFrom('s', 't'),
  },
  { requiredKeys: ['agent', 'tool', 'args', 'nowMs'] },
);
type Call = typeof call extends fc.Arbitrary<infer T> ? T : never;

const decided = (policy: Policy, { agent, tool, args, nowMs, session }: Call) => {
  const inputSchema = SCHEMAS.get(tool);
  return decide(policy, REF, {
    ...{ agent: agent as AgentName, nowMs, args: args as JsonObject },
    tool: { name: tool, ...(inputSchema === undefined ? {} : { inputSchema }) },
    ...(session === undefined ? {} : { session }),
  });
};

/** A record as it is written of a call. */
const recorded = (policy: Policy, one: Call, index: number): ClosingRow => {
  const { kind, rule: name } = decided(policy, one);
  const time = rfc3339(one.nowMs);
  const predicate = {
    ...{ invocation: `i${index}`, agent: one.agent, ...(one.session === undefined ? {} : { session: one.session }) },
    phase: kind === 'allow' ? 'outcome' : 'denied',
    tool: { name: one.tool, ...(SCHEMAS.has(one.tool) ? { schema: 'sha256:00' } : {}) },
    policy: { ...REF, decision: kind, rule: name },
    time: { received: time, ...(kind === 'allow' ? { started: time } : {}), ended: time },
  };
  return {
    index,
    envelope: JSON.stringify({ payload: Buffer.from(JSON.stringify({ predicate })).toString('base64') }),
    args: JSON.stringify({ nonce: 'x', value: one.args }),
  };
};

const BOUNDS = { sinceMs: 0, decisionsMax: 1_000 };
const still = { monotonicMs: () => 0 };

describe('laws of simulation', () => {
  test('the policy that decided, over its own records, changes nothing, not even a rule', () => {
    fc.assert(
      fc.property(written, fc.array(call, { minLength: 1, maxLength: 12 }), (each, calls) => {
        const policy = policyOf(each);
        const rows = calls.map((one, index) => recorded(policy, one, index));
        const simulated = { policy, inForce: policy, schemas: SCHEMAS };
        expect(simulatePage(rows, BOUNDS, simulated, still)).toMatchObject({
          ...{ taken: calls.length, decisions: calls.length, same: calls.length, byAnotherRule: 0 },
          ...{ changed: 0, changes: [], withoutArguments: 0, withoutTool: 0, unreadable: 0 },
        });
      }),
    );
  });

  test('another policy changes exactly those calls that it decides differently', () => {
    fc.assert(
      fc.property(written, written, fc.array(call, { minLength: 1, maxLength: 12 }), (one, other, calls) => {
        const [before, after] = [policyOf(one), policyOf(other)];
        const rows = calls.map((each, index) => recorded(before, each, index));
        const { changes } = simulatePage(rows, BOUNDS, { policy: after, inForce: before, schemas: SCHEMAS }, still);
        const expected = calls.flatMap((each, index) => {
          const [was, wouldBe] = [decided(before, each), decided(after, each)];
          return was.kind === wouldBe.kind ? [] : [[index, was.kind, was.rule, wouldBe.kind, wouldBe.rule]];
        });
        const told = changes.map(({ index, was, wouldBe }) => [
          index,
          was.decision,
          was.rule,
          wouldBe.decision,
          wouldBe.rule,
        ]);
        expect(told).toEqual(expected);
      }),
    );
  });

  test('a call without its arguments is told only where every arguments would be decided so', () => {
    fc.assert(
      fc.property(written, written, call, call, (one, other, each, alike) => {
        const [before, after] = [policyOf(one), policyOf(other)];
        const { args: _, ...row } = recorded(before, each, 0);
        const { changed, same } = simulatePage(
          [row],
          BOUNDS,
          { policy: after, inForce: before, schemas: SCHEMAS },
          still,
        );
        if (changed + same === 0) return;
        const wouldBe = decided(after, { ...each, args: alike.args });
        expect(wouldBe.kind === decided(before, each).kind ? 'same' : 'changed').toBe(same === 1 ? 'same' : 'changed');
      }),
    );
  });
});
