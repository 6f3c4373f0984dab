// Whatever order calls, decisions, stops and edits come in, a call runs once for each approval of exactly it, and never else.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { AgentName } from '#domain/agent.ts';
import type { CallOutcome } from '#domain/invocation.ts';
import { admin, TERMS } from './asking-world.ts';
import { createWorld, returned } from './world.ts';

const AGENTS = ['a', 'b'] as const;
const TTL_MS = 60_000;

const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('call' as const),
      agent: fc.constantFrom(...AGENTS),
      tool: fc.constantFrom('p__write', 'p__pure'),
      n: fc.nat(1),
      key: fc.constantFrom(undefined, undefined, 'k1', 'k2'),
      named: fc.boolean(),
    }),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('approve' as const), at: fc.nat(9) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('deny' as const), at: fc.nat(9) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('cancel' as const), at: fc.nat(9) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('finish' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('rule' as const), rule: fc.constantFrom('one', 'two') }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.nat(TTL_MS) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('setBack' as const), ms: fc.nat(2 * TTL_MS) }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const settle = async () => {
  for (let turn = 0; turn < 6; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

/** Carries the steps out; the first run that nobody approved. `approvesTwice`: as if an approval stayed after its use. */
async function play(steps: readonly Step[], { approvesTwice = false } = {}): Promise<string | undefined> {
  const time = { nowMs: Date.parse('2026-11-22T10:00:00Z'), monotonicMs: 0 };
  const clock = { nowMs: () => time.nowMs, monotonicMs: () => time.monotonicMs };
  const world = createWorld({ clock });
  const { approvals, state, dispatcher } = world;
  const setRule = (rule: string) => {
    for (const tool of ['p__write', 'p__pure']) state.asks.set(tool, { ...TERMS, ttlMs: TTL_MS, rule });
  };
  setRule('one');
  const approved = new Map<string, number>();
  const ran = new Map<string, number>();
  const add = (to: Map<string, number>, key: string) => to.set(key, (to.get(key) ?? 0) + 1);
  const gates: (() => void)[] = [];
  state.run = async () => {
    await new Promise<void>((resolve) => gates.push(resolve));
    return returned({ ok: true });
  };
  const outcomes: Promise<CallOutcome>[] = [];
  const requests = () => approvals.list().filter((one) => one.state === 'pending');
  const keyOf = (agent: string, tool: string, argsJson: string | undefined) => `${agent} ${tool} ${argsJson}`;
  for (const one of steps) {
    if (one.do === 'call') {
      const { agent, tool, n, key, named } = one;
      const id = named ? approvals.list().at(-1)?.id : undefined;
      const more = {
        ...{ agent: agent as AgentName, args: { n } },
        ...(key === undefined ? {} : { idempotencyKey: key }),
        ...(id === undefined ? {} : { approval: id }),
      };
      outcomes.push(world.call(tool, more));
    }
    if (one.do === 'approve') {
      const all = requests();
      const request = all[one.at % Math.max(all.length, 1)];
      if (request !== undefined) {
        add(approved, keyOf(request.agent, request.tool, approvals.argsJson(request.id)));
        await approvals.approve(request.id, { digest: request.digest, by: admin });
      }
    }
    if (one.do === 'deny') {
      const request = requests()[one.at];
      if (request !== undefined) await approvals.deny(request.id, { by: admin });
    }
    if (one.do === 'cancel') {
      const call = dispatcher.calls()[one.at];
      if (call !== undefined) dispatcher.cancel(call.invocation);
    }
    if (one.do === 'finish') for (const open of gates.splice(0)) open();
    if (one.do === 'rule') {
      setRule(one.rule);
      await dispatcher.reconsider();
    }
    if (one.do === 'wait') {
      time.nowMs += one.ms;
      time.monotonicMs += one.ms;
    }
    if (one.do === 'setBack') time.nowMs -= one.ms;
    await settle();
    for (const { agent, tool, argsJson } of world.runs.splice(0)) {
      add(ran, keyOf(agent, tool.name, argsJson));
      if (approvesTwice) add(ran, keyOf(agent, tool.name, argsJson));
    }
    for (const [key, count] of ran) if (count > (approved.get(key) ?? 0)) return `${key}: ${count} runs`;
    const used = approvals.list().flatMap(({ usedBy }) => (usedBy === undefined ? [] : [usedBy]));
    if (new Set(used).size !== used.length) return 'one call used two approvals';
  }
  for (const { invocation } of dispatcher.calls()) dispatcher.cancel(invocation);
  for (const open of gates.splice(0)) open();
  const opening = setInterval(() => {
    for (const open of gates.splice(0)) open();
  }, 1);
  await Promise.all(outcomes);
  clearInterval(opening);
  return undefined;
}

const steps = fc.array(step, { minLength: 5, maxLength: 40 });

test('no order of calls, keys, named requests, decisions, ends and clocks lets a call run that was not approved', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (all) => {
      expect(await play(all)).toBeUndefined();
    }),
    { numRuns: 50 },
  );
});

test('the law finds out an approval that lets two calls run', async () => {
  const law = fc.asyncProperty(steps, async (all) => (await play(all, { approvesTwice: true })) === undefined);
  expect((await fc.check(law, { numRuns: 50, seed: 1 })).failed).toBe(true);
});
