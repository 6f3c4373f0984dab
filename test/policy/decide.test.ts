import { describe, expect, test } from 'vitest';
import type { JsonObject } from '#base/json.ts';
import { decide, mayCall } from '#policy/decide.ts';
import { agentName, ask, NOW_MS, policyOf, question, REF } from './policies.ts';

const POLICY = policyOf(`
version: 1
defaults: { timeout: 30s }
roles:
  reader:
    grants:
      - tools: ["demo_text__*"]
    deny:
      - id: no-hashes
        tools: ["demo_text__hash_*"]
  operator:
    grants:
      - id: any-deploy
        tools: ["devops__deploy"]
        when: args.environment == "dev"
deny:
  - tools: ["*__drop_*"]
    why: tables are dropped by hand
  - id: nothing-forced
    tools: ["files__*"]
    when: args.force
agents:
  athena:
    roles: [reader, operator]
    grants:
      - id: staging-deploys
        tools: ["devops__deploy"]
        when: args.environment == "staging" && args.replicas <= 3
        capabilities: { net: ["api.github.com:443"], clock: [] }
      - tools: ["old__*"]
        expires: 2026-11-22T10:00:00Z
      - tools: ["new__*"]
        expires: 2026-11-22T10:00:00.001Z
      - tools: ["files__*", "db__*"]
        capabilities: []
      - tools: ["demo_text__slugify"]
        id: slugs
    deny:
      - tools: ["files__delete_*"]
        why: deletions are done by hand
      - tools: ["new__b"]
        expires: 2026-11-22T10:00:00Z
  boreas: {}
  chief:
    grants: [{ tools: ["*"] }, { tools: ["smcp__queue_*"] }]
`);

describe('decisions', () => {
  test.each<[string, JsonObject, 'allow' | 'deny', string]>([
    // A grant decides under its id, else its pointer.
    ['devops__deploy', { environment: 'staging', replicas: 3 }, 'allow', 'staging-deploys'],
    ['devops__deploy', { environment: 'staging', replicas: 4 }, 'deny', 'default-deny'],
    ['devops__deploy', { environment: 'staging', replicas: '3' }, 'deny', 'default-deny'],
    ['devops__deploy', {}, 'deny', 'default-deny'],
    // The next grant that matches, here of a role, decides alone.
    ['devops__deploy', { environment: 'dev', replicas: 9 }, 'allow', 'any-deploy'],
    ['files__read', {}, 'deny', 'nothing-forced'],
    ['files__read', { force: false }, 'allow', '/agents/athena/grants/3'],
    ['files__read', { force: true }, 'deny', 'nothing-forced'],
    ['files__read', { force: 'yes' }, 'deny', 'nothing-forced'],
    ['files__delete_all', { force: false }, 'deny', '/agents/athena/deny/0'],
    ['db__drop_table', {}, 'deny', '/deny/0'],
    ['db__query', {}, 'allow', '/agents/athena/grants/3'],
    // The agent's own before its roles'.
    ['demo_text__slugify', {}, 'allow', 'slugs'],
    ['demo_text__echo', {}, 'allow', '/roles/reader/grants/0'],
    ['demo_text__hash_preview', {}, 'deny', 'no-hashes'],
    // Expiry is exact: from that millisecond on.
    ['old__a', {}, 'deny', 'default-deny'],
    ['new__a', {}, 'allow', '/agents/athena/grants/2'],
    ['new__b', {}, 'allow', '/agents/athena/grants/2'],
    ['other__tool', {}, 'deny', 'default-deny'],
    ['', {}, 'deny', 'default-deny'],
    ['smcp__queue_flush', {}, 'deny', 'default-deny'],
  ])('%s %j: %s by %s', (tool, args, kind, rule) => {
    expect(ask(POLICY, tool, args)).toMatchObject({ kind, rule, policy: REF });
  });

  test.each([
    ['boreas', 'demo_text__echo', 'deny'],
    ['chief', 'demo_text__echo', 'allow'],
    ['chief', 'smcp__queue_flush', 'allow'],
    ['chief', 'smcp__policy_apply', 'deny'],
    ['nobody', 'demo_text__echo', 'deny'],
  ])('the agent %s on %s: %s', (agent, tool, kind) => {
    expect(ask(POLICY, tool, {}, { agent: agentName(agent) }).kind).toBe(kind);
  });

  test('carry the timeout, and the capabilities of the grant that decided: absent, some, none', () => {
    const some = ask(POLICY, 'devops__deploy', { environment: 'staging', replicas: 1 });
    expect(some).toMatchObject({
      capabilities: { net: [{ host: 'api.github.com', ports: [443] }] },
      timeoutMs: 30_000,
    });
    expect(some).not.toHaveProperty('capabilities.clock');
    expect(ask(POLICY, 'db__query')).toMatchObject({ capabilities: {} });
    expect(ask(POLICY, 'demo_text__echo')).not.toHaveProperty('capabilities');
  });

  test('see the types of the tool’s schema', () => {
    const policy = policyOf({
      version: 1,
      agents: { athena: { grants: [{ tools: ['a__b'], when: 'args.n + 1 <= 3' }] } },
    });
    const schema = (type: string): JsonObject => ({ type: 'object', properties: { n: { type } } });
    const kindWith = (type: string) =>
      ask(policy, 'a__b', { n: 2 }, { tool: { name: 'a__b', inputSchema: schema(type) } }).kind;
    expect([kindWith('integer'), kindWith('number'), ask(policy, 'a__b', { n: 2 }).kind]).toEqual([
      'allow',
      'deny',
      'allow',
    ]);
  });

  test('with a time that is no number let no expiring grant live and no expiring deny die', () => {
    expect(ask(POLICY, 'new__a', {}, { nowMs: Number.NaN }).kind).toBe('deny');
    expect(ask(POLICY, 'new__b', {}, { nowMs: Number.NaN })).toMatchObject({
      kind: 'deny',
      rule: '/agents/athena/deny/1',
    });
  });
});

describe('a denial says what a person can do', () => {
  test.each<[string, JsonObject, string, string]>([
    [
      'other__tool',
      {},
      'no grant of the agent athena covers other__tool',
      'agents.athena.grants in the policy:\n- tools: ["other__tool"]',
    ],
    ['old__a', {}, 'but it expired on 2026-11-22T10:00:00.000Z', 'a later expires at /agents/athena/grants/1'],
    [
      'devops__deploy',
      { environment: 'staging', replicas: 4 },
      'the grant staging-deploys covers devops__deploy, but it has a condition that is not true',
      'arguments that meet the condition of staging-deploys',
    ],
    [
      'devops__deploy',
      { environment: 'staging' },
      'could not be evaluated for this call: field not found: replicas',
      'the arguments that the condition of staging-deploys looks at',
    ],
    [
      'files__delete_all',
      { force: false },
      'denies files__delete_all: deletions are done by hand',
      'change or remove the rule at /agents/athena/deny/0',
    ],
    [
      'files__read',
      {},
      'and then it denies: field not found: force',
      'or have a person change its when in the policy (/deny/1)',
    ],
  ])('%s %j', (tool, args, reason, remedy) => {
    const decision = ask(POLICY, tool, args);
    expect(decision.reason).toContain(reason);
    expect(decision).toHaveProperty('remedy', expect.stringContaining(remedy));
  });

  test('to an agent that the policy does not name', () => {
    const decision = ask(POLICY, 'demo_text__echo', {}, { agent: agentName('nobody') });
    expect(decision.reason).toBe('the policy names no agent nobody');
    expect(decision).toHaveProperty('remedy', expect.stringContaining('smcp agent add nobody'));
  });

  test('and repeats no free text, and names no other agent, rule or tool', () => {
    const text = JSON.stringify(ask(POLICY, 'x"]\n- tools: ["*'));
    expect(text).not.toContain('tools: [');
    const denied = JSON.stringify(ask(POLICY, 'other__tool', {}, { agent: agentName('boreas') }));
    for (const foreign of ['athena', 'staging', 'devops', 'demo_text', 'reader']) expect(denied).not.toContain(foreign);
  });
});

describe('whether an agent may call a tool at all', () => {
  test.each([
    ['devops__deploy', true],
    ['files__read', true],
    ['files__delete_all', false],
    ['db__drop_table', false],
    ['demo_text__echo', true],
    ['demo_text__hash_preview', false],
    ['old__a', false],
    ['new__a', true],
    ['new__b', true],
    ['other__tool', false],
    ['smcp__queue_flush', false],
  ])('%s: %s', (tool, expected) => {
    expect(mayCall(POLICY, 'athena', tool, { nowMs: NOW_MS })).toBe(expected);
    expect(mayCall(POLICY, 'nobody', tool, { nowMs: NOW_MS })).toBe(false);
  });
});

test('a decision is the same each time it is made', () => {
  const query = question('devops__deploy', { environment: 'staging', replicas: 3 });
  expect(decide(POLICY, REF, query)).toEqual(decide(POLICY, REF, query));
});

describe('where conditions take too many steps', () => {
  const walk = 'args.list.all(x, args.list.all(y, x + y >= 0))';
  const list = Array.from({ length: 1_000 }, (_, n) => n);
  const policy = (...grants: object[]) => policyOf({ version: 1, agents: { athena: { grants } } });

  test('nothing is allowed by a later grant, which may give more', () => {
    const narrowFirst = policy({ tools: ['a__b'], when: walk, capabilities: [] }, { tools: ['a__*'] });
    expect(ask(narrowFirst, 'a__b', { list: [1] })).toMatchObject({ kind: 'allow', capabilities: {} });
    const denied = ask(narrowFirst, 'a__b', { list });
    expect(denied).toMatchObject({ kind: 'deny', rule: 'default-deny' });
    expect(denied.reason).toContain('too many steps');
    // A condition that fails for another reason leaves the decision to the next grant, as ever.
    expect(ask(narrowFirst, 'a__b', { list: [true] }).kind).toBe('allow');
  });

  test('a grant without a condition before it still decides', () => {
    expect(ask(policy({ tools: ['a__b'] }, { tools: ['a__*'], when: walk }), 'a__b', { list }).kind).toBe('allow');
  });
});
