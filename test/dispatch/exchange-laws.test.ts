// The law of sub-agents: whatever the policy and however tokens were exchanged, no call goes through with a token that does not with each
// token above it. By the dispatcher, the policy's own decision and the authority that issues tokens.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { AgentName, CallToken } from '#domain/agent.ts';
import { callTokenOf } from '#domain/agent.ts';
import type { CallRequest, Door } from '#domain/invocation.ts';
import type { PolicyDecider } from '#domain/policy-ports.ts';
import { NOTHING_TAKEN } from '#domain/usage.ts';
import { decide, mayCall } from '#policy/decide.ts';
import { agent, world as tokenWorld } from '#test/identity/world.ts';
import { policyOf, REF } from '#test/policy/policies.ts';
import { createWorld } from './world.ts';

const TOOLS = ['p__pure', 'p__read', 'p__write', 'smcp__queue_flush'] as const;
const pattern = fc.constantFrom('*', 'p__*', 'p__r*', '*e', 'p__pure', 'smcp__*', 'q__*');
const when = fc.constantFrom(undefined, 'args.n > 2', 'has(args.n)', 'tool == "p__read"');
const rule = fc
  .record({ tools: fc.array(pattern, { minLength: 1, maxLength: 2 }), when })
  .map(({ tools, when: text }) => ({
    tools,
    ...(text === undefined ? {} : { when: text }),
  }));
const policy = fc.record({
  grants: fc.array(rule, { minLength: 1, maxLength: 3 }),
  deny: fc.array(rule, { maxLength: 1 }),
});
const scope = fc.oneof(
  pattern.map((source) => `tools:${source}`),
  fc.constantFrom('doors:mcp', 'doors:sse', 'doors:admin'),
);
const scopes = fc.uniqueArray(scope, { maxLength: 3 });

function deciderOf(written: object): PolicyDecider {
  const compiled = policyOf({ version: 1, agents: { athena: written } });
  return {
    decide: (query) => decide(compiled, REF, query),
    mayCall: (name, tool, nowMs) => mayCall(compiled, name, tool, { nowMs }),
    take: () => NOTHING_TAKEN,
    current: () => REF,
    onChange: () => () => {},
  };
}

/** The tokens of a chain, the root's first. */
async function chainOf(first: readonly string[], below: readonly (readonly string[])[]): Promise<readonly CallToken[]> {
  const { authority } = tokenWorld();
  const texts = [authority.issue(agent('athena'), { scopes: first }).token];
  const tokens: CallToken[] = [];
  for (const own of [...below, undefined]) {
    const principal = authority.authenticate(texts.at(-1) ?? '');
    if (principal?.kind !== 'agent') throw new Error('not recognised');
    tokens.push(callTokenOf(principal));
    if (own === undefined) break;
    const wish = { scopes: own, mayStillAct: () => true, record: async () => {} };
    texts.push((await authority.exchange(principal, wish)).token);
  }
  return tokens;
}

type Call = { readonly tool: (typeof TOOLS)[number]; readonly n: number | undefined; readonly door: Door };
const call = fc.record({
  tool: fc.constantFrom(...TOOLS),
  n: fc.option(fc.integer({ min: 0, max: 5 }), { nil: undefined }),
  door: fc.constantFrom<Door>('mcp', 'sse', 'admin'),
});

test('what goes through with a token goes through with each token above it', async () => {
  let through = 0;
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(
      policy,
      scopes,
      fc.array(scopes, { minLength: 1, maxLength: 4 }),
      fc.array(call, { minLength: 1, maxLength: 5 }),
      async (written, first, below, calls) => {
        const { dispatcher } = createWorld({ policy: deciderOf(written) });
        const tokens = await chainOf(first, below);
        const goes = async (token: CallToken, { tool, n, door }: Call): Promise<boolean> => {
          const args = n === undefined ? {} : { n };
          const request: CallRequest = { agent: 'athena' as AgentName, door, tool, args, token };
          return (await dispatcher.call(request)).answer.kind === 'value';
        };
        for (const one of calls) {
          const gone: boolean[] = [];
          for (const token of tokens) gone.push(await goes(token, one));
          // Once one of them is refused, all below are.
          expect(gone).toEqual(gone.toSorted((a, b) => Number(b) - Number(a)));
          through += gone.filter(Boolean).length;
          refused += gone.filter((isGone) => !isGone).length;
        }
      },
    ),
    { numRuns: 150 },
  );
  // The law is about something: both came.
  expect(through).toBeGreaterThan(20);
  expect(refused).toBeGreaterThan(20);
});
