// People in the policy, grants that name who approves, and what an agent may make of either.

import { describe, expect, test } from 'vitest';
import type { Ask } from '#domain/decision.ts';
import { checkAgentChange } from '#policy/agent-change.ts';
import { wideningsOf } from '#policy/attenuation.ts';
import { createPolicyChecker } from '#policy/check-policy.ts';
import { ask, policyOf } from './policies.ts';

const PEOPLE = { ana: { role: 'approver' }, ben: { role: 'admin' }, cleo: { role: 'viewer' } };
const asks = (approval: object, people: object = PEOPLE) => ({
  ...{ version: 1, people },
  agents: { athena: { grants: [{ id: 'x', tools: ['a__*'], approval: { ttl: '15m', ...approval } }] } },
});
const check = createPolicyChecker();
const findings = (policy: object) =>
  check(JSON.stringify(policy), [], 0)
    .filter(({ severity }) => severity === 'error')
    .map(({ pointer, message, remedy }) => `${pointer}: ${message} (${remedy})`);
const thrownBy = (before: object, after: object) => {
  try {
    checkAgentChange(policyOf(before), policyOf(after));
    return undefined;
  } catch (thrown) {
    return (thrown as { readonly code: string }).code;
  }
};

describe('a grant that names who approves', () => {
  test('asks them, and says so', () => {
    const decision = ask(policyOf(asks({ by: ['ana', 'role:admin'], people: 2 })), 'a__b') as Ask;
    expect(decision.terms.approvers).toEqual({ by: ['ana', 'role:admin'], needed: 2 });
    expect(decision.reason).toContain('2 of ana, role:admin approve');
  });

  test('without names asks approvers for as many as it says', () => {
    const { terms } = ask(policyOf(asks({ people: 2 })), 'a__b') as Ask;
    expect(terms.approvers).toEqual({ by: ['role:approver'], needed: 2 });
    expect((ask(policyOf(asks({})), 'a__b') as Ask).terms.approvers).toBeUndefined();
  });

  test.each<[string, object, string]>([
    ['nobody', asks({ by: ['zoe'] }), '/by/0: no person is called "zoe" (add zoe under people, with a role)'],
    ['somebody by another spelling', asks({ by: ['anna'] }), '/by/0: no person is called "anna" (did you mean ana?)'],
    ['a viewer', asks({ by: ['cleo'] }), '/by/0: cleo is viewer, and approves nothing'],
    ['fewer than it needs', asks({ by: ['ana'], people: 2 }), ': 2 people have to approve, and 1 may'],
    ['a role that nobody has', asks({ by: ['role:approver'] }, {}), ': 1 person has to approve, and 0 may'],
    [
      'people, and trusts the client',
      asks({ by: ['ana'], trustClient: true }),
      "/trustClient: a client's answer never counts",
    ],
  ])('is refused where it names %s', (_what, policy, finding) => {
    const found = findings(policy);
    expect(found.some((one) => one.includes(finding))).toBe(true);
  });

  test('is taken with a name and a role for one person each', () => {
    expect(findings(asks({ by: ['ana', 'role:admin'], people: 2 }))).toEqual([]);
  });
});

describe('acts that are signed for', () => {
  const requiring = (acts: readonly string[], people: object = PEOPLE) => ({
    ...asks({}, people),
    require: { passkey: acts },
  });

  test('bring widening the policy and inviting people along', () => {
    expect([...(policyOf(requiring(['unfreeze'])).required ?? [])]).toEqual([
      'unfreeze',
      'policy_widen',
      'person_invite',
    ]);
    expect(policyOf(asks({})).required).toBeUndefined();
  });

  test('need somebody who may sign', () => {
    expect(findings(requiring(['unfreeze'], { ana: PEOPLE.ana }))[0]).toContain(
      '/require/passkey: nobody could confirm anything',
    );
  });

  test('are the people’s to choose: an agent neither adds nor removes any', () => {
    expect(thrownBy(asks({}), requiring(['unfreeze']))).toBe('PERSON_NEEDED');
    expect(thrownBy(requiring(['unfreeze', 'plugin_approve']), requiring(['unfreeze']))).toBe('PERSON_NEEDED');
  });

  test.each<[string, object, object, string]>([
    ['is added', PEOPLE, { ...PEOPLE, dan: { role: 'viewer' } }, 'person dan: is viewer, and was nobody'],
    ['is raised', PEOPLE, { ...PEOPLE, ana: { role: 'admin' } }, 'person ana: is admin, and was approver'],
  ])('a policy under which somebody %s gives more', (_what, before, after, sentence) => {
    expect(wideningsOf(policyOf(asks({}, before)), policyOf(asks({}, after)))).toEqual([sentence]);
  });

  test('so does one under which less is signed for', () => {
    expect(wideningsOf(policyOf(requiring(['unfreeze'])), policyOf(asks({})))).toContain(
      'nobody has to sign for unfreeze any more',
    );
    expect(wideningsOf(policyOf(asks({})), policyOf(requiring(['unfreeze'])))).toEqual([]);
  });
});

describe('an admin who would sign no more', () => {
  const people = { ...PEOPLE, ben: { role: 'admin' }, dora: { role: 'admin' } };
  const left = { ...PEOPLE, dora: { role: 'admin' } };
  const signed = (named: object) => policyOf({ ...asks({}, named), require: { passkey: ['unfreeze'] } });

  test.each<[string, object]>([
    ['left out', Object.fromEntries(Object.entries(left).filter(([name]) => name !== 'ben'))],
    ['given another role', { ...left, ben: { role: 'approver' } }],
  ])('is %s only with a signature: else one who has no passkey yet could be invited in their place', (_what, named) => {
    expect(wideningsOf(signed(people), signed(named))).toEqual(['person ben: signs for acts no more']);
  });

  test('the control: where nothing is signed for, and for people who sign for nothing, it takes rights away and no more', () => {
    expect(wideningsOf(policyOf(asks({}, people)), policyOf(asks({}, left)))).toEqual([]);
    const without = { dora: { role: 'admin' }, ben: { role: 'admin' }, ana: { role: 'viewer' } };
    expect(wideningsOf(signed({ ...without, ana: { role: 'approver' } }), signed(without))).toEqual([]);
  });
});

test('a person who has the name of an agent is refused: records could not tell who acted', () => {
  const policy = { version: 1, people: { athena: { role: 'admin' } }, agents: { athena: {} } };
  expect(findings(policy)[0]).toContain('/people/athena: an agent is called athena too');
});

describe('an agent that changes the policy', () => {
  test.each<[string, object]>([
    ['adds a person', { ...PEOPLE, dan: { role: 'viewer' } }],
    ['raises one', { ...PEOPLE, cleo: { role: 'approver' } }],
    ['lowers one', { ...PEOPLE, ana: { role: 'viewer' } }],
    ['removes one', { ana: PEOPLE.ana, ben: PEOPLE.ben }],
  ])('is refused when it %s', (_what, people) => {
    expect(thrownBy(asks({}), asks({}, people))).toBe('PERSON_NEEDED');
  });

  test('is not when it leaves them as they are', () => {
    expect(thrownBy(asks({}), asks({}))).toBeUndefined();
  });

  test.each<[string, object, object, boolean]>([
    ['names who approves', {}, { by: ['ana'] }, false],
    ['needs one more', { people: 1 }, { people: 2 }, false],
    ['needs admins in place of approvers', { by: ['role:approver'] }, { by: ['role:admin'] }, false],
    ['names one of those before', { by: ['ana', 'ben'] }, { by: ['ben'] }, false],
    ['names nobody any more', { by: ['ana'] }, {}, true],
    ['needs one fewer', { people: 2 }, { people: 1 }, true],
    ['names somebody else', { by: ['ana'] }, { by: ['ben'] }, true],
    ['takes approvers in place of admins', { by: ['role:admin'] }, { by: ['role:approver'] }, true],
  ])('gives more or not when a grant %s', (_what, before, after, isMore) => {
    expect(wideningsOf(policyOf(asks(before)), policyOf(asks(after))).length > 0).toBe(isMore);
  });
});
