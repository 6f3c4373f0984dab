// Policies, calls and their records for the laws of reviews: everything that a decision depends on, made at random.

import fc from 'fast-check';
import { rfc3339 } from '#base/clock.ts';
import type { JsonObject } from '#base/json.ts';
import type { AgentName } from '#domain/agent.ts';
import { supposedSeen } from '#domain/labels.ts';
import type { ClosingRow } from '#domain/store-ports.ts';
import { decide } from '#policy/decide.ts';
import { createSimulation, type Simulated } from '#policy/review/simulate.ts';
import type { Policy } from '#policy/rules.ts';
import { NOW_MS, REF } from '#test/policy/policies.ts';

export const SCHEMAS = new Map<string, { readonly inputSchema: JsonObject }>([
  [
    'demo_math__add',
    { inputSchema: { type: 'object', properties: { n: { type: 'integer' }, x: { type: 'number' } } } },
  ],
  ['demo_text__echo', { inputSchema: { type: 'object' } }],
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
      '"private" in labels',
    ),
    expires: fc.constantFrom(rfc3339(NOW_MS - 1_000), rfc3339(NOW_MS), rfc3339(NOW_MS + 1_000)),
  },
  { requiredKeys: ['tools'] },
);
const body = fc.record({ grants: fc.array(rule, { maxLength: 3 }), deny: fc.array(rule, { maxLength: 2 }) });
export const written = fc.record({
  version: fc.constant(1),
  deny: fc.array(rule, { maxLength: 1 }),
  agents: fc.record({ athena: body, boreas: body }),
});
export const call = fc.record(
  {
    agent: fc.constantFrom('athena', 'boreas', 'nobody'),
    tool: fc.constantFrom(...SCHEMAS.keys(), 'smcp__status', 'no tool at all'),
    args: fc.record({ n: fc.integer({ min: 0, max: 3 }), x: fc.constantFrom(1, 1.5) }, { requiredKeys: [] }),
    nowMs: fc.integer({ min: NOW_MS - 2_000, max: NOW_MS + 2_000 }),
    session: fc.constantFrom('s', 't'),
    seen: fc.subarray(['private', 'untrusted']),
  },
  { requiredKeys: ['agent', 'tool', 'args', 'nowMs'] },
);
export type Call = typeof call extends fc.Arbitrary<infer T> ? T : never;

/** What a policy says of a call. */
export const decided = (policy: Policy, { agent, tool, args, nowMs, session, seen = [] }: Call) => {
  const labels = supposedSeen(agent as AgentName, seen);
  return decide(policy, REF, {
    ...{ agent: agent as AgentName, nowMs, args: args as JsonObject },
    tool: { name: tool, ...SCHEMAS.get(tool) },
    labels: { agent: labels, session: labels },
    ...(session === undefined ? {} : { session }),
  });
};

/** A record as it is written of a call. */
export const recorded = (policy: Policy, one: Call, index: number): ClosingRow => {
  const { kind, rule: name } = decided(policy, one);
  const time = rfc3339(one.nowMs);
  const predicate = {
    ...{ invocation: `i${index}`, agent: one.agent, ...(one.session === undefined ? {} : { session: one.session }) },
    phase: kind === 'allow' ? 'outcome' : 'denied',
    tool: { name: one.tool, ...(SCHEMAS.has(one.tool) ? { schema: 'sha256:00' } : {}) },
    ...(one.seen === undefined || one.seen.length === 0 ? {} : { labels: { seen: one.seen } }),
    policy: { ...REF, decision: kind, rule: name },
    time: { received: time, ...(kind === 'allow' ? { started: time } : {}), ended: time },
  };
  return {
    index,
    envelope: JSON.stringify({ payload: Buffer.from(JSON.stringify({ predicate })).toString('base64') }),
    args: JSON.stringify({ nonce: 'x', value: one.args }),
  };
};

/** The whole log at once; changes in the order of the log. */
export const simulateRows = (rows: readonly ClosingRow[], simulated: Simulated) => {
  const page = createSimulation(simulated).take(rows, true, still);
  return { ...page, changes: page.changes.toSorted((a, b) => a.index - b.index) };
};

export const BOUNDS = { sinceMs: 0, decisionsMax: 1_000 };
/** No time goes by. */
export const still = { monotonicMs: () => 0 };
