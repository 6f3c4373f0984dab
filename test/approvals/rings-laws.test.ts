// The law of rings: whatever the policy, the time and the order, agents that may approve calls get none of their own through by each
// other. By the policy's own decisions, the real rule and the tokens of sub-agents; the control is the same without the rule.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createApprovals } from '#approvals/approvals.ts';
import { createGivers, type Givers } from '#approvals/givers.ts';
import { silentLogger } from '#base/log.ts';
import { type AgentName, callTokenOf, type HeldToken, heldToken } from '#domain/agent.ts';
import { APPROVE_TOOL } from '#domain/tool.ts';
import { createAdminToolCatalog } from '#operations/admin-tools.ts';
import { decide } from '#policy/decide.ts';
import { mightCall } from '#policy/might-call.ts';
import type { Policy } from '#policy/rules.ts';
import { world as tokenWorld } from '#test/identity/world.ts';
import { policyOf, REF } from '#test/policy/policies.ts';
import { codeOf, createWorld, question, START_MS } from './world.ts';

const AGENTS = ['a', 'b', 'c', 'd'] as AgentName[];
const HOUR_MS = 3_600_000;

const approves = fc.record(
  {
    tools: fc.constantFrom(['smcp__approvals_approve'], ['smcp__*'], ['smcp__approvals*', 'x__y']),
    when: fc.constantFrom('has(args.id)', 'agent == "a"', 'args.id == "none"'),
    hours: fc.constantFrom(
      { from: '08:00', to: '11:00', timezone: 'UTC' },
      { from: '11:00', to: '20:00', timezone: 'UTC' },
    ),
    expires: fc.constantFrom('2026-11-22T11:30:00Z', '2026-11-22T09:00:00Z'),
    shadow: fc.constant(true),
  },
  { requiredKeys: ['tools'] },
);
const rules = fc.record({
  roles: fc.constantFrom([], [], [], ['helper']),
  // Often those that may without more, and those that may not.
  grants: fc.oneof(fc.constantFrom([], [], [{ tools: [APPROVE_TOOL] }]), fc.array(approves, { maxLength: 2 })),
  deny: fc.constantFrom(
    ...[[], [], []],
    [{ tools: ['smcp__approvals_approve'] }],
    [{ tools: ['smcp__*'], hours: { from: '08:00', to: '11:00', timezone: 'UTC' } }],
  ),
});
const policies = fc.record({ helper: approves, of: fc.tuple(rules, rules, rules, rules) });

type Written = typeof policies extends fc.Arbitrary<infer Value> ? Value : never;

const compiled = ({ helper, of }: Written): Policy =>
  policyOf({
    version: 1,
    roles: { helper: { grants: [helper] } },
    agents: Object.fromEntries(AGENTS.map((name, index) => [name, of[index] ?? {}])),
  });

/** Who approves whose call: by the agent's own token, or one of a sub-agent `depth` below it. */
const step = fc.record({
  giver: fc.constantFrom(...AGENTS),
  asker: fc.constantFrom(...AGENTS),
  depth: fc.integer({ min: 0, max: 2 }),
  hours: fc.integer({ min: 0, max: 1 }),
});

type TokenOf = (agent: AgentName, depth: number) => Promise<HeldToken>;

function openTokens() {
  const { authority } = tokenWorld();
  const tokenOf: TokenOf = async (agent, depth) => {
    let { token } = authority.issue(agent, {});
    for (let below = 0; below < depth; below += 1) {
      const above = authority.authenticate(token);
      if (above?.kind !== 'agent') throw new Error('not recognised');
      const wish = { scopes: [], actor: `sub-${below}`, mayStillAct: () => true, record: async () => {} };
      token = (await authority.exchange(above, wish)).token;
    }
    const principal = authority.authenticate(token);
    if (principal?.kind !== 'agent') throw new Error('not recognised');
    return heldToken(callTokenOf(principal));
  };
  return { tokenOf, stillHolds: authority.stillHolds };
}

function openRing(policy: Policy, around: (givers: Givers) => Givers) {
  const { store, log, time } = createWorld();
  const approveTool = createAdminToolCatalog().tool(APPROVE_TOOL);
  if (approveTool === undefined) throw new Error('agents approve by a tool');
  const { tokenOf, stillHolds } = openTokens();
  const givers = createGivers({
    ...{ roleOf: () => undefined, clock: time.clock, approveTool, stillHolds },
    policy: {
      decide: (query) => decide(policy, REF, query),
      mightCall: (agent, tool, nowMs) => mightCall(policy, agent, tool, nowMs),
    },
    freezes: { stops: () => undefined },
    channelProblem: () => undefined,
  });
  const ports = { store, log, clock: time.clock, logger: silentLogger, givers: around(givers) };
  return { approvals: createApprovals(ports), time, tokenOf };
}

type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;
type Through = { readonly giver: AgentName; readonly asker: AgentName; readonly couldApprove: boolean };

/** Whose calls began, and by whom. */
async function play(policy: Policy, steps: readonly Step[], around: (givers: Givers) => Givers = (same) => same) {
  const { approvals, time, tokenOf } = openRing(policy, around);
  const through: Through[] = [];
  for (const [n, { giver, asker, depth, hours }] of steps.entries()) {
    time.pass(hours * HOUR_MS);
    const terms = { ttlMs: 24 * HOUR_MS, trustsClient: false };
    const { id, digest } = approvals.request(question({ agent: asker, args: { n }, terms }));
    const by = { kind: 'agent', name: giver, token: await tokenOf(giver, depth) } as const;
    if ((await codeOf(() => approvals.approve(id, { digest, by }))) !== undefined) continue;
    if ((await codeOf(() => approvals.use(id, `i-${n}`))) !== undefined) continue;
    through.push({ giver, asker, couldApprove: mightCall(policy, asker, APPROVE_TOOL, time.clock.nowMs()) });
  }
  approvals.close();
  return through;
}

/** Whether somebody's call was let through by somebody whose own was let through by them, by however many others. */
function hasRing(through: readonly Through[]): boolean {
  const givers = (asker: AgentName) => through.filter((one) => one.asker === asker).map(({ giver }) => giver);
  return AGENTS.some((start) => {
    const reached = new Set<AgentName>();
    const next = givers(start);
    for (let giver = next.pop(); giver !== undefined; giver = next.pop()) {
      if (reached.has(giver)) continue;
      reached.add(giver);
      next.push(...givers(giver));
    }
    return reached.has(start);
  });
}

describe('agents that may approve calls', () => {
  test('get none of their own through without a person, alone or in a ring, and sub-agents are no others', async () => {
    let through = 0;
    await fc.assert(
      fc.asyncProperty(policies, fc.array(step, { minLength: 6, maxLength: 20 }), async (written, steps) => {
        const gone = await play(compiled(written), steps);
        through += gone.length;
        expect(gone.filter(({ couldApprove }) => couldApprove)).toEqual([]);
        expect(hasRing(gone)).toBe(false);
      }),
      { numRuns: 100 },
    );
    // Those that may not are helped by those that may: the law holds of something.
    expect(through).toBeGreaterThan(20);
  });

  test('the control: without the rule about who asks, two approve for each other', async () => {
    const grants = [{ tools: [APPROVE_TOOL] }];
    const policy = policyOf({ version: 1, agents: { a: { grants }, b: { grants } } });
    const [a, b] = AGENTS as [AgentName, AgentName];
    const turns = [a, b].map((giver) => ({ giver, asker: giver === a ? b : a, depth: 0, hours: 0 }));
    const unruled = ({ problem }: Givers): Givers => ({
      problem: (by, request) => {
        const why = problem(by, request);
        return why?.includes('only people approve its own') === true ? undefined : why;
      },
    });
    expect(hasRing(await play(policy, turns, unruled))).toBe(true);
    expect(await play(policy, turns)).toEqual([]);
  });

  test('are counted as such also outside of their hours, and no more once their grant has expired', async () => {
    const at = (more: object) => {
      const rule = { tools: [APPROVE_TOOL], ...more };
      return mightCall(policyOf({ version: 1, agents: { a: { grants: [rule] } } }), 'a', APPROVE_TOOL, START_MS);
    };
    expect(at({ hours: { from: '23:00', to: '23:30', timezone: 'UTC' } })).toBe(true);
    expect(at({ when: 'args.id == "never"' })).toBe(true);
    expect(at({ expires: '2026-11-22T09:00:00Z' })).toBe(false);
    expect(at({ shadow: true })).toBe(false);
  });
});
