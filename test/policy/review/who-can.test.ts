import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { JsonObject } from '#base/json.ts';
import type { AgentName } from '#domain/agent.ts';
import type { Stop } from '#domain/policy-review.ts';
import { decide } from '#policy/decide.ts';
import { whoCan } from '#policy/review/who-can.ts';
import { NOW_MS, policyOf, REF } from '#test/policy/policies.ts';
import { openReviewWorld } from './review-world.ts';

const NOBODY: ReadonlyMap<string, Stop> = new Map();
const asked = (tool: string, args?: JsonObject) => ({
  ...{ tool: { name: tool }, stopped: NOBODY, nowMs: NOW_MS, countMax: 1_000 },
  ...(args === undefined ? {} : { args }),
});

const POLICY = `
version: 1
roles:
  reader:
    grants: [{ tools: ["demo_*"] }]
deny:
  - { id: no-drops, tools: ["*__drop_*"], why: drops are done by hand }
agents:
  athena:
    grants:
      - { id: small, tools: ["demo_math__add"], when: args.n < 10 }
      - { id: old, tools: ["demo_math__add"], expires: 2020-01-01T00:00:00Z }
  boreas:
    roles: [reader]
    deny: [{ id: not-nine, tools: ["demo_math__add"], when: args.n == 9 }]
  calypso: {}
`;

test('who may call a tool is told after what each agent has seen, and without arguments with what the rules say of labels', () => {
  const policy = policyOf({
    version: 1,
    deny: [{ id: 'no-leak', sink: 'external', after: ['private'] }],
    agents: {
      athena: { grants: [{ tools: ['*'] }] },
      boreas: { grants: [{ tools: ['*'], session: { forbid: ['x'] } }] },
    },
  });
  const tool = { name: 'mail__send', sinks: ['external'] };
  const seen = new Map([['athena', ['private']]]);
  const { agents } = whoCan(policy, REF, { ...asked('mail__send', {}), tool, seen });
  expect(agents.map(({ agent, decision, rule }) => [agent, decision, rule])).toEqual([
    ['boreas', 'allow', '/agents/boreas/grants/0'],
    ['athena', 'deny', 'no-leak'],
  ]);
  const { agents: anyhow } = whoCan(policy, REF, { ...asked('mail__send'), tool });
  expect(anyhow.find(({ agent }) => agent === 'boreas')?.conditions).toMatchObject([
    { rule: 'no-leak', when: '(the tool sends to external) && "private" in labels' },
    { when: '!("x" in labels)' },
  ]);
});

test('a deny of what is sent out is no rule on the way of a tool that is known to send nothing there', () => {
  const text = {
    version: 1,
    deny: [{ id: 'no-leak', sink: 'external', after: ['private'] }],
    agents: { athena: { grants: [{ tools: ['*'] }] } },
  };
  const conditions = (tool: { readonly name: string; readonly sinks?: readonly string[] }, more: object = {}) =>
    whoCan(policyOf({ ...text, ...more }), REF, { ...asked('notes__read'), tool }).agents[0]?.conditions;
  const said = [
    { rule: 'no-leak', effect: 'deny', when: '(the tool sends to external) && "private" in labels' },
    { rule: '/agents/athena/grants/0', effect: 'allow' },
  ];
  expect(conditions({ name: 'notes__read', sinks: [] })).toEqual([]);
  expect(conditions({ name: 'notes__read', sinks: ['printer'] })).toEqual([]);
  // Nothing is known of the tool, or the policy says that it does.
  expect(conditions({ name: 'notes__read' })).toMatchObject(said);
  const labels = [{ tools: ['notes__*'], sink: 'external' }];
  expect(conditions({ name: 'notes__read', sinks: [] }, { labels })).toMatchObject(said);
});

describe('who may call a tool', () => {
  const policy = policyOf(POLICY);

  test('is told without arguments with the rules on the way, those that may first', () => {
    expect(whoCan(policy, REF, asked('demo_math__add'))).toEqual({
      policy: REF,
      counts: { allow: 2, ask: 0, deny: 1 },
      agents: [
        {
          ...{ agent: 'athena', decision: 'allow', rule: 'small' },
          reason: 'the grant small covers it, under conditions',
          conditions: [{ rule: 'small', effect: 'allow', when: 'args.n < 10' }],
        },
        {
          ...{ agent: 'boreas', decision: 'allow', rule: '/roles/reader/grants/0' },
          reason: 'the grant /roles/reader/grants/0 covers it, under conditions',
          conditions: [
            { rule: 'not-nine', effect: 'deny', when: 'args.n == 9' },
            { rule: '/roles/reader/grants/0', effect: 'allow' },
          ],
        },
        {
          agent: 'calypso',
          decision: 'deny',
          rule: 'default-deny',
          reason: 'no grant in force covers it',
          conditions: [],
        },
      ],
    });
  });

  test('is told with arguments as a call with them is decided', () => {
    const decisions = (n: number) =>
      whoCan(policy, REF, asked('demo_math__add', { n })).agents.map(({ agent, decision, rule }) => [
        ...[agent, decision, rule],
      ]);
    expect(decisions(9)).toEqual([
      ['athena', 'allow', 'small'],
      ['boreas', 'deny', 'not-nine'],
      ['calypso', 'deny', 'default-deny'],
    ]);
    expect(decisions(10)).toEqual([
      ['boreas', 'allow', '/roles/reader/grants/0'],
      ['athena', 'deny', 'default-deny'],
      ['calypso', 'deny', 'default-deny'],
    ]);
  });

  test('says why a deny for everybody denies', () => {
    const { agents, counts } = whoCan(policy, REF, asked('demo_db__drop_all'));
    expect(counts).toEqual({ allow: 0, ask: 0, deny: 3 });
    expect(agents[0]).toMatchObject({
      rule: 'no-drops',
      reason: 'the rule no-drops denies it: drops are done by hand',
    });
  });

  test('denies whoever is stopped, whatever the policy gives, and nobody else', () => {
    const stopped = new Map([['athena', { rule: 'frozen', reason: 'agent athena is frozen' }]]);
    const { agents } = whoCan(policy, REF, { ...asked('demo_math__add'), stopped });
    expect(agents.map(({ agent, decision, rule }) => [agent, decision, rule])).toEqual([
      ['boreas', 'allow', '/roles/reader/grants/0'],
      ['athena', 'deny', 'frozen'],
      ['calypso', 'deny', 'default-deny'],
    ]);
  });

  test('tells as many agents as were asked for, and counts all of ten thousand', () => {
    const many = Object.fromEntries(
      Array.from({ length: 10_000 }, (_, n) => [`agent${n}`, n % 2 === 0 ? {} : { roles: ['r'] }]),
    );
    const large = policyOf({ version: 1, roles: { r: { grants: [{ tools: ['*'] }] } }, agents: many });
    const { agents, counts } = whoCan(large, REF, { ...asked('demo_math__add'), countMax: 10 });
    expect(agents).toHaveLength(10);
    expect(counts).toEqual({ allow: 5_000, ask: 0, deny: 5_000 });
  });
});

describe('laws', () => {
  const rule = fc.record(
    {
      tools: fc.constantFrom(['*'], ['demo_*'], ['demo_math__add'], ['smcp__*']),
      when: fc.constantFrom('true', 'false', 'args.n == 1', 'args.missing.deep', 'agent == "athena"'),
      expires: fc.constantFrom('2026-01-01T00:00:00Z', '2030-01-01T00:00:00Z'),
    },
    { requiredKeys: ['tools'] },
  );
  const body = fc.record({ grants: fc.array(rule, { maxLength: 3 }), deny: fc.array(rule, { maxLength: 2 }) });
  const written = fc.record({
    version: fc.constant(1),
    deny: fc.array(rule, { maxLength: 1 }),
    agents: fc.record({ athena: body, boreas: body }),
  });
  const tool = fc.constantFrom('demo_math__add', 'demo_text__echo', 'smcp__status');
  const args = fc.record({ n: fc.integer({ min: 0, max: 2 }) }, { requiredKeys: [] });

  test('with arguments it agrees with the decision, agent by agent', () => {
    fc.assert(
      fc.property(written, tool, args, (each, toolName, given) => {
        const policy = policyOf(each);
        for (const answer of whoCan(policy, REF, asked(toolName, given as JsonObject)).agents) {
          const query = { agent: answer.agent, tool: { name: toolName }, args: given as JsonObject, nowMs: NOW_MS };
          const { kind, rule: name } = decide(policy, REF, query);
          expect([answer.decision, answer.rule]).toEqual([kind, name]);
        }
      }),
    );
  });

  test('without arguments a deny denies all of them, and an unconditional answer is that of all of them', () => {
    fc.assert(
      fc.property(written, tool, args, (each, toolName, given) => {
        const policy = policyOf(each);
        for (const { agent, decision, rule: name, conditions } of whoCan(policy, REF, asked(toolName)).agents) {
          const query = {
            agent: agent as AgentName,
            tool: { name: toolName },
            args: given as JsonObject,
            nowMs: NOW_MS,
          };
          const decided = decide(policy, REF, query);
          if (decision === 'deny') expect(decided.kind).toBe('deny');
          else if (conditions.length === 0) expect([decided.kind, decided.rule]).toEqual([decision, name]);
          else if (decided.kind === 'allow') expect(conditions.map((one) => one.rule)).toContain(decided.rule);
        }
      }),
    );
  });
});

test('is answered by a running server from the policy in force', async () => {
  const { review } = await openReviewWorld(POLICY);
  const question = { tool: { name: 'demo_math__add' }, stopped: NOBODY, countMax: 1 };
  expect(await review.whoCan(question)).toMatchObject({
    policy: { version: 1 },
    agents: [{ agent: 'athena', rule: 'small' }],
    counts: { allow: 2, deny: 1 },
  });
  expect(await review.whoCan({ ...question, args: { n: 10 } })).toMatchObject({ agents: [{ agent: 'boreas' }] });
});
