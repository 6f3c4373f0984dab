import { describe, expect, test } from 'vitest';
import { wideningsOf } from '#policy/attenuation.ts';
import { createPolicyChecker } from '#policy/check-policy.ts';
import { agentName, ask, policyOf } from './policies.ts';

const checkPolicy = createPolicyChecker();
const check = (text: string) =>
  checkPolicy(`version: 1\n${text}`, [], 0).map(
    ({ line, column, message, remedy }) => `${line}:${column} ${message} (${remedy})`,
  );

describe('a policy', () => {
  test.each([
    ['says nothing of workspaces', 'agents: { athena: {}, hermes: {} }'],
    ['gives each agent one of its own', 'agents: { athena: { workspace: one }, hermes: { workspace: two } }'],
    ['gives an agent one of another name, which is nobody’s', 'agents: { athena: { workspace: old }, hermes: {} }'],
    ['lets two swap', 'agents: { athena: { workspace: hermes }, hermes: { workspace: athena } }'],
    [
      'says who shares one',
      'shares: { team: [athena, hermes] }\nagents: { athena: { workspace: team }, hermes: { workspace: team } }',
    ],
    [
      'says who shares that of one of them',
      'shares: { athena: [athena, hermes] }\nagents: { athena: {}, hermes: { workspace: athena } }',
    ],
  ])('is good when it %s', (_what, text) => {
    expect(check(text)).toEqual([]);
  });

  test.each([
    [
      'gives two the same without saying so',
      'agents:\n  athena: { workspace: team }\n  hermes: { workspace: team }',
      '4:24 hermes would have the workspace "team" of athena, and read and change its files (give it another one, or say that they share it: shares: { team: [athena, hermes] })',
    ],
    [
      'gives one that of another, who says nothing of it',
      'agents:\n  athena: { workspace: hermes }\n  hermes: {}',
      '4:3 hermes would have the workspace "hermes" of athena, and read and change its files (give it another one, or say that they share it: shares: { hermes: [athena, hermes] })',
    ],
    [
      'has a third one beside two who share',
      'shares: { t: [a, b] }\nagents: { a: { workspace: t }, b: { workspace: t }, c: { workspace: t } }',
      '3:69 c would have the workspace "t" of a',
    ],
    [
      'shares with an agent that is none',
      'shares: { t: [a, bb] }\nagents: { a: { workspace: t }, bc: {} }',
      '2:18 unknown agent "bb"',
    ],
    [
      'says that one shares which it does not have',
      'shares: { t: [a, b] }\nagents: { a: { workspace: t }, b: {} }',
      '2:18 b has the workspace "b", so it shares no other (write agents: { b: { workspace: t } }, or leave it out here)',
    ],
  ])('is refused when it %s', (_what, text, expected) => {
    expect(check(text)[0]).toContain(expected);
  });

  test.each(['../hermes', 'a/b', '/srv', '.', '..', 'A', 'a b', '', '.hidden', 'admin', 'x'.repeat(65)])(
    'is refused with a workspace that is no name: %j',
    (workspace) => {
      expect(check(`agents: { athena: { workspace: ${JSON.stringify(workspace)} } }`)).toHaveLength(1);
    },
  );
});

describe('a decision', () => {
  const policy = policyOf({
    version: 1,
    agents: {
      athena: { workspace: 'team', grants: [{ tools: ['a__b'] }] },
      hermes: { grants: [{ tools: ['a__b'] }] },
    },
  });

  test('that allows says where the agent’s files are, unless that is under its own name', () => {
    expect(ask(policy, 'a__b')).toMatchObject({ kind: 'allow', workspace: 'team' });
    expect(ask(policy, 'a__b', {}, { agent: agentName('hermes') })).not.toHaveProperty('workspace');
  });
});

describe('an agent’s change of the policy', () => {
  const of = (athena: object, more: object = {}) => policyOf({ version: 1, agents: { athena, hermes: {} }, ...more });

  test('may not move an agent to other files', () => {
    expect(wideningsOf(of({}), of({ workspace: 'other' }))).toEqual([
      'agent athena: its workspace would be other, athena before',
    ]);
    expect(wideningsOf(of({ workspace: 'other' }), of({}))).toHaveLength(1);
    expect(
      wideningsOf(of({}), policyOf({ version: 1, agents: { athena: {}, new: { workspace: 'left' } } })),
    ).toHaveLength(1);
  });

  test('may leave workspaces as they are, and take agents away', () => {
    const shared = { shares: { athena: ['athena', 'zeus'] } };
    const three = policyOf({ version: 1, agents: { athena: {}, zeus: { workspace: 'athena' } }, ...shared });
    expect(wideningsOf(three, three)).toEqual([]);
    expect(wideningsOf(three, policyOf({ version: 1, agents: { zeus: { workspace: 'athena' } } }))).toEqual([]);
    expect(wideningsOf(of({}), of({ workspace: 'athena' }))).toEqual([]);
  });
});
